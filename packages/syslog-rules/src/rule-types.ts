import type { PatternProblem } from "./pattern-syntax.ts";

/** What a captured value becomes. `ignore` documents a group without using it. */
export type RuleAttribute = "user" | "domain" | "ip" | "device" | "correlator" | "groups" | "ignore";
export type Normalise = "none" | "upn" | "domain-user" | "dn";

export interface RulePattern {
  readonly attribute: RuleAttribute;
  readonly pattern: string;
  /** Which match counts: 1 is the first. */
  readonly returnCount: number;
  readonly normalise: Normalise;
  readonly optional: boolean;
}

/**
 * One way to read a line. The site's configuration has this shape; its further fields do not matter here.
 * Several patterns of one attribute are alternatives: the first that yields a value counts.
 */
export interface RuleSequence {
  readonly id: string;
  /** From 1; sequences are tried in this order. */
  readonly ordinal: number;
  readonly kind: "begin" | "end";
  readonly trigger: string;
  readonly patterns: readonly RulePattern[];
  /** The sender's address is the session's address where no pattern gives one. */
  readonly matchSourceIp: boolean;
  readonly positiveSamples: readonly string[];
  readonly negativeSamples: readonly string[];
}

/** Why sequences cannot be used. `field` and `index` say which box of the form is meant. */
export interface RuleProblem extends PatternProblem {
  readonly sequenceId: string;
  readonly field: "sequence" | "trigger" | "pattern" | "positive-sample" | "negative-sample";
  /** Position in the list of patterns or samples, from 0; null for `sequence` and `trigger`. */
  readonly index: number | null;
}

export type RefusalReason =
  | "line-too-long"
  | "time-budget"
  | "missing-value"
  | "no-name"
  | "forbidden-character"
  | "value-too-long"
  | "not-an-address"
  | "no-address";

/** One captured piece of the line, for the person who looks at it. */
export interface LineCapture {
  readonly attribute: RuleAttribute;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

export interface Matched {
  readonly kind: "matched";
  readonly sequenceId: string;
  readonly ordinal: number;
  readonly verb: "begin" | "end";
  readonly user: string | null;
  readonly domain: string | null;
  readonly upn: string | null;
  /** Canonical; null only for an `end` that has a correlator. */
  readonly ip: string | null;
  readonly ipFrom: "line" | "sender" | null;
  readonly device: string | null;
  readonly correlator: string | null;
  readonly groups: readonly string[];
  /** The text that the rules saw; `captures` point into it. */
  readonly text: string;
  readonly captures: readonly LineCapture[];
}

export interface Refused {
  readonly kind: "refused";
  readonly reason: RefusalReason;
  readonly message: string;
  readonly sequenceId: string | null;
  readonly attribute: RuleAttribute | null;
  readonly text: string;
  readonly captures: readonly LineCapture[];
}

/** `not-matched`: no sequence is meant. `refused`: one is meant, and what it took cannot be used. */
export type MatchResult = Matched | Refused | { readonly kind: "not-matched"; readonly text: string };
