"use client";

import type { RuleAttribute, RuleSet } from "@rollcall/syslog-rules";
import { Button } from "@rollcall/ui/button";
import { TextAreaField } from "@rollcall/ui/field";
import { FilterBar } from "@rollcall/ui/search-field";
import { type ReactNode, useRef, useState } from "react";
import { ATTRIBUTE_WORDS, LineResult } from "./line-result.tsx";

const MARKS: readonly RuleAttribute[] = ["user", "domain", "ip", "device", "correlator", "groups"];
const MAX_PASTED = 200;

export interface BenchLine {
  readonly line: string;
  readonly sender: string | null;
}

export interface Mark {
  readonly line: string;
  readonly start: number;
  readonly end: number;
  readonly attribute: RuleAttribute;
}

export interface LineBenchProps {
  /** The sound rules; null where there is none: lines are then shown without a verdict. */
  readonly rules: RuleSet | null;
  readonly tailed: readonly BenchLine[];
  readonly tools: ReactNode;
  /** The rule that marks and samples go to; null where there is none. */
  readonly ruleName: string | null;
  readonly onMark: (mark: Mark) => void;
  readonly onSample: (line: string, sample: "positive" | "negative") => void;
  readonly onNewRule: (line: string) => void;
}

/** Real lines under the rules being edited: each shows what was taken, what becomes of it, or why not. */
export function LineBench({ rules, tailed, tools, ruleName, onMark, onSample, onNewRule }: LineBenchProps) {
  const [pasted, setPasted] = useState("");
  const [show, setShow] = useState("all");
  const pastedLines = pasted
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(0, MAX_PASTED)
    .map((line) => ({ line, sender: null }));
  const judged = unique([...tailed, ...pastedLines]).map((each) => ({
    ...each,
    result: rules?.match(each.line, { senderIp: each.sender }) ?? null,
  }));
  const matched = judged.filter((each) => each.result?.kind === "matched").length;
  const shown = judged.filter(
    (each) => show === "all" || (show === "matched") === (each.result?.kind === "matched"),
  );

  return (
    <section aria-label="Lines" className="flex min-w-0 flex-col gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <h2 className="text-sm font-semibold">Lines</h2>
        <div className="ml-auto flex flex-wrap items-center gap-2">{tools}</div>
      </div>
      <TextAreaField
        label="Paste lines"
        note={`at most ${MAX_PASTED}, they stay in this browser`}
        mono
        rows={3}
        spellCheck={false}
        value={pasted}
        onChange={(event) => setPasted(event.target.value)}
      />
      {judged.length === 0 ? (
        <p className="text-sm text-ink-2">
          Tail the source or paste lines: each is read by the engine the agent runs, as you type.
        </p>
      ) : (
        <>
          <div className="flex flex-wrap items-center gap-3">
            <FilterBar
              label="Which lines"
              value={show}
              onChange={setShow}
              options={[
                { value: "all", label: "All", count: judged.length },
                { value: "matched", label: "Matched", count: matched },
                { value: "unmatched", label: "Unmatched", count: judged.length - matched },
              ]}
            />
            <p role="status" className="text-xs text-ink-2" data-testid="bench-summary">
              {rules === null ? "No sound rule yet." : `${matched} of ${judged.length} lines matched.`}
            </p>
          </div>
          <ol className="flex flex-col border-t border-line">
            {shown.map((each) => (
              <BenchRow
                key={each.line}
                each={each}
                ruleName={ruleName}
                onMark={onMark}
                onSample={onSample}
                onNewRule={onNewRule}
              />
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

function unique(lines: readonly BenchLine[]): BenchLine[] {
  return [...new Map(lines.map((each) => [each.line, each])).values()];
}

function BenchRow({
  each,
  ruleName,
  onMark,
  onSample,
  onNewRule,
}: Pick<LineBenchProps, "ruleName" | "onMark" | "onSample" | "onNewRule"> & {
  each: BenchLine & { readonly result: ReturnType<RuleSet["match"]> | null };
}) {
  const [marking, setMarking] = useState(false);
  return (
    <li className="border-b border-line py-2">
      {each.result === null ? (
        <p className="font-mono text-xs leading-6 break-all">{each.line}</p>
      ) : (
        <LineResult result={each.result} />
      )}
      <div className="mt-1 flex flex-wrap items-center gap-x-3">
        {ruleName === null ? null : (
          <>
            <Button
              size="inline"
              variant="quiet"
              aria-expanded={marking}
              onClick={() => setMarking(!marking)}
            >
              Mark a part
            </Button>
            <Button size="inline" variant="quiet" onClick={() => onSample(each.line, "positive")}>
              {ruleName} must match
            </Button>
            <Button size="inline" variant="quiet" onClick={() => onSample(each.line, "negative")}>
              must not match
            </Button>
          </>
        )}
        <Button size="inline" variant="quiet" onClick={() => onNewRule(each.line)}>
          New rule from this line
        </Button>
      </div>
      {marking && ruleName !== null ? (
        <Marker
          line={each.line}
          onMark={(mark) => {
            onMark(mark);
            setMarking(false);
          }}
        />
      ) : null}
    </li>
  );
}

/** The line in a box of its own: select a part with mouse or keyboard, then say what it is. */
function Marker({ line, onMark }: { line: string; onMark: (mark: Mark) => void }) {
  const box = useRef<HTMLTextAreaElement>(null);
  const [range, setRange] = useState<{ start: number; end: number }>({ start: 0, end: 0 });
  const chosen = line.slice(range.start, range.end);
  return (
    <div className="mt-2 flex flex-col gap-2 rounded-md border border-line bg-sunken p-3">
      <TextAreaField
        ref={box}
        label="Select the part"
        mono
        // Not read-only: browsers show no caret there, and without one nothing can be marked by keyboard.
        onChange={() => {}}
        autoFocus
        rows={Math.min(6, Math.ceil(line.length / 70))}
        value={line}
        onSelect={(event) =>
          setRange({ start: event.currentTarget.selectionStart, end: event.currentTarget.selectionEnd })
        }
      />
      <div className="flex flex-wrap items-center gap-2 text-sm">
        <span className="text-ink-2">{chosen === "" ? "Nothing is selected." : <>“{chosen}” is the</>}</span>
        {MARKS.map((attribute) => (
          <Button
            key={attribute}
            size="small"
            disabled={chosen.trim() === ""}
            onClick={() => onMark({ line, ...range, attribute })}
          >
            {ATTRIBUTE_WORDS[attribute]}
          </Button>
        ))}
      </div>
    </div>
  );
}
