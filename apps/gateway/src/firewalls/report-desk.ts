import { addressMark, hostMark } from "@rollcall/agent-protocol";
import { type Database, hostMarkAt } from "@rollcall/db";
import {
  compileMarks,
  createIpSet,
  createSuppression,
  letsStand,
  type Mark,
  type MarkRules,
  type NameRule,
  type Observation,
} from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { UserReport, UserReportOutcome } from "@rollcall/srx-server";
import { compilePattern } from "@rollcall/syslog-rules";
import type { DeviceRings } from "../process/device-rings.ts";
import type { ReplicaPool } from "./replica-pool.ts";

interface Rules {
  readonly suppress: ReturnType<typeof createSuppression>;
  readonly marks: MarkRules;
}

/** So long are a customer's filters taken from memory. */
const KEEP_MS = 5000;
const CUSTOMERS_MAX = 1000;

/**
 * Writes what firewalls report to the cloud: captive-portal logons, states of remote access.
 *
 * Shape:  recorded once it is in the ledger, on its way to the agents, and in the table that the firewall is answered
 *         from. What the customer's filters keep back is refused with the filter's id. Distinguished names are not known
 *         here: a filter by them holds at the agents only.
 * Errors: what the database says: the firewall is answered 503 and may report again.
 */
export class ReportDesk {
  readonly #database: Database;
  readonly #rings: DeviceRings;
  readonly #replicas: ReplicaPool;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #filters = new Map<string, Rules & { at: number }>();

  constructor(deps: {
    database: Database;
    rings: DeviceRings;
    replicas: ReplicaPool;
    log: Logger;
    now: () => number;
  }) {
    this.#database = deps.database;
    this.#rings = deps.rings;
    this.#replicas = deps.replicas;
    this.#log = deps.log;
    this.#now = deps.now;
  }

  readonly take = async ({ point, observation }: UserReport): Promise<UserReportOutcome> => {
    const { tenantId, id: enforcementPointId } = point;
    const { suppress, marks } = await this.#rulesOf(tenantId);
    const outcome = suppress(observation, {});
    if (outcome.kind === "kept-back")
      return { kind: "refused", sentence: `a report of a user that a filter keeps back (${outcome.rule})` };
    if (outcome.observation.verb !== "end") {
      const mark = await this.#markOf(tenantId, marks, outcome.observation);
      // The cloud names no fixed user: agents do, where they hear of somebody there.
      if (mark !== null && !letsStand(mark, outcome.observation))
        return {
          kind: "refused",
          sentence: `a report of a user at an address with more than one person behind it (${mark.rule})`,
        };
    }
    const committed = await this.#database.ledger.commitOwn(tenantId, [outcome.observation]);
    if (committed.kind === "refused") {
      const { reason } = committed;
      this.#log.warn({ tenantId, enforcementPointId, reason }, "a report of a firewall cannot be taken");
      return { kind: "refused", sentence: `a report of a user that cannot be taken (${reason})` };
    }
    if (committed.changed || committed.observed) {
      this.#rings.feed(tenantId);
      this.#rings.portal(tenantId);
    }
    await this.#replicas.bringUpTo(tenantId, committed.revision);
    return { kind: "recorded" };
  };

  /** By the same rules as at an agent; which computer is at the address is what the agents said last. */
  async #markOf(
    tenantId: string,
    marks: MarkRules,
    { addressSpaceId, ip }: Observation,
  ): Promise<Mark | null> {
    const ofAddress = marks.markOf(addressSpaceId, ip, null);
    if (ofAddress !== null || !marks.hasHostMarks) return ofAddress;
    const hostMarkId = await this.#database.withTenant(tenantId, (handle) =>
      hostMarkAt(handle, { addressSpaceId, ip }),
    );
    return marks.markOf(addressSpaceId, ip, hostMarkId);
  }

  async #rulesOf(tenantId: string): Promise<Rules> {
    const held = this.#filters.get(tenantId);
    const now = this.#now();
    // A clock that was put back makes a look no younger.
    if (held !== undefined && Math.abs(now - held.at) < KEEP_MS) return held;
    const { rows, marked, hosts } = await this.#database.withTenant(tenantId, async ({ tx }) => ({
      rows: await tx.filter.findMany({
        where: { tenantId, enabled: true },
        select: { id: true, kind: true, value: true },
      }),
      marked: await tx.addressMark.findMany({
        where: { tenantId },
        select: { id: true, addressSpaceId: true, range: true, mark: true, mode: true },
        orderBy: [{ createdAt: "asc" }, { id: "asc" }],
      }),
      hosts: await tx.hostMark.findMany({
        where: { tenantId },
        select: { id: true, under: true, remoteDesktopOnly: true, mode: true },
        orderBy: [{ createdAt: "asc" }, { id: "asc" }],
      }),
    }));
    const of = (kind: string) => rows.filter((row) => row.kind === kind);
    const suppress = createSuppression({
      ipInclude: createIpSet(of("ip-include").map(({ value }) => value)),
      ipExclude: createIpSet(of("ip-exclude").map(({ value }) => value)),
      principalExclude: of("principal-exclude").map(({ id, value }) => nameRule(id, value)),
      dnExclude: [],
    });
    this.#filters.delete(tenantId);
    const marks = compileMarks(
      marked.map((row) => addressMark.parse(row)),
      hosts.map((row) => hostMark.parse(row)),
    );
    const rules = { suppress, marks, at: now };
    this.#filters.set(tenantId, rules);
    if (this.#filters.size > CUSTOMERS_MAX) {
      for (const oldest of this.#filters.keys()) {
        this.#filters.delete(oldest);
        break;
      }
    }
    return rules;
  }
}

/** As the agent compiles it: without case; one that does not compile matches nothing. */
function nameRule(id: string, pattern: string): NameRule {
  const outcome = compilePattern(pattern, { ignoreCase: true });
  return outcome.kind === "refused"
    ? { id, matches: () => false }
    : { id, matches: (text) => outcome.pattern.matches(text) };
}
