"use client";

import { Button } from "@rollcall/ui/button";
import { StateGlyph } from "@rollcall/ui/state";
import { Time } from "@rollcall/ui/time";
import { useState } from "react";
import { type ExplainedLine, kindInWords, kindState } from "./explained-words.ts";
import { ruleInWords } from "./session-words.ts";

/** Lines shown before somebody asks for all. */
const FIRST = 12;

/** Lines of an explanation, from the cloud or from an agent. */
export function ExplainedLineList({ lines, label }: { lines: readonly ExplainedLine[]; label: string }) {
  const [isAll, setIsAll] = useState(false);
  if (lines.length === 0) return <p>There was nothing to decide.</p>;
  // Steps that decided are few and are what one looks for: they are never folded away.
  const said = lines.filter(isSaid);
  const shown = new Set(isAll ? said : said.slice(0, FIRST));
  return (
    <>
      <ol className="flex flex-col gap-1.5" aria-label={label}>
        {lines
          .filter((line) => !isSaid(line) || shown.has(line))
          .map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the order is the meaning
            <li key={index} data-testid="explained-line" data-kind={line.kind} className="flex gap-2">
              <span className="pt-[3px]">
                <StateGlyph state={kindState(line.kind)} />
              </span>
              <Line line={line} />
            </li>
          ))}
      </ol>
      {said.length > FIRST ? (
        <div className="mt-2">
          <Button size="small" onClick={() => setIsAll(!isAll)}>
            {isAll ? "Show fewer" : `Show all ${said.length} lines`}
          </Button>
        </div>
      ) : null}
    </>
  );
}

function isSaid({ kind }: ExplainedLine): boolean {
  return kind !== "decision" && kind !== "kept-from";
}

function Line({ line }: { line: ExplainedLine }) {
  return (
    <div className="min-w-0 flex-1">
      <span className="font-semibold text-ink">{kindInWords(line.kind)}</span>
      {line.of === "device" ? " (device)" : ""}
      {line.at === null ? null : (
        <>
          {" "}
          · <Time at={line.at} />
        </>
      )}
      {line.principal === null ? null : (
        <>
          {" "}
          · <span className="wrap-anywhere text-ink">{line.principal}</span>
        </>
      )}
      {line.source === null ? "" : ` · ${line.source}`}
      <span className="block">
        {line.sentence}{" "}
        <span className="font-mono text-xs text-ink-3">
          law {line.law}
          {line.rule === "" ? "" : `, ${ruleInWords(line.rule)}`}
        </span>
      </span>
    </div>
  );
}
