import { setTimeout as sleep } from "node:timers/promises";
import { type PushState, type PushTarget, pushTarget } from "@rollcall/agent-protocol";
import type { Database } from "@rollcall/db";
import type { EntryFilter, EntrySource } from "@rollcall/identity-core";
import type { Logger, ReportError } from "@rollcall/observability";
import { DecryptError, type TenantCipher } from "@rollcall/pki";
import { createWebApiClient, PushRun } from "@rollcall/srx-push";
import type { ServedPoint } from "@rollcall/srx-server";
import type { DeviceRings } from "../process/device-rings.ts";
import type { PushLeases } from "./push-lease.ts";
import { createDatabaseMemory } from "./push-memory.ts";
import type { PushTargets } from "./push-targets.ts";

const SOURCE_LABEL = "Rollcall";
/** All customers are looked at so often; one whose configuration changed is looked at with the next look. */
const SWEEP_MS = 60_000;
const STATE_EVERY_MS = 10_000;
const SENTENCE_MAX = 500;

/** A point that the cloud posts to, as the database has it. */
interface WantedPoint {
  readonly tenantId: string;
  readonly pointId: string;
  readonly target: Omit<PushTarget, "password"> | null;
  readonly cipher: string | null;
}

interface Running {
  /** What it was made of: a difference means another one. */
  readonly key: string;
  readonly run: PushRun | null;
  readonly refusal: string | null;
  filter: EntryFilter;
  readonly reannounceMinutes: number;
  toldState: string;
  toldAt: number;
  stop(): Promise<void>;
}

export interface PushDeskDeps {
  readonly database: Database;
  readonly rings: DeviceRings;
  readonly cipher: Pick<TenantCipher, "decryptForTenant">;
  /** What each firewall is told of, dark sources left out. */
  readonly points: {
    find(pointId: string, tenantId: string): ServedPoint | null | Promise<ServedPoint | null>;
  };
  readonly sourceFor: (tenantId: string) => EntrySource | Promise<EntrySource>;
  readonly leases: Pick<PushLeases, "take" | "release">;
  readonly mayPostTo: PushTargets;
  readonly now: () => number;
  readonly log: Logger;
  readonly report: ReportError;
}

/**
 * Posts to the firewalls whose point says that the cloud does, from the customers' replicas.
 *
 * Holds:    one push for each point of which this gateway has the lease; nothing of a table.
 * Changed:  by `look`, which is called every two seconds: it takes over points that nobody posts to, follows changes of
 *           the configuration and of what is dark, and writes down how it goes.
 * Promises: one gateway posts to a firewall; only over https, and only to addresses that the installation allows.
 */
export class PushDesk {
  readonly #deps: PushDeskDeps;
  readonly #wanted = new Map<string, WantedPoint>();
  readonly #running = new Map<string, Running>();
  readonly #changed = new Set<string>();
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(deps: PushDeskDeps) {
    this.#deps = deps;
    deps.rings.onAny("config", (tenantId) => {
      if (tenantId === null) this.#sweptAt = Number.NEGATIVE_INFINITY;
      else this.#changed.add(tenantId);
    });
    deps.rings.onAny("feed", (tenantId) => {
      for (const [key, { run }] of this.#running)
        if (tenantId === null || key.startsWith(`${tenantId}|`)) run?.wake();
    });
  }

  /** Firewalls that this gateway posts to. */
  get size(): number {
    return this.#running.size;
  }

  async look(): Promise<void> {
    await this.#readWanted();
    for (const key of [...this.#running.keys()]) if (!this.#wanted.has(key)) await this.#end(key);
    for (const [key, point] of this.#wanted) {
      try {
        await this.#follow(key, point);
      } catch (error) {
        const { tenantId } = point;
        this.#deps.report(error, { attempted: "post to a firewall from the cloud", fields: { tenantId } });
      }
    }
  }

  /** The leases are gone with their connection: another gateway may post now. */
  async lose(): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => running.stop()));
    // One after the other: the leases share a connection.
    for (const key of [...this.#running.keys()]) await this.#end(key);
  }

  async stop(): Promise<void> {
    await this.lose();
  }

  async #readWanted(): Promise<void> {
    const { database, now, report } = this.#deps;
    const isSweep = now() - this.#sweptAt >= SWEEP_MS;
    const tenantIds = isSweep ? await database.tenantIds() : [...this.#changed];
    if (isSweep) {
      this.#sweptAt = now();
      const known = new Set(tenantIds);
      for (const [key, { tenantId }] of this.#wanted) if (!known.has(tenantId)) this.#wanted.delete(key);
      for (const tenantId of this.#changed) if (!known.has(tenantId)) this.#changed.delete(tenantId);
    }
    for (const tenantId of tenantIds) {
      this.#changed.delete(tenantId);
      try {
        const points = await this.#readPoints(tenantId);
        for (const [key, point] of this.#wanted) if (point.tenantId === tenantId) this.#wanted.delete(key);
        for (const point of points) this.#wanted.set(keyOf(point), point);
      } catch (error) {
        // The others' firewalls are followed all the same; what is known of this one's stays until it can be read.
        this.#changed.add(tenantId);
        report(error, { attempted: "read which firewalls the cloud posts to", fields: { tenantId } });
      }
    }
  }

  #readPoints(tenantId: string): Promise<WantedPoint[]> {
    return this.#deps.database.withTenant(tenantId, async ({ tx }) => {
      const rows = await tx.enforcementPoint.findMany({
        where: { tenantId, enabled: true, pushFrom: "cloud" },
        select: { id: true, push: true, pushCipher: true },
      });
      return rows.flatMap(({ id, push, pushCipher }) => {
        if (push === null) return [];
        const parsed = pushTarget.omit({ password: true }).safeParse(push);
        const target = parsed.success ? parsed.data : null;
        return [{ tenantId, pointId: id, target, cipher: pushCipher }];
      });
    });
  }

  async #follow(key: string, point: WantedPoint): Promise<void> {
    const { leases, points } = this.#deps;
    const { tenantId, pointId } = point;
    if (!(await leases.take(pointId))) return;
    const served = await points.find(pointId, tenantId);
    if (served === null) return this.#end(key);
    const made = JSON.stringify([point, served.reannounceMinutes]);
    const before = this.#running.get(key);
    if (before?.key !== made) {
      await before?.stop();
      this.#running.set(key, this.#begin(point, served, made));
    } else if (before.filter !== served.filter) {
      // The same filter read anew is another object; the push compares what is in it.
      before.filter = served.filter;
      before.run?.wake();
    }
    const running = this.#running.get(key);
    if (running !== undefined) await this.#tellState(point, running);
  }

  #begin(point: WantedPoint, served: ServedPoint, key: string): Running {
    const { database, sourceFor, mayPostTo, now, log } = this.#deps;
    const { tenantId, pointId, target } = point;
    const common = {
      key,
      filter: served.filter,
      reannounceMinutes: served.reannounceMinutes,
      toldState: "",
      toldAt: Number.NEGATIVE_INFINITY,
    };
    const password = this.#password(point);
    const refusal =
      target === null
        ? "The address of its Web API cannot be read: save it again."
        : !target.url.startsWith("https:")
          ? "From the cloud only https is posted to: the password and people's names would go in clear."
          : target.dangerouslyTrustAnyCertificate
            ? "From the cloud no certificate goes unchecked: give the certificate or its CA."
            : password === null
              ? "The password cannot be opened: type it again."
              : null;
    if (refusal !== null || target === null || password === null) {
      log.warn({ tenantId, enforcementPointId: pointId, reason: refusal }, "firewall is not posted to");
      return { ...common, run: null, refusal, stop: async () => undefined };
    }
    const { url, user, caPem, maxPostsPerSecond } = target;
    const transport = createWebApiClient(
      {
        url,
        user,
        password: { reveal: () => password },
        isAllowed: mayPostTo,
        ...(caPem === undefined ? {} : { caPem }),
      },
      { now },
    );
    const ending = new AbortController();
    const made: Running = {
      ...common,
      refusal: null,
      run: new PushRun({
        enforcementPointId: pointId,
        source: () => sourceFor(tenantId),
        filter: () => made.filter,
        place: url,
        sourceLabel: SOURCE_LABEL,
        memory: createDatabaseMemory(database, tenantId, pointId),
        transport,
        maxPostsPerSecond,
        reannounceMs: served.reannounceMinutes * 60_000,
        clock: { now, sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }) },
        random: Math.random,
        log: log.child({ tenantId }),
      }),
      async stop() {
        ending.abort();
        await ended;
        transport.close();
      },
    };
    const ended = made.run?.run(ending.signal) ?? Promise.resolve();
    log.info({ tenantId, enforcementPointId: pointId }, "firewall is posted to from here");
    return made;
  }

  #password({ tenantId, pointId, cipher }: WantedPoint): string | null {
    if (cipher === null) return null;
    try {
      const place = { tenantId, table: "enforcement_point", column: "push_cipher", row: pointId };
      return this.#deps.cipher.decryptForTenant(cipher, place);
    } catch (error) {
      if (error instanceof DecryptError) return null;
      throw error;
    }
  }

  async #end(key: string): Promise<void> {
    const running = this.#running.get(key);
    this.#running.delete(key);
    await running?.stop();
    const [, pointId = ""] = key.split("|");
    await this.#deps.leases.release(pointId);
  }

  /** Writes how it goes where that changed, and takes up the wish that everything be told again. */
  async #tellState({ tenantId, pointId }: WantedPoint, running: Running): Promise<void> {
    const { database, rings, now } = this.#deps;
    const state = stateOf(pointId, running);
    const text = JSON.stringify([state.state, state.sentence, state.refusedPosts]);
    const isNews = text !== running.toldState;
    const asked = await database.withTenant(tenantId, async ({ tx }) => {
      const where = { tenantId_enforcementPointId: { tenantId, enforcementPointId: pointId } };
      const row = await tx.pushProgress.findUnique({ where, select: { resyncAskedAt: true } });
      const isAsked = row?.resyncAskedAt != null;
      if (!isNews && !isAsked && now() - running.toldAt < STATE_EVERY_MS) return false;
      const data = { state: { ...state }, stateAt: new Date(now()), resyncAskedAt: null };
      await tx.pushProgress.upsert({
        where,
        create: { tenantId, enforcementPointId: pointId, ...data },
        update: data,
      });
      running.toldAt = now();
      return isAsked;
    });
    running.toldState = text;
    if (isNews) rings.portal(tenantId);
    // Whoever asked sees its progress in the state.
    if (asked) running.run?.resync().catch(() => undefined);
  }
}

function stateOf(enforcementPointId: string, { run, refusal }: Running): PushState {
  if (run === null)
    return {
      enforcementPointId,
      state: "refused",
      sentence: refusal ?? "Nothing is posted.",
      lastPostAt: null,
      lastOkAt: null,
      posts: 0,
      entries: 0,
      failures: 0,
      refusedPosts: [],
      pending: 0,
    };
  const { refusedPosts, sentence, ...status } = run.status();
  return {
    ...status,
    enforcementPointId,
    sentence: sentence.slice(0, SENTENCE_MAX),
    refusedPosts: refusedPosts.map((post) => ({ ...post })),
  };
}

function keyOf({ tenantId, pointId }: Pick<WantedPoint, "tenantId" | "pointId">): string {
  return `${tenantId}|${pointId}`;
}
