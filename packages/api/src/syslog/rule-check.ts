import {
  checkSamples,
  compileSequences,
  type RuleProblem,
  type RuleSequence,
  type RuleSet,
} from "@rollcall/syslog-rules";
import type { z } from "zod";
import type { ruleProblem, SequenceFields } from "./syslog.schema.ts";

export type ProblemView = z.infer<typeof ruleProblem>;

/** What a list of sequences, as a form sends it, is worth. Problems name a sequence by its place in that list. */
export type RuleCheck =
  | { readonly kind: "usable"; readonly rules: RuleSet; readonly sampleProblems: readonly ProblemView[] }
  | { readonly kind: "refused"; readonly problems: readonly ProblemView[] };

/** Compiles and runs the samples with the very engine of the agent. */
export function checkRules(sequences: readonly SequenceFields[], clock: () => number): RuleCheck {
  const compiled = compileSequences(sequences.map(asRule), { clock });
  if (compiled.kind === "refused") return { kind: "refused", problems: compiled.problems.map(problemView) };
  return {
    kind: "usable",
    rules: compiled.rules,
    sampleProblems: checkSamples(compiled.rules).map(problemView),
  };
}

/** The place in the list that a sequence id of a check stands for. */
export function placeOf(sequenceId: string): number {
  return Number(sequenceId);
}

function asRule(fields: SequenceFields, index: number): RuleSequence {
  return { ...fields, id: String(index), ordinal: index + 1 };
}

function problemView({ sequenceId, ...problem }: RuleProblem): ProblemView {
  return { sequence: placeOf(sequenceId), ...problem };
}
