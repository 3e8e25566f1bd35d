import type { ReactNode } from "react";
import { type State, StateGlyph } from "./state.tsx";

export interface Check {
  readonly name: string;
  readonly state: State;
  readonly detail?: ReactNode;
  /** What to do about it; shown for what is not well. */
  readonly remedy?: ReactNode;
}

/** Checks in the order they are made. The first that fails is what to mend, and says how. */
export function CheckList({ checks, label }: { checks: readonly Check[]; label: string }) {
  return (
    <ol aria-label={label} className="flex flex-col">
      {checks.map((check) => (
        <li
          key={check.name}
          data-state={check.state}
          className="flex items-start gap-2.5 border-b border-line py-2 last:border-b-0"
        >
          <span className="mt-[5px]">
            <StateGlyph state={check.state} label={WORD[check.state]} />
          </span>
          <div className="min-w-0 flex-1 text-sm">
            <p>
              <span className="font-semibold">{check.name}</span>
              {check.detail === undefined ? null : <span className="text-ink-2"> {check.detail}</span>}
            </p>
            {check.remedy === undefined ? null : (
              <p className={`mt-0.5 ${check.state === "bad" ? "text-bad-ink" : "text-ink-2"}`}>
                {check.remedy}
              </p>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}

const WORD: Readonly<Record<State, string>> = {
  ok: "Passed",
  warn: "Passed with a remark",
  bad: "Failed",
  busy: "Running",
  off: "Skipped",
  never: "Not yet",
  unknown: "Not known",
};
