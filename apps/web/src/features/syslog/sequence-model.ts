import type { Normalise, RuleAttribute, RuleProblem } from "@rollcall/syslog-rules";

/** One sequence while it is edited. The site's configuration has this shape. */
export interface EditedPattern {
  readonly attribute: RuleAttribute;
  readonly pattern: string;
  readonly returnCount: number;
  readonly normalise: Normalise;
  readonly optional: boolean;
}

export interface EditedSequence {
  readonly id: string;
  readonly ordinal: number;
  readonly description: string;
  readonly kind: "begin" | "end";
  readonly trigger: string;
  readonly patterns: readonly EditedPattern[];
  readonly matchSourceIp: boolean;
  readonly startingTimeMinutes: number;
  readonly positiveSamples: readonly string[];
  readonly negativeSamples: readonly string[];
}

export type SequenceEdit =
  | { readonly kind: "add"; readonly sequence: Omit<EditedSequence, "ordinal"> }
  | {
      readonly kind: "change";
      readonly id: string;
      readonly fields: Partial<Omit<EditedSequence, "id" | "ordinal">>;
    }
  | { readonly kind: "remove"; readonly id: string }
  | { readonly kind: "move"; readonly id: string; readonly by: -1 | 1 }
  | { readonly kind: "add-pattern"; readonly id: string; readonly pattern: EditedPattern }
  | {
      readonly kind: "change-pattern";
      readonly id: string;
      readonly index: number;
      readonly fields: Partial<EditedPattern>;
    }
  | { readonly kind: "remove-pattern"; readonly id: string; readonly index: number }
  | {
      readonly kind: "add-sample";
      readonly id: string;
      readonly sample: "positive" | "negative";
      readonly line: string;
    }
  | {
      readonly kind: "remove-sample";
      readonly id: string;
      readonly sample: "positive" | "negative";
      readonly index: number;
    }
  | { readonly kind: "replace"; readonly sequences: readonly EditedSequence[] };

/** One step of editing. Shape: a new list, numbered from 1 in its order. */
export function editSequences(
  sequences: readonly EditedSequence[],
  edit: SequenceEdit,
): readonly EditedSequence[] {
  switch (edit.kind) {
    case "replace":
      return numbered(edit.sequences);
    case "add":
      return numbered([...sequences, { ...edit.sequence, ordinal: 0 }]);
    case "remove":
      return numbered(sequences.filter((each) => each.id !== edit.id));
    case "move":
      return numbered(moved(sequences, edit.id, edit.by));
    default:
      return sequences.map((each) => (each.id === edit.id ? changed(each, edit) : each));
  }
}

function changed(sequence: EditedSequence, edit: SequenceEdit): EditedSequence {
  switch (edit.kind) {
    case "change":
      return { ...sequence, ...edit.fields };
    case "add-pattern":
      return { ...sequence, patterns: [...sequence.patterns, edit.pattern] };
    case "change-pattern":
      return {
        ...sequence,
        patterns: sequence.patterns.map((each, index) =>
          index === edit.index ? { ...each, ...edit.fields } : each,
        ),
      };
    case "remove-pattern":
      return { ...sequence, patterns: sequence.patterns.filter((_, index) => index !== edit.index) };
    case "add-sample": {
      const key = edit.sample === "positive" ? "positiveSamples" : "negativeSamples";
      return sequence[key].includes(edit.line)
        ? sequence
        : { ...sequence, [key]: [...sequence[key], edit.line] };
    }
    case "remove-sample": {
      const key = edit.sample === "positive" ? "positiveSamples" : "negativeSamples";
      return { ...sequence, [key]: sequence[key].filter((_, index) => index !== edit.index) };
    }
    default:
      return sequence;
  }
}

function numbered(sequences: readonly EditedSequence[]): readonly EditedSequence[] {
  return sequences.map((each, index) =>
    each.ordinal === index + 1 ? each : { ...each, ordinal: index + 1 },
  );
}

function moved(sequences: readonly EditedSequence[], id: string, by: -1 | 1): readonly EditedSequence[] {
  const from = sequences.findIndex((each) => each.id === id);
  const to = from + by;
  const one = sequences[from];
  const other = sequences[to];
  if (one === undefined || other === undefined) return sequences;
  return sequences.map((each, index) => (index === from ? other : index === to ? one : each));
}

/** The problems of one box of the form. */
export function problemsAt(
  problems: readonly RuleProblem[],
  sequenceId: string,
  field: RuleProblem["field"],
  index: number | null = null,
): readonly RuleProblem[] {
  return problems.filter(
    (each) => each.sequenceId === sequenceId && each.field === field && each.index === index,
  );
}

/** "at character 5: look-behind is not supported by the agent: …" */
export function problemText(problem: RuleProblem): string {
  if (problem.field !== "trigger" && problem.field !== "pattern") return problem.message;
  return problem.length === 0 ? problem.message : `At character ${problem.position + 1}: ${problem.message}`;
}
