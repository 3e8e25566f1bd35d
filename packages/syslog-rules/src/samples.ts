import type { RuleSet } from "./rule-set.ts";
import type { MatchResult, RuleProblem } from "./rule-types.ts";
import { printable } from "./value.ts";

/** A documentation address: samples that take the sender's address need one. Source: RFC 5737 (documented). */
const SAMPLE_SENDER = "192.0.2.1";

/**
 * Runs each sequence's own samples through the whole set, as a real line would be.
 *
 * Shape:  a positive sample must match *this* sequence; a negative one must not. An empty list means: all hold.
 */
export function checkSamples(rules: RuleSet): readonly RuleProblem[] {
  const problems: RuleProblem[] = [];
  for (const sequence of rules.sequences) {
    for (const [index, sample] of sequence.positiveSamples.entries()) {
      const result = rules.match(sample, { senderIp: SAMPLE_SENDER });
      if (result.kind === "matched" && result.sequenceId === sequence.id) continue;
      const message = `must match and does not: ${whyNot(result)} (${printable(sample)})`;
      problems.push(problem(sequence.id, "positive-sample", index, sample, message));
    }
    for (const [index, sample] of sequence.negativeSamples.entries()) {
      const result = rules.match(sample, { senderIp: SAMPLE_SENDER });
      if (result.kind !== "matched" || result.sequenceId !== sequence.id) continue;
      const message = `must not match and does: ${result.user ?? result.device ?? "nobody"} at ${result.ip ?? "no address"}`;
      problems.push(problem(sequence.id, "negative-sample", index, sample, message));
    }
  }
  return problems;
}

function whyNot(result: MatchResult): string {
  if (result.kind === "refused") return result.message;
  if (result.kind === "matched") return `sequence ${result.ordinal} takes it first`;
  return "no trigger is found in it";
}

function problem(
  sequenceId: string,
  field: "positive-sample" | "negative-sample",
  index: number,
  sample: string,
  message: string,
): RuleProblem {
  return { sequenceId, field, index, position: 0, length: sample.length, message };
}
