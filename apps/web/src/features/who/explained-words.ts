import type { State } from "@rollcall/ui/state";
import type { Outputs } from "~/trpc/outputs.ts";

export type Explained = Outputs["sessions"]["explain"];

/** What is drawn of a line, whoever told it. An agent of a later version may know kinds that have no words here yet. */
export interface ExplainedLine {
  readonly kind: string;
  readonly of: "user" | "device";
  readonly at: Date | null;
  readonly rule: string;
  readonly law: string;
  readonly sentence: string;
  readonly source: string | null;
  readonly principal: string | null;
}

/** What became of one thing that was said, in a word. */
const KIND_WORDS: Readonly<Record<string, string>> = {
  accepted: "Counts",
  refused: "Does not count",
  voided: "Was ended",
  expired: "Ran out",
  suppressed: "Left out",
  end: "Ends others",
  decision: "Decided",
  notice: "Would be otherwise",
  "kept-from": "Not told",
};

const KIND_STATES: Readonly<Record<string, State>> = {
  accepted: "ok",
  refused: "bad",
  voided: "off",
  expired: "off",
  suppressed: "warn",
  end: "never",
  decision: "ok",
  notice: "busy",
  "kept-from": "warn",
};

export function kindInWords(kind: string): string {
  return KIND_WORDS[kind] ?? kind;
}

export function kindState(kind: string): State {
  return KIND_STATES[kind] ?? "never";
}
