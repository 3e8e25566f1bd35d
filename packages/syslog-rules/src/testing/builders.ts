import { compileSequences, type RuleSet } from "../rule-set.ts";
import type { RuleAttribute, RulePattern, RuleSequence } from "../rule-types.ts";

export function aPattern(
  attribute: RuleAttribute,
  pattern: string,
  overrides: Partial<RulePattern> = {},
): RulePattern {
  return { attribute, pattern, returnCount: 1, normalise: "none", optional: false, ...overrides };
}

/** A begin that reads `login user=NAME ip=ADDRESS`. */
export function aSequence(overrides: Partial<RuleSequence> = {}): RuleSequence {
  return {
    id: "login",
    ordinal: 1,
    kind: "begin",
    trigger: "login",
    patterns: [aPattern("user", "user=(\\S+)"), aPattern("ip", "ip=(\\S+)")],
    matchSourceIp: false,
    positiveSamples: [],
    negativeSamples: [],
    ...overrides,
  };
}

export function rulesOf(...sequences: RuleSequence[]): RuleSet {
  const outcome = compileSequences(sequences);
  if (outcome.kind === "refused") throw new Error(JSON.stringify(outcome.problems));
  return outcome.rules;
}
