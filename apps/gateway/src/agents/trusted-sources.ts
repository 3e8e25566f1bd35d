import { addressMark, type StreamItem } from "@rollcall/agent-protocol";
import type { Database } from "@rollcall/db";
import { createIpSet, type IpAddress, type IpSet, parseIp } from "@rollcall/identity-core";
import { heldSpaces, readSpeakers } from "./held-spaces.ts";

/** What an agent may speak of, as the portal has it: the sources of its site, and the customer's address spaces. */
export interface SiteScope {
  readonly addressSpaceIds: ReadonlySet<string>;
  readonly directoryIds: ReadonlySet<string>;
  /** Groups of the fixed users that the customer's marks name, by `domain\name` in lower case. */
  readonly pseudoUsers: ReadonlyMap<string, readonly string[]>;
  /** Of a syslog source: the addresses it may open sessions for. */
  readonly syslogSources: ReadonlyMap<string, { readonly addressSpaceId: string; readonly speaksFor: IpSet }>;
  /** Of an event log, and of event forwarding: the address space it speaks for. A log may name any address of it. */
  readonly eventSources: ReadonlyMap<string, { readonly addressSpaceId: string }>;
  /** The addresses that the site's computers may be asked at; null: none are asked. */
  readonly probe: {
    readonly addressSpaceId: string;
    readonly include: IpSet;
    readonly exclude: IpSet;
  } | null;
  /** Of a firewall that may report logons of its own, where this site's agents serve it: the addresses it may report for. */
  readonly reportingPoints: ReadonlyMap<
    string,
    { readonly addressSpaceId: string; readonly mayReport: IpSet }
  >;
}

/** So long is a site's scope taken from memory while nothing objects. */
const KEEP_MS = 5000;

/** Says why an agent may not say this, or null. Made for one batch. */
export type ItemCheck = (item: StreamItem) => Promise<string | null>;

/**
 * Keeps what each site's agents may speak of. A stolen agent can lie about its own sources' addresses and no others.
 */
export class TrustedSources {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #scopes = new Map<string, { scope: SiteScope; at: number }>();

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /**
   * A check for the items of one batch. The first objection makes it read the rows again, once: a source may have been
   * added a moment ago, and what is refused is not applied.
   */
  checkOf(tenantId: string, siteId: string): ItemCheck {
    let isFresh = false;
    return async (item) => {
      const objection = objectionTo(await this.#scopeOf(tenantId, siteId, KEEP_MS), item);
      if (objection === null || isFresh) return objection;
      isFresh = true;
      return objectionTo(await this.#scopeOf(tenantId, siteId, 0), item);
    };
  }

  /** Drops scopes that nobody asked for lately. */
  sweep(): void {
    for (const [key, held] of this.#scopes)
      if (this.#now() - held.at > 10 * KEEP_MS) this.#scopes.delete(key);
  }

  async #scopeOf(tenantId: string, siteId: string, keepMs: number): Promise<SiteScope> {
    const key = `${tenantId}|${siteId}`;
    const held = this.#scopes.get(key);
    // A clock that was put back makes a look no younger.
    if (held && Math.abs(this.#now() - held.at) < keepMs) return held.scope;
    const scope = await this.#database.withTenant(tenantId, async ({ tx }) => {
      const spaces = await tx.addressSpace.findMany({
        where: { tenantId },
        select: { id: true, isDefault: true },
      });
      const directories = await tx.directory.findMany({ where: { tenantId, siteId }, select: { id: true } });
      const syslog = await tx.syslogSource.findMany({
        where: { tenantId, siteId },
        select: { id: true, addressSpaceId: true, speaksFor: true },
      });
      const held = heldSpaces(spaces, await readSpeakers(tx, { tenantId, siteId }));
      const logs = { where: { tenantId, siteId }, select: { id: true, addressSpaceId: true } };
      const events = [...(await tx.eventSource.findMany(logs)), ...(await tx.wefReceiver.findMany(logs))];
      const probe = await tx.pcProbe.findUnique({ where: { tenantId_siteId: { tenantId, siteId } } });
      const points = await tx.enforcementPoint.findMany({
        where: { tenantId, mayReport: { isEmpty: false } },
        select: { id: true, addressSpaceIds: true, mayReport: true },
      });
      const fixed = { where: { tenantId }, select: { pseudoUser: true } };
      const marks = [...(await tx.addressMark.findMany(fixed)), ...(await tx.hostMark.findMany(fixed))];
      return {
        pseudoUsers: pseudoUsersOf(marks),
        addressSpaceIds: new Set(spaces.map(({ id }) => id)),
        directoryIds: new Set(directories.map(({ id }) => id)),
        eventSources: new Map(events.map(({ id, addressSpaceId }) => [id, { addressSpaceId }])),
        probe: probe && {
          addressSpaceId: probe.addressSpaceId,
          include: createIpSet(probe.include),
          exclude: createIpSet(probe.exclude),
        },
        reportingPoints: new Map(
          points.flatMap(({ id, addressSpaceIds, mayReport }) => {
            const [addressSpaceId, ...more] = addressSpaceIds;
            return addressSpaceId === undefined || more.length > 0 || !held.has(addressSpaceId)
              ? []
              : [[id, { addressSpaceId, mayReport: createIpSet(mayReport) }] as const];
          }),
        ),
        syslogSources: new Map(
          syslog.map((row) => [
            row.id,
            { addressSpaceId: row.addressSpaceId, speaksFor: createIpSet(row.speaksFor) },
          ]),
        ),
      };
    });
    this.#scopes.set(key, { scope, at: this.#now() });
    return scope;
  }
}

/** Facts of fixed users come from no directory. */
const MARKS = "mark";

function pseudoUsersOf(marks: readonly { readonly pseudoUser: unknown }[]): Map<string, readonly string[]> {
  return new Map(
    marks.flatMap(({ pseudoUser }) => {
      const parsed = addressMark.shape.pseudoUser.safeParse(pseudoUser ?? undefined);
      if (!parsed.success || parsed.data === undefined) return [];
      const { domain, name, groups } = parsed.data;
      return [[`${domain}\\${name}`.toLowerCase(), groups] as const];
    }),
  );
}

/** A fixed user is exactly what the customer's marks say: else an agent could give anybody's name any group. */
function objectionToPseudoUser(
  { pseudoUsers }: SiteScope,
  { key, aliases, domain, name, groups, kind }: Extract<StreamItem, { kind: "principal" }>["principal"],
): string | null {
  const wanted = pseudoUsers.get(key);
  const isAsWanted =
    wanted !== undefined &&
    kind === "user" &&
    key === `${domain}\\${name}`.toLowerCase() &&
    aliases.length === 1 &&
    aliases[0] === key &&
    JSON.stringify(groups) === JSON.stringify(wanted);
  return isAsWanted ? null : "no mark of this customer names that fixed user with those groups";
}

/** A firewall's own report, whichever agent it reached: only for the addresses it may report for. */
function objectionToReport(
  { reportingPoints }: SiteScope,
  { sourceId, addressSpaceId, kind }: Extract<StreamItem, { kind: "observation" }>["observation"],
  ip: IpAddress,
): string | null {
  const point = reportingPoints.get(sourceId);
  if (point === undefined) return "its firewall is not one that this agent serves and that may report";
  if (point.addressSpaceId !== addressSpaceId) return "its firewall speaks for another address space";
  if (kind !== "user") return "a firewall reports people, not devices";
  return point.mayReport.has(ip) ? null : "its firewall may not report for this address";
}

/** Every agent has one probe: this is the id of its source. */
const PROBE = "pc-probe";

/** What a computer said when it was asked: only where it may be asked. */
function objectionToProbe(
  { probe }: SiteScope,
  { sourceId, addressSpaceId }: Extract<StreamItem, { kind: "observation" }>["observation"],
  ip: IpAddress,
): string | null {
  if (probe === null || sourceId !== PROBE) return "computers of this agent's site are not asked";
  if (probe.addressSpaceId !== addressSpaceId) return "its probe asks in another address space";
  return probe.include.has(ip) && !probe.exclude.has(ip) ? null : "its probe may not ask at this address";
}

/** Why an item lies outside a scope; null where it does not. */
export function objectionTo(scope: SiteScope, item: StreamItem): string | null {
  if (item.kind === "principal") {
    if (item.principal.directoryId === MARKS) return objectionToPseudoUser(scope, item.principal);
    return scope.directoryIds.has(item.principal.directoryId)
      ? null
      : "its directory is not one of this agent's site";
  }
  const { observation } = item;
  if (!scope.addressSpaceIds.has(observation.addressSpaceId))
    return "its address space is not one of this customer";
  const ip = parseIp(observation.ip);
  if (ip === null || ip !== observation.ip) return "its address is not written as addresses are";
  if (observation.family === "srx-push") return objectionToReport(scope, observation, ip);
  if (observation.family === "probe") return objectionToProbe(scope, observation, ip);
  if (observation.family === "event-log") {
    const log = scope.eventSources.get(observation.sourceId);
    if (!log) return "its source is not one of this agent's site";
    return log.addressSpaceId === observation.addressSpaceId
      ? null
      : "its source speaks for another address space";
  }
  const source = scope.syslogSources.get(observation.sourceId);
  if (!source) return "its source is not one of this agent's site";
  if (source.addressSpaceId !== observation.addressSpaceId)
    return "its source speaks for another address space";
  // An end takes somebody's session away: it needs the same right as opening one.
  const hasWeight = observation.verb === "end" || observation.class !== "D";
  if (hasWeight && !source.speaksFor.has(ip))
    return "its source may not speak for this address with that weight";
  return null;
}
