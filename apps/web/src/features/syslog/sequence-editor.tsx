"use client";

import {
  type BaseConfiguration,
  checkSamples,
  compileSequences,
  type RuleProblem,
  ruleText,
} from "@rollcall/syslog-rules";
import { Button, buttonClass } from "@rollcall/ui/button";
import { Menu, MenuItem } from "@rollcall/ui/menu";
import { Notice } from "@rollcall/ui/notice";
import { StateGlyph } from "@rollcall/ui/state";
import { type ReactNode, useEffect, useMemo, useReducer, useState } from "react";
import { type BenchLine, LineBench } from "./line-bench.tsx";
import { SequenceForm } from "./sequence-form.tsx";
import { type EditedSequence, editSequences } from "./sequence-model.ts";
import { sequenceFrom, suggestPattern, withoutValue } from "./suggest.ts";

export interface SequenceEditorProps {
  readonly saved: readonly EditedSequence[];
  readonly baseConfigurations: readonly Pick<BaseConfiguration, "id" | "name" | "sequences">[];
  readonly tailed: readonly BenchLine[];
  readonly tailTools: ReactNode;
  readonly canEdit: boolean;
  readonly saving: boolean;
  readonly saveError: string | undefined;
  /** Told when there begin and cease to be edits that are not saved. */
  readonly onEdited: (hasEdits: boolean) => void;
  readonly onSave: (sequences: readonly EditedSequence[]) => void;
}

/**
 * The rules of one source beside real lines. Every key press is compiled and run by the engine that runs in the agent
 * (linear time: no expression can freeze this page or the agent). Nothing is saved that does not compile or whose own
 * samples fail.
 */
export function SequenceEditor({
  saved,
  baseConfigurations,
  tailed,
  tailTools,
  canEdit,
  saving,
  saveError,
  onEdited,
  onSave,
}: SequenceEditorProps) {
  const [sequences, edit] = useReducer(editSequences, saved);
  const [openId, setOpenId] = useState<string | null>(saved[0]?.id ?? null);
  const outcome = useMemo(() => compileSequences(sequences), [sequences]);
  const problems: readonly RuleProblem[] = useMemo(
    () => (outcome.kind === "refused" ? outcome.problems : checkSamples(outcome.rules)),
    [outcome],
  );
  // While one rule is half written, the others go on reading the lines.
  const usable = useMemo(() => {
    if (outcome.kind === "compiled") return outcome.rules;
    const faulty = new Set(outcome.problems.map((problem) => problem.sequenceId));
    const sound = compileSequences(sequences.filter((each) => !faulty.has(each.id)));
    return sound.kind === "compiled" ? sound.rules : null;
  }, [outcome, sequences]);
  const isChanged = useMemo(() => JSON.stringify(sequences) !== JSON.stringify(saved), [sequences, saved]);
  useLeaveGuard(isChanged);
  useEffect(() => onEdited(isChanged), [onEdited, isChanged]);

  const add = (line: string) => {
    const id = newId(sequences);
    edit({ kind: "add", sequence: sequenceFrom(ruleText(line), id) });
    setOpenId(id);
  };
  const open = sequences.find((each) => each.id === openId) ?? null;

  return (
    <div className="grid gap-6 xl:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
      <section aria-label="Rules" className="flex min-w-0 flex-col gap-3">
        <div className="flex flex-wrap items-center gap-3">
          <h2 className="text-sm font-semibold">Rules</h2>
          <span className="text-xs text-ink-2">
            tried in this order; the first that is meant and complete counts
          </span>
        </div>
        {sequences.length === 0 ? (
          <p className="text-sm text-ink-2">
            No rule yet. Begin from a ready-made set, from a line on the right, or with an empty rule.
          </p>
        ) : (
          <ol className="overflow-hidden rounded-md border border-line bg-surface">
            {sequences.map((sequence, index) => {
              const faults = problems.filter((each) => each.sequenceId === sequence.id).length;
              const isOpen = sequence.id === openId;
              return (
                <li key={sequence.id} className="border-b border-line last:border-b-0">
                  <button
                    type="button"
                    aria-expanded={isOpen}
                    onClick={() => setOpenId(isOpen ? null : sequence.id)}
                    className={`flex min-h-10 w-full items-center gap-2.5 px-4 text-left text-sm -outline-offset-2! hover:bg-sunken ${isOpen ? "bg-sunken" : ""}`}
                  >
                    <StateGlyph
                      state={faults > 0 ? "bad" : "ok"}
                      label={faults > 0 ? "Has faults" : "Sound"}
                    />
                    <span className="font-semibold">
                      {sequence.ordinal}.{" "}
                      {sequence.description === "" ? "Rule without a description" : sequence.description}
                    </span>
                    <span className="text-ink-2">{sequence.kind === "begin" ? "begins" : "ends"}</span>
                    {faults > 0 ? (
                      <span className="ml-auto text-xs font-semibold text-bad-ink">
                        {faults === 1 ? "1 fault" : `${faults} faults`}
                      </span>
                    ) : null}
                  </button>
                  {isOpen ? (
                    <div className="border-t border-line">
                      <SequenceForm
                        sequence={sequence}
                        isFirst={index === 0}
                        isLast={index === sequences.length - 1}
                        problems={problems}
                        onEdit={edit}
                      />
                    </div>
                  ) : null}
                </li>
              );
            })}
          </ol>
        )}
        <div className="flex flex-wrap items-center gap-2">
          <Button onClick={() => add("")}>Add an empty rule</Button>
          {baseConfigurations.length === 0 ? null : (
            <Menu
              align="start"
              label="Ready-made rules"
              trigger={
                <button type="button" className={buttonClass()}>
                  Take ready-made rules…
                </button>
              }
            >
              {baseConfigurations.map((base) => (
                <MenuItem
                  key={base.id}
                  onSelect={() => {
                    const taken = base.sequences.map((each) => ({
                      ...each,
                      id: newId(sequences, each.id),
                      ordinal: 0,
                    }));
                    edit({ kind: "replace", sequences: [...sequences, ...taken] });
                    setOpenId(taken[0]?.id ?? null);
                  }}
                >
                  {base.name}
                </MenuItem>
              ))}
            </Menu>
          )}
        </div>
        {saveError === undefined ? null : (
          <Notice tone="bad" title="Not saved">
            {saveError}
          </Notice>
        )}
        <div className="flex flex-wrap items-center gap-3 border-t border-line pt-3">
          <Button
            variant="accent"
            busy={saving}
            disabled={!canEdit || !isChanged || problems.length > 0}
            onClick={() => onSave(sequences)}
          >
            Save {sequences.length === 1 ? "1 rule" : `${sequences.length} rules`}
          </Button>
          <Button disabled={!isChanged || saving} onClick={() => edit({ kind: "replace", sequences: saved })}>
            Back to what is saved
          </Button>
          <p role="status" className="text-xs text-ink-2">
            {problems.length > 0
              ? `${problems.length === 1 ? "1 fault keeps" : `${problems.length} faults keep`} these rules from being saved.`
              : isChanged
                ? "Not saved yet. Agents take the new rules within seconds after saving."
                : "As saved."}
          </p>
        </div>
      </section>
      <LineBench
        rules={usable}
        tailed={tailed}
        tools={tailTools}
        ruleName={open === null ? null : `Rule ${open.ordinal}`}
        onMark={(mark) => {
          if (open === null) return;
          const text = ruleText(mark.line);
          // The rules do not see the line's `<PRI>`; the mark was made with it in sight.
          const shift = Math.max(0, mark.line.indexOf(text));
          const [start, end] = [Math.max(0, mark.start - shift), Math.max(0, mark.end - shift)];
          edit({
            kind: "add-pattern",
            id: open.id,
            pattern: suggestPattern(text, start, end, mark.attribute),
          });
          edit({
            kind: "change",
            id: open.id,
            fields: { trigger: withoutValue(open.trigger, text.slice(start, end)) },
          });
        }}
        onSample={(line, sample) => {
          if (open !== null) edit({ kind: "add-sample", id: open.id, sample, line });
        }}
        onNewRule={add}
      />
    </div>
  );
}

function newId(sequences: readonly EditedSequence[], wish = "rule"): string {
  const taken = new Set(sequences.map((each) => each.id));
  if (wish !== "rule" && !taken.has(wish)) return wish;
  let n = sequences.length + 1;
  while (taken.has(`${wish}-${n}`)) n += 1;
  return `${wish}-${n}`;
}

/** Asks before the page is left with unsaved rules. */
function useLeaveGuard(isChanged: boolean): void {
  useEffect(() => {
    if (!isChanged) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isChanged]);
}
