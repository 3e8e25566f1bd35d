import {
  createIpSet,
  createSuppression,
  type NameRule,
  type Observation,
  parseIp,
} from "@rollcall/identity-core";
import { compilePattern } from "@rollcall/syslog-rules";
import type { Outputs } from "~/trpc/outputs.ts";

export type Filter = Outputs["filters"]["list"]["items"][number];

export interface Trial {
  readonly ip: string;
  /** `name`, `DOMAIN\name` or `name@domain`; empty: only the address is tried. */
  readonly user: string;
  /** Distinguished name, where the directory knows one. */
  readonly dn: string;
}

export type TrialOutcome =
  | { readonly kind: "kept" }
  /** `filter` null: a rule that is built in, named by `rule`. */
  | { readonly kind: "kept-back"; readonly filter: Filter | null; readonly rule: string }
  | { readonly kind: "not-an-address" };

/**
 * Would this person at this address become a session? Decided by the code that decides it in the agent, in its order:
 * addresses, then names, then distinguished names. Patterns are matched without case.
 */
export function tryFilters(filters: readonly Filter[], trial: Trial): TrialOutcome {
  const ip = parseIp(trial.ip.trim());
  if (ip === null) return { kind: "not-an-address" };
  const active = filters.filter((filter) => filter.enabled);
  const ranges = (kind: Filter["kind"]) => active.filter((filter) => filter.kind === kind);
  const suppression = createSuppression({
    ipInclude: createIpSet(ranges("ip-include").map((filter) => filter.value)),
    ipExclude: createIpSet(ranges("ip-exclude").map((filter) => filter.value)),
    principalExclude: ranges("principal-exclude").flatMap(nameRule),
    dnExclude: ranges("dn-exclude").flatMap(nameRule),
  });
  const principal = principalOf(trial.user);
  const observation: Observation = {
    id: "trial#1",
    recordId: "trial",
    sourceId: "trial",
    family: "syslog",
    addressSpaceId: "trial",
    ip,
    kind: "user",
    verb: "start",
    class: "C",
    effectiveAt: 0,
    receivedAt: 0,
    lifetimeMs: 1,
    principal: principal ?? { name: "somebody" },
    correlator: null,
    rule: "trial",
  };
  const outcome = suppression(observation, trial.dn.trim() === "" ? {} : { dn: trial.dn.trim() });
  if (outcome.kind === "kept") return { kind: "kept" };
  const byIp =
    outcome.rule === "ip-exclude"
      ? ranges("ip-exclude").find((filter) => createIpSet([filter.value]).has(ip))
      : undefined;
  const byId = active.find((filter) => filter.id === outcome.rule);
  return { kind: "kept-back", filter: byIp ?? byId ?? null, rule: outcome.rule };
}

function nameRule(filter: Filter): NameRule[] {
  const outcome = compilePattern(filter.value, { ignoreCase: true });
  return outcome.kind === "compiled"
    ? [{ id: filter.id, matches: (text) => outcome.pattern.matches(text) }]
    : [];
}

function principalOf(text: string): { name: string; domain?: string; upn?: string } | null {
  const typed = text.trim();
  if (typed === "") return null;
  const slash = typed.indexOf("\\");
  if (slash > 0) return { domain: typed.slice(0, slash), name: typed.slice(slash + 1) };
  const at = typed.lastIndexOf("@");
  if (at > 0) return { name: typed.slice(0, at), upn: typed };
  return { name: typed };
}

/** What a built-in rule is called for a person. */
export const BUILT_IN_WORDS: Readonly<Record<string, string>> = {
  "ip-include": "the address is in none of the ranges that are kept",
  "never-a-session": "the address can never be a person's: loopback, link-local, multicast",
  "well-known-sid": "it is an account of Windows itself",
  "well-known-name": "it is an account of Windows itself",
  "no-name": "there is no name",
  "product-account": "it is the account of a product (krbtgt, health mailboxes and the like)",
  "managed-service-account": "it is a managed service account",
  "trust-account": "it is the account of a trust",
  "own-account": "it is an account Rollcall itself uses",
  infrastructure: "the address is a server of the infrastructure",
};

/** What is wrong with a value of this kind; null where nothing is. */
export function filterProblem(kind: Filter["kind"], value: string): string | null {
  if (value.trim() === "") return "Write a value.";
  if (kind === "ip-include" || kind === "ip-exclude") {
    return createIpSet([value.trim()]).isEmpty
      ? "An address, a prefix such as 10.20.0.0/16, or a range a-b."
      : null;
  }
  const outcome = compilePattern(value, { ignoreCase: true });
  return outcome.kind === "compiled"
    ? null
    : `At character ${outcome.problem.position + 1}: ${outcome.problem.message}`;
}
