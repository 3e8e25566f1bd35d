export { type BaseConfiguration, baseConfigurations } from "./base-configurations.ts";
export { ruleText } from "./match-line.ts";
export {
  type Capture,
  compilePattern,
  MAX_PATTERN_LENGTH,
  MAX_PATTERN_STEPS,
  type Pattern,
  type PatternOptions,
  type PatternOutcome,
} from "./pattern.ts";
export type { PatternProblem } from "./pattern-syntax.ts";
export {
  compileSequences,
  type LineContext,
  MAX_LINE_LENGTH,
  MAX_SEQUENCES,
  MAX_TOTAL_STEPS,
  type RuleSet,
  type RuleSetOptions,
  type RuleSetOutcome,
} from "./rule-set.ts";
export type {
  LineCapture,
  Matched,
  MatchResult,
  Normalise,
  RefusalReason,
  Refused,
  RuleAttribute,
  RulePattern,
  RuleProblem,
  RuleSequence,
} from "./rule-types.ts";
export { checkSamples } from "./samples.ts";
export { escapeInvisible, FORBIDDEN_CHARACTERS } from "./value.ts";
