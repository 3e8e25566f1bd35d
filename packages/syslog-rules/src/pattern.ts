import { RE2JS } from "re2js";
import { findUnsupported, type PatternProblem } from "./pattern-syntax.ts";

/**
 * The most steps an expression may compile to. Time is at most steps × characters: 600 steps over a line of
 * 8,192 characters stay below about 100 ms in the slowest mode of the engine, and mostly below 0.1 ms.
 */
export const MAX_PATTERN_STEPS = 600;
export const MAX_PATTERN_LENGTH = 1000;

/** What an expression took from a line. Units: UTF-16 units of the line. */
export interface Capture {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** A compiled expression: linear time on every line, no look-around, no back-references. */
export interface Pattern {
  readonly text: string;
  readonly steps: number;
  /** Whether it is found anywhere in the line. */
  matches(line: string): boolean;
  /**
   * The value of the n-th match, n from 1: group `value` if there is one, else the first group, else the whole
   * match. Null when there are fewer matches or that group took no part in it.
   */
  capture(line: string, nth: number): Capture | null;
}

export type PatternOutcome =
  | { readonly kind: "compiled"; readonly pattern: Pattern }
  | { readonly kind: "refused"; readonly problem: PatternProblem };

export interface PatternOptions {
  readonly ignoreCase?: boolean;
}

/**
 * Compiles an expression in RE2 syntax.
 *
 * Errors: `refused` with a sentence and the exact position; nothing is thrown.
 * Source: RE2 syntax (documented: github.com/google/re2/wiki/Syntax), engine re2js.
 */
export function compilePattern(text: string, options: PatternOptions = {}): PatternOutcome {
  if (text.length === 0) return refused(0, 0, "an expression is needed");
  if (text.length > MAX_PATTERN_LENGTH) {
    return refused(
      MAX_PATTERN_LENGTH,
      text.length - MAX_PATTERN_LENGTH,
      `at most ${MAX_PATTERN_LENGTH} characters`,
    );
  }
  const unsupported = findUnsupported(text);
  if (unsupported !== null) return { kind: "refused", problem: unsupported };

  let engine: RE2JS;
  try {
    engine = RE2JS.compile(text, options.ignoreCase === true ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    return { kind: "refused", problem: explain(text, error) };
  }
  const steps = engine.programSize();
  if (steps > MAX_PATTERN_STEPS) {
    const message = `too large: ${steps} steps, at most ${MAX_PATTERN_STEPS}; lower the numbers in {…}`;
    return refused(0, text.length, message);
  }
  return { kind: "compiled", pattern: toPattern(text, engine, steps) };
}

function toPattern(text: string, engine: RE2JS, steps: number): Pattern {
  const group = Object.hasOwn(engine.namedGroups(), "value") ? "value" : Math.min(1, engine.groupCount());
  return {
    text,
    steps,
    matches: (line) => engine.test(line),
    capture(line, nth) {
      const matcher = engine.matcher(line);
      for (let count = 0; count < nth; count += 1) if (!matcher.find()) return null;
      const start = matcher.start(group);
      if (start < 0) return null;
      const end = matcher.end(group);
      return { value: line.slice(start, end), start, end };
    },
  };
}

function refused(position: number, length: number, message: string): PatternOutcome {
  return { kind: "refused", problem: { position, length, message } };
}

/** The engine's own words, with the place looked up: it names the offending piece but not where that stands. */
function explain(text: string, error: unknown): PatternProblem {
  const described = error instanceof Error ? error : new Error(String(error));
  const description =
    "error" in described && typeof described.error === "string" ? described.error : described.message;
  const piece = "input" in described && typeof described.input === "string" ? described.input : null;
  const position = piece === null ? -1 : text.indexOf(piece);
  const message = WORDS.get(description) ?? description;
  if (piece === null || position === -1) return { position: 0, length: text.length, message };
  return { position, length: piece.length, message };
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ["invalid repeat count", "the numbers in {…} are too large (at most 1000 in all) or in the wrong order"],
  ["invalid nested repetition operator", "one repetition directly after another: put the first in (?:…)"],
  [
    "missing argument to repetition operator",
    "nothing stands before this repetition: write \\ before it to mean itself",
  ],
  ["invalid character class range", "not a valid range or class of characters"],
  ["invalid escape sequence", "not an escape that the agent knows"],
  ["duplicate capture group name", "this group name is used twice"],
  ["invalid named capture", "not a valid group name: use letters, digits and _"],
  ["invalid or unsupported Perl syntax", "not supported by the agent"],
]);
