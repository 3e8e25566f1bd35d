import { STATE_TEXT, type State, StateGlyph } from "@rollcall/ui/state";
import { TimeAgo } from "@rollcall/ui/time";
import type { ReactNode } from "react";
import type { Outputs } from "~/trpc/outputs.ts";

export type Step = Outputs["setup"]["get"]["steps"][number];

const GLYPH: Readonly<Record<Step["state"], State>> = {
  done: "ok",
  current: "busy",
  failed: "bad",
  waiting: "never",
};

/** One numbered part of the set-up: what it is, how far it is, and what to do in it. */
export function StepSection({
  number,
  title,
  state,
  sentence,
  children,
}: {
  number: number;
  title: string;
  state: State;
  sentence: ReactNode;
  children?: ReactNode;
}) {
  return (
    <li
      className="border-b border-line bg-surface px-4 py-4 last:border-b-0 sm:px-6"
      data-testid={`set-up-${title.toLowerCase().replace(/[^a-z]+/g, "-")}`}
      data-state={state}
    >
      <section
        aria-label={`${number} ${title}`}
        className="grid gap-x-4 gap-y-3 sm:grid-cols-[1.5rem_minmax(0,1fr)]"
      >
        <span aria-hidden className="hidden text-right font-mono text-sm leading-6 text-ink-3 sm:block">
          {number}
        </span>
        <div className="flex min-w-0 flex-col gap-3">
          <div>
            <h2 className="flex items-center gap-2 text-lg font-semibold">
              <StateGlyph state={state} />
              {title}
            </h2>
            <p role="status" className={`text-sm ${STATE_TEXT[state]}`}>
              {sentence}
            </p>
          </div>
          {children}
        </div>
      </section>
    </li>
  );
}

/** The live steps inside a part: each turns by itself, with its time; the one that failed says why. */
export function LiveSteps({
  steps,
  label,
}: {
  steps: readonly { readonly title: string; readonly step: Step }[];
  label: string;
}) {
  return (
    <ol aria-label={label} className="flex flex-col border-l-2 border-line pl-3">
      {steps.map(({ title, step }) => (
        <li
          key={step.key}
          data-testid={`step-${step.key}`}
          data-state={step.state}
          className="flex flex-wrap items-center gap-x-2 py-0.5 text-sm"
        >
          <StateGlyph state={GLYPH[step.state]} label={STEP_WORD[step.state]} />
          <span className={step.state === "waiting" ? "text-ink-3" : "font-semibold"}>{title}</span>
          {step.at === null ? null : (
            <span className="text-ink-3">
              <TimeAgo at={step.at} />
            </span>
          )}
          {step.state === "failed" || step.state === "current" ? (
            <span className={step.state === "failed" ? "text-bad-ink" : "text-ink-2"}>{step.sentence}</span>
          ) : null}
        </li>
      ))}
    </ol>
  );
}

const STEP_WORD: Readonly<Record<Step["state"], string>> = {
  done: "Done",
  current: "Under way",
  failed: "Stuck",
  waiting: "Not yet",
};
