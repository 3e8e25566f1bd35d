import { matchLine } from "./match-line.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import type { MatchResult, RulePattern, RuleProblem, RuleSequence } from "./rule-types.ts";

/** The longest line that is looked at. A sender that writes more is counted and refused. */
export const MAX_LINE_LENGTH = 8192;
export const MAX_SEQUENCES = 100;
/** All expressions of one source together: bounds what a hostile line can cost. */
export const MAX_TOTAL_STEPS = 30_000;

export interface CompiledPattern extends RulePattern {
  readonly compiled: Pattern;
}

export interface CompiledSequence extends Omit<RuleSequence, "patterns" | "trigger"> {
  readonly trigger: Pattern;
  readonly patterns: readonly CompiledPattern[];
}

export interface RuleSetOptions {
  /** Milliseconds of a clock that only grows, where there is one: lines that take too long are then refused. */
  readonly clock?: () => number;
  readonly lineBudgetMs?: number;
}

export interface LineContext {
  /** Who sent it, for sequences with `matchSourceIp`. */
  readonly senderIp: string | null;
}

/** The sequences of one source, ready for lines. Holds no state: the same line gives the same result. */
export interface RuleSet {
  readonly sequences: readonly CompiledSequence[];
  /**
   * Reads one line: sequences in order, the first that is meant and complete counts. Where some are meant and none
   * is complete, the first refusal counts.
   *
   * Shape:  the rules see the line without its leading `<PRI>` and without trailing line breaks and NULs.
   * Errors: none thrown, whatever the line holds.
   */
  match(line: string, context: LineContext): MatchResult;
}

export type RuleSetOutcome =
  | { readonly kind: "compiled"; readonly rules: RuleSet }
  | { readonly kind: "refused"; readonly problems: readonly RuleProblem[] };

/**
 * Compiles the sequences of one source.
 *
 * Errors: `refused` with every problem found, each with its box of the form and its position; nothing is thrown.
 *         Samples are not run here: `checkSamples` does that.
 */
export function compileSequences(
  sequences: readonly RuleSequence[],
  options: RuleSetOptions = {},
): RuleSetOutcome {
  const problems: RuleProblem[] = [];
  const compiled: CompiledSequence[] = [];
  if (sequences.length > MAX_SEQUENCES) {
    const message = `${sequences.length} sequences, at most ${MAX_SEQUENCES}`;
    problems.push({ sequenceId: "", field: "sequence", index: null, position: 0, length: 0, message });
  }
  const ids = new Set<string>();
  const ordinals = new Set<number>();
  let steps = 0;
  for (const sequence of sequences.slice(0, MAX_SEQUENCES)) {
    problems.push(...checkShape(sequence, ids, ordinals));
    const result = compileSequence(sequence, problems);
    if (result !== null) {
      compiled.push(result);
      steps +=
        result.trigger.steps + result.patterns.reduce((sum, pattern) => sum + pattern.compiled.steps, 0);
    }
  }
  if (steps > MAX_TOTAL_STEPS) {
    const message = `all expressions together are too large: ${steps} steps, at most ${MAX_TOTAL_STEPS}`;
    problems.push({ sequenceId: "", field: "sequence", index: null, position: 0, length: 0, message });
  }
  if (problems.length > 0) return { kind: "refused", problems };

  compiled.sort((left, right) => left.ordinal - right.ordinal);
  return {
    kind: "compiled",
    rules: { sequences: compiled, match: (line, context) => matchLine(compiled, line, context, options) },
  };
}

function compileSequence(sequence: RuleSequence, problems: RuleProblem[]): CompiledSequence | null {
  const before = problems.length;
  const trigger = compilePattern(sequence.trigger);
  if (trigger.kind === "refused") {
    problems.push({ sequenceId: sequence.id, field: "trigger", index: null, ...trigger.problem });
  }
  const patterns: CompiledPattern[] = [];
  for (const [index, pattern] of sequence.patterns.entries()) {
    const outcome = compilePattern(pattern.pattern);
    if (outcome.kind === "compiled") patterns.push({ ...pattern, compiled: outcome.pattern });
    else problems.push({ sequenceId: sequence.id, field: "pattern", index, ...outcome.problem });
    if (pattern.normalise !== "none" && pattern.attribute !== "user" && pattern.attribute !== "device") {
      const message = `only a user or a device can be split; choose "none" for ${pattern.attribute}`;
      problems.push({ sequenceId: sequence.id, field: "pattern", index, position: 0, length: 0, message });
    }
  }
  if (trigger.kind === "refused" || problems.length > before) return null;
  return { ...sequence, trigger: trigger.pattern, patterns };
}

function checkShape(sequence: RuleSequence, ids: Set<string>, ordinals: Set<number>): RuleProblem[] {
  const problems: RuleProblem[] = [];
  const say = (message: string) =>
    problems.push({
      sequenceId: sequence.id,
      field: "sequence",
      index: null,
      position: 0,
      length: 0,
      message,
    });

  if (ids.has(sequence.id)) say(`the id "${sequence.id}" is used twice`);
  if (ordinals.has(sequence.ordinal)) say(`the number ${sequence.ordinal} is used twice`);
  ids.add(sequence.id);
  ordinals.add(sequence.ordinal);

  const has = (attribute: RulePattern["attribute"]) =>
    sequence.patterns.some((pattern) => pattern.attribute === attribute);
  const hasAddress = has("ip") || sequence.matchSourceIp;
  if (sequence.kind === "begin") {
    if (!hasAddress) say('a "begin" needs a pattern for the ip, or "match source IP"');
    if (!has("user") && !has("device")) say('a "begin" needs a pattern for the user or the device');
  } else if (!hasAddress && !has("correlator")) {
    say('an "end" needs a pattern for the ip or the correlator, or "match source IP"');
  }
  return problems;
}
