import { hash } from "node:crypto";
import { createIpSet, type EpochMs, type IpSet, type Observation } from "@rollcall/identity-core";
import type { ReportedState, UserRequest } from "@rollcall/srx-protocol";
import type { ServedPoint } from "./served-point.ts";

/** What a firewall says of one person, ready to be written. */
export interface UserReport {
  readonly point: ServedPoint;
  readonly observation: Observation;
}

export type UserReportOutcome =
  /** It is durable: a crash does not take it back. */
  { readonly kind: "recorded" } | { readonly kind: "refused"; readonly sentence: string };

export type UserReportReading =
  | { readonly kind: "report"; readonly report: UserReport }
  /** Nobody is named: the firewall only wants to know. */
  | { readonly kind: "question" }
  | { readonly kind: "refused"; readonly sentence: string };

/** Until the firewall says otherwise, at most a day. Source: the session law, session timeout (6). */
const LIFETIME_MS = 1440 * 60_000;
const NAME_CHARACTERS_MAX = 256;
const DOMAIN_CHARACTERS_MAX = 255;
/** Source: characters that Windows allows in no account name (documented), and what would end a line or turn it round. */
const NOT_IN_A_NAME = /["/\\[\]:;|=,+*?<>@\p{Cc}\p{Cf}\u2028\u2029]/u;

const RULES: Readonly<
  Record<Exclude<ReportedState, "unknown">, { rule: string; verb: Observation["verb"] }>
> = {
  portal: { rule: "srx-push:captive-portal", verb: "start" },
  "portal-logoff": { rule: "srx-push:captive-portal", verb: "end" },
  connect: { rule: "srx-push:connect", verb: "start" },
  rekey: { rule: "srx-push:rekey", verb: "refresh" },
  disconnect: { rule: "srx-push:disconnect", verb: "end" },
};

const allowed = new WeakMap<readonly string[], IpSet>();

/** Whether a firewall may report logons for an address. Empty: for none. */
export function mayReport({ mayReport: ranges }: ServedPoint, ip: string): boolean {
  if (ranges.length === 0) return false;
  const set = allowed.get(ranges) ?? createIpSet(ranges);
  allowed.set(ranges, set);
  return set.has(ip as Observation["ip"]);
}

/**
 * Makes an observation of what a firewall reports: a captive portal's logon, or a state of a remote access connection.
 *
 * Shape:  class A, because the firewall itself saw the person log on. Its identity is (point, address, user, state, second):
 *         a repeat within the second has no second effect, whichever of agents and cloud it reaches.
 * Units:  `now` is epoch ms and the time of the fact: a firewall sends no time of its own.
 * Errors: `refused` with a sentence for the firewall's page: an address outside what it may report, a name that is none,
 *         a state nobody knows, several address spaces that the address could be of.
 * Source: docs/protocol/srx-query.md, "user query" (that it is sent is documented; its form is assumed).
 */
export function readUserReport(request: UserRequest, point: ServedPoint, now: EpochMs): UserReportReading {
  const { ip, user, domain, state } = request;
  const refuse = (sentence: string): UserReportReading => ({ kind: "refused", sentence });
  if (ip === null) return refuse("a report of a user without an address");
  const isEnd = state === "disconnect" || state === "portal-logoff";
  if (user === null && !isEnd) return { kind: "question" };
  if (state === "unknown") return refuse("a report of a user with a state that nobody knows");
  if (!mayReport(point, ip)) return refuse(`a report of a user at ${ip}, for which it may not report`);
  if (user !== null && (user.length > NAME_CHARACTERS_MAX || NOT_IN_A_NAME.test(user)))
    return refuse("a report of a user whose name is not one");
  if (domain !== null && (domain.length > DOMAIN_CHARACTERS_MAX || NOT_IN_A_NAME.test(domain)))
    return refuse("a report of a user whose domain is not one");
  const [addressSpaceId, ...more] = point.filter.addressSpaceIds;
  if (addressSpaceId === undefined || more.length > 0)
    return refuse(
      "a report of a user, while it is told of several address spaces: which one is meant cannot be known",
    );
  const { rule, verb } = RULES[state];
  const principal = user === null ? null : { name: user, ...(domain === null ? {} : { domain }) };
  const recordId = recordIdOf(point.id, [ip, domain ?? "", user ?? "", state], now);
  return {
    kind: "report",
    report: {
      point,
      observation: {
        id: `${recordId}#0`,
        recordId,
        sourceId: point.id,
        family: "srx-push",
        addressSpaceId,
        ip,
        kind: "user",
        verb,
        class: "A",
        effectiveAt: now,
        receivedAt: now,
        lifetimeMs: LIFETIME_MS,
        principal,
        correlator: null,
        ...(isEnd
          ? { endScope: { principal: user === null ? "any" : "named", family: "same" } as const }
          : {}),
        rule,
        sourceLabel: "Rollcall SRX push",
      },
    },
  };
}

function recordIdOf(pointId: string, facts: readonly string[], now: EpochMs): string {
  const text = JSON.stringify(facts.map((fact) => fact.toLowerCase()));
  return `srx-push:${pointId}:${Math.floor(now / 1000)}:${hash("sha256", text, "base64url").slice(0, 22)}`;
}
