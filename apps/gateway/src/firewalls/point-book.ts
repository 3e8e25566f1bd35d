import { enforcementPointConfig } from "@rollcall/agent-protocol";
import type { Database, TenantHandle } from "@rollcall/db";
import { ALARM_MS } from "@rollcall/health";
import { darkSourcesFor, type SourceLight } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import { createSecretChecks } from "@rollcall/pki";
import { builtInProfile, type ProfileShelf, profileShelf } from "@rollcall/srx-protocol";
import {
  type AuthenticateOutcome,
  findSecret,
  type PointDirectory,
  type ServedPoint,
} from "@rollcall/srx-server";
import { liveSecrets } from "../agents/compose-site-config.ts";
import type { DeviceRings } from "../process/device-rings.ts";
import type { DarkBook } from "./dark-book.ts";

/** A point is read again in the background when it is older than this … */
const REFRESH_MS = 2000;
/** … and is not answered for any more when it is older than this: so long does a revocation take at most. */
const TRUST_MS = 4500;
/** Checked where there is no such client, so that the answer takes as long as for one that exists. */
const NOBODY = "s1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

interface Held {
  point: ServedPoint | null;
  at: number;
  refreshing: Promise<ServedPoint | null> | null;
  /** How often the bell rang for it. */
  doubts: number;
}

type PointRow = NonNullable<Awaited<ReturnType<typeof readPoint>>>;

/**
 * Knows which firewalls may ask, from the database.
 *
 * Holds each point that asked lately. An answer within two seconds of a read costs no database read, one within four
 * and a half costs none of the asker's time; after that, or when the bell rings, the rows are read first.
 */
export class PointBook implements PointDirectory {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #darkness: DarkBook;
  readonly #log: Logger;
  readonly #held = new Map<string, Held>();
  /** The profile of which it was said that a point is not answered with it. */
  readonly #saidOf = new Map<string, string>();
  readonly #verify = createSecretChecks();

  constructor(deps: {
    database: Database;
    rings: DeviceRings;
    darkness: DarkBook;
    now: () => number;
    log: Logger;
  }) {
    this.#database = deps.database;
    this.#now = deps.now;
    this.#darkness = deps.darkness;
    this.#log = deps.log;
    deps.rings.onAny("config", (tenantId) => this.#doubt(tenantId));
  }

  async authenticate(claim: {
    readonly clientId: string;
    readonly secret: string;
    readonly sourceIp: string;
  }): Promise<AuthenticateOutcome> {
    const client = await this.#database.findClient(claim.clientId);
    const row =
      client &&
      (await this.#database.withTenant(client.tenantId, (handle) =>
        readPoint(handle, client.enforcementPointId),
      ));
    if (!row) {
      await this.#verify(claim.secret, NOBODY);
      return { kind: "refused", reason: "unknown-client" };
    }
    const now = this.#now();
    const point = this.#serve(row, now, darkOf(row, await this.#darkness.lights(row.tenantId), now));
    const kept = liveSecrets(row.secrets, now).map(({ id, verifier }) => ({ id, verifier, point }));
    const found = await findSecret(kept, claim, this.#verify);
    if (found.kind !== "found") return { kind: "refused", reason: found.kind, point };
    if (!row.enabled) return { kind: "refused", reason: "disabled", point };
    this.#held.set(keyOf(row.tenantId, row.id), { point, at: now, refreshing: null, doubts: 0 });
    return { kind: "granted", point, secretId: found.secret.id };
  }

  find(pointId: string, tenantId: string): ServedPoint | null | Promise<ServedPoint | null> {
    const held = this.#held.get(keyOf(tenantId, pointId));
    // A clock that was put back makes a read no younger.
    const age = held ? Math.abs(this.#now() - held.at) : Number.POSITIVE_INFINITY;
    if (held && age < TRUST_MS) {
      // A failed refresh is not reported here: when trust ends, the asker waits for the next one and hears of its fault.
      if (age >= REFRESH_MS) this.#refresh(tenantId, pointId).catch(() => undefined);
      return held.point;
    }
    return this.#refresh(tenantId, pointId);
  }

  /** Drops points that nobody asked for lately. */
  sweep(): void {
    for (const [key, held] of this.#held) if (this.#now() - held.at > 10 * 60_000) this.#held.delete(key);
    for (const key of this.#saidOf.keys()) if (!this.#held.has(key)) this.#saidOf.delete(key);
  }

  /** The point as it is answered; says once where that is not with the profile that it names. */
  #serve(row: PointRow, now: number, dark: readonly string[]): ServedPoint {
    const key = keyOf(row.tenantId, row.id);
    const shelf = profileShelf(row.profiles);
    const { profile, isMissing } = shelf.find(row.profile);
    if (!isMissing) this.#saidOf.delete(key);
    else if (this.#saidOf.get(key) !== row.profile) {
      this.#saidOf.set(key, row.profile);
      const fault = shelf.refused.find(({ id }) => id === row.profile)?.faults[0];
      this.#log.warn(
        {
          tenantId: row.tenantId,
          enforcementPointId: row.id,
          profile: row.profile,
          reason: fault === undefined ? "there is no such profile" : `${fault.path}: ${fault.sentence}`,
          remedy: "Choose another profile for this enforcement point, or mend that one, in the portal.",
        },
        `a firewall cannot be answered with its profile and is answered with "${profile.key}"`,
      );
    }
    return servedPoint(row, shelf, now, dark);
  }

  #refresh(tenantId: string, pointId: string): Promise<ServedPoint | null> {
    const key = keyOf(tenantId, pointId);
    const held: Held = this.#held.get(key) ?? {
      point: null,
      at: Number.NEGATIVE_INFINITY,
      refreshing: null,
      doubts: 0,
    };
    this.#held.set(key, held);
    if (held.refreshing) return held.refreshing;
    const reading = this.#read(held, tenantId, pointId);
    held.refreshing = reading;
    const done = () => {
      if (held.refreshing === reading) held.refreshing = null;
    };
    reading.then(done, done);
    return reading;
  }

  async #read(held: Held, tenantId: string, pointId: string): Promise<ServedPoint | null> {
    const startedAt = this.#now();
    const { doubts } = held;
    const row = await this.#database.withTenant(tenantId, (handle) => readPoint(handle, pointId));
    const lights = row?.enabled ? await this.#darkness.lights(tenantId) : [];
    const fresh = row?.enabled ? this.#serve(row, startedAt, darkOf(row, lights, startedAt)) : null;
    // The bell rang meanwhile: what was read may be the old rows, good for this one answer only.
    if (held.doubts !== doubts) return fresh;
    held.point = sameUnlessChanged(held.point, fresh);
    held.at = startedAt;
    return held.point;
  }

  #doubt(tenantId: string | null): void {
    for (const [key, held] of this.#held) {
      if (tenantId !== null && !key.startsWith(`${tenantId}|`)) continue;
      held.at = Number.NEGATIVE_INFINITY;
      held.refreshing = null;
      held.doubts += 1;
    }
  }
}

async function readPoint({ tx, tenantId }: TenantHandle, pointId: string) {
  const row = await tx.enforcementPoint.findUnique({
    where: { tenantId_id: { tenantId, id: pointId } },
    include: { secrets: true },
  });
  if (row === null) return null;
  const needsCustoms = builtInProfile(row.profile) === null || row.learnUntil !== null;
  const profiles = needsCustoms
    ? await tx.srxProfile.findMany({ where: { tenantId }, orderBy: { name: "asc" } })
    : [];
  return { ...row, profiles };
}

const whenDark = enforcementPointConfig.shape.whenSourcesDark;

/** Whose people this point is not told of, for their sources cannot be heard. */
function darkOf(row: PointRow, lights: readonly SourceLight[], now: number): readonly string[] {
  const whenSourcesDark = whenDark.catch("shorten").parse(row.whenSourcesDark);
  const policy = { whenSourcesDark, darkMinutes: row.darkMinutes, darkAfterMs: ALARM_MS };
  return darkSourcesFor(policy, lights, now).darkSourceIds;
}

function servedPoint(row: PointRow, shelf: ProfileShelf, now: number, dark: readonly string[]): ServedPoint {
  return {
    tenantId: row.tenantId,
    id: row.id,
    name: row.name,
    clientId: row.clientId,
    sourceAddresses: row.sourceAddresses,
    filter: {
      addressSpaceIds: row.addressSpaceIds,
      domains: row.domains.map((domain) => domain.toLowerCase()),
      includeIp: row.includeIp,
      excludeIp: row.excludeIp,
      ipv6: row.ipv6,
      ...(dark.length > 0 ? { darkSourceIds: dark } : {}),
    },
    profile: shelf.find(row.profile).profile,
    otherProfiles: shelf.customs,
    tokenTtlSeconds: row.tokenTtlSeconds,
    mayReport: row.mayReport,
    learnUntil: row.learnUntil?.getTime() ?? null,
    reannounceMinutes: row.reannounceMinutes,
    liveSecretIds: liveSecrets(row.secrets, now).map(({ id }) => id),
  };
}

/** The listener compares points by identity to know whether an answer may be given again. */
function sameUnlessChanged(before: ServedPoint | null, after: ServedPoint | null): ServedPoint | null {
  return before && after && textOf(before) === textOf(after) ? before : after;
}

/** A profile is told by its id, which changes with its content. */
function textOf(point: ServedPoint): string {
  return JSON.stringify({
    ...point,
    profile: point.profile.id,
    otherProfiles: point.otherProfiles?.map(({ id }) => id),
  });
}

function keyOf(tenantId: string, pointId: string): string {
  return `${tenantId}|${pointId}`;
}
