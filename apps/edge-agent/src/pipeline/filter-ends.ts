import type { Claim, KeyState, Observation, Suppressed } from "@rollcall/identity-core";
import { derivedIdentity } from "./derived-identity.ts";

export interface FilterJudge {
  /** What the present filters make of an observation, as at receipt. */
  readonly suppress: (observation: Observation) => Suppressed;
  /** Rules of the customer's filters; what is built in never changes. */
  readonly filterRules: ReadonlySet<string>;
  /** Only what these brought is judged: whoever reads another source judges that. */
  readonly sourceIds: ReadonlySet<string>;
  readonly now: number;
}

/**
 * Ends of those at one address whom the filters of the configuration would keep back, came they now.
 *
 * Shape:  every claim that still has time is judged, not only the one that decides: what is ended must not uncover another
 *         that is filtered as well. An end names whom the claim names and leaves everybody else, of whatever family;
 *         a filter of addresses ends whoever is there.
 * Source: docs/adr/0015-marks-at-receipt.md.
 */
export function endsByFilters(state: KeyState, judge: FilterJudge): Observation[] {
  const ends: Observation[] = [];
  for (const kind of ["user", "device"] as const) {
    const told = new Set<string>();
    // The newest of a person speaks for the older ones: one end voids them all.
    for (const claim of state[kind].claims.toSorted((a, b) => b.seenAt - a.seenAt)) {
      if (!judge.sourceIds.has(claim.sourceId) || claim.seenAt + claim.lifetimeMs <= judge.now) continue;
      // Whom a mark names in place of somebody was never judged by a filter.
      if (claim.rule === "mark:pseudo-user") continue;
      const outcome = judge.suppress(receivedAs(state, kind, claim));
      if (outcome.kind === "kept" || !judge.filterRules.has(outcome.rule)) continue;
      const end = endOf(state, kind, claim, { rule: outcome.rule, now: judge.now });
      const whom = JSON.stringify([outcome.rule, end.principal]);
      if (told.has(whom)) continue;
      told.add(whom);
      ends.push(end);
    }
  }
  return ends;
}

function receivedAs({ addressSpaceId, ip }: KeyState, kind: "user" | "device", claim: Claim): Observation {
  return {
    id: claim.id,
    recordId: claim.recordId,
    sourceId: claim.sourceId,
    family: claim.family,
    addressSpaceId,
    ip,
    kind,
    verb: "start",
    class: claim.class,
    effectiveAt: claim.at,
    receivedAt: claim.seenAt,
    lifetimeMs: claim.lifetimeMs,
    principal: claim.principal,
    correlator: claim.correlator,
    rule: claim.rule,
  };
}

function endOf(
  { addressSpaceId, ip }: KeyState,
  kind: "user" | "device",
  claim: Claim,
  { rule, now }: { readonly rule: string; readonly now: number },
): Observation {
  const isOfAddress = rule === "ip-exclude" || rule === "ip-include";
  const at = Math.max(now, claim.seenAt, claim.at);
  return {
    ...derivedIdentity(`filter:${rule}:${kind}`, claim.id),
    sourceId: claim.sourceId,
    family: claim.family,
    addressSpaceId,
    ip,
    kind,
    verb: "end",
    class: "A",
    effectiveAt: at,
    receivedAt: at,
    lifetimeMs: 60_000,
    principal: isOfAddress ? null : claim.principal,
    correlator: null,
    endScope: { principal: isOfAddress ? "any" : "named", family: "any" },
    rule: `filter:${rule}`,
  };
}
