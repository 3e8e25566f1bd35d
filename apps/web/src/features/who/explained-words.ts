import type { State } from "@rollcall/ui/state";
import type { Outputs } from "~/trpc/outputs.ts";

export type Explained = Outputs["sessions"]["explain"];
export type ExplainedLine = Explained["lines"][number];

/** What became of one thing that was said, in a word. */
export const KIND_WORDS: Readonly<Record<ExplainedLine["kind"], string>> = {
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

export const KIND_STATES: Readonly<Record<ExplainedLine["kind"], State>> = {
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
