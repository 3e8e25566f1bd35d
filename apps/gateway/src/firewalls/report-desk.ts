import type { Database } from "@rollcall/db";
import { createIpSet, createSuppression, type IpSet, type NameRule } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { UserReport, UserReportOutcome } from "@rollcall/srx-server";
import { compilePattern } from "@rollcall/syslog-rules";
import type { DeviceRings } from "../process/device-rings.ts";
import type { ReplicaPool } from "./replica-pool.ts";

interface Rules {
  readonly suppress: ReturnType<typeof createSuppression>;
  /** The first that covers an address counts, as at an agent. */
  readonly marks: readonly {
    readonly addressSpaceId: string;
    readonly range: IpSet;
    readonly mark: string;
    readonly mode: string;
  }[];
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
      const { addressSpaceId, ip, class: strength } = outcome.observation;
      const mark = marks.find((one) => one.addressSpaceId === addressSpaceId && one.range.has(ip));
      // The cloud names no fixed user: agents do, where they hear of somebody there.
      if (mark !== undefined && !(mark.mode === "last-interactive" && strength === "A"))
        return {
          kind: "refused",
          sentence: `a report of a user at an address with more than one person behind it (mark:${mark.mark})`,
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

  async #rulesOf(tenantId: string): Promise<Rules> {
    const held = this.#filters.get(tenantId);
    const now = this.#now();
    // A clock that was put back makes a look no younger.
    if (held !== undefined && Math.abs(now - held.at) < KEEP_MS) return held;
    const { rows, marked } = await this.#database.withTenant(tenantId, async ({ tx }) => ({
      rows: await tx.filter.findMany({
        where: { tenantId, enabled: true },
        select: { id: true, kind: true, value: true },
      }),
      marked: await tx.addressMark.findMany({
        where: { tenantId },
        select: { addressSpaceId: true, range: true, mark: true, mode: true },
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
    const marks = marked.map((row) => ({ ...row, range: createIpSet([row.range]) }));
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
