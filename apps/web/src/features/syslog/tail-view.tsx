"use client";

import { Button } from "@rollcall/ui/button";
import { CopyButton } from "@rollcall/ui/copy-button";
import { CheckField } from "@rollcall/ui/field";
import { Notice } from "@rollcall/ui/notice";
import { FilterBar, SearchField } from "@rollcall/ui/search-field";
import { StateGlyph } from "@rollcall/ui/state";
import { formatInstant, useZone } from "@rollcall/ui/time";
import { useEffect, useRef, useState } from "react";
import { downloadText } from "~/features/agents/download-text.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import type { TailLine, useTail } from "./use-tail.ts";

/**
 * The live lines of a source. Opens at the end and follows; scrolling up pauses the scroll and says so, while lines go on
 * arriving and are counted; going to the end resumes. Wrapping changes none of this.
 */
export function TailView({
  tail,
  sourceName,
  testId,
}: {
  tail: ReturnType<typeof useTail>;
  sourceName: string;
  testId?: string;
}) {
  const zone = useZone();
  const box = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [seen, setSeen] = useState(0);
  const [wrap, setWrap] = useState(false);
  const [which, setWhich] = useState("all");
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const shown = tail.lines.filter(
    (line) =>
      (which === "all" || (which === "matched") === line.matched) &&
      (wanted === "" || line.line.toLowerCase().includes(wanted)),
  );
  const fresh = atEnd ? 0 : Math.max(0, shown.length - seen);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the scroll follows each new line
  useEffect(() => {
    if (atEnd && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [shown.length, atEnd, wrap]);

  const asText = () =>
    shown.map((line) => `${new Date(line.at).toISOString()} ${line.sender} ${line.line}`).join("\n");
  return (
    <section aria-label="Tail" className="flex flex-col gap-3" data-testid={testId}>
      <div className="flex flex-wrap items-center gap-3">
        {tail.following ? (
          <Button onClick={tail.stop}>Stop</Button>
        ) : (
          <Button variant="primary" onClick={tail.follow}>
            Follow the lines
          </Button>
        )}
        <span role="status" className="inline-flex items-center gap-2 text-sm text-ink-2">
          {tail.isRunning ? (
            <>
              <StateGlyph state="busy" />
              {tail.agentName ?? "The agent"} listens; lines come in bundles of some seconds
            </>
          ) : tail.lines.length === 0 ? (
            "Not following."
          ) : (
            `${tail.lines.length.toLocaleString("en-GB")} lines kept here.`
          )}
        </span>
        <div className="ml-auto flex flex-wrap items-center gap-2">
          <CheckField label="Wrap" checked={wrap} onChange={(event) => setWrap(event.target.checked)} />
          <CopyButton text={asText()} label="Copy" copied={`Copied ${shown.length} lines`} size="small" />
          <Button
            size="small"
            disabled={shown.length === 0}
            onClick={() => downloadText(`${sourceName}.log`, `${asText()}\n`, "text/plain")}
          >
            Download
          </Button>
        </div>
      </div>
      {tail.error === null || tail.error === undefined ? null : (
        <Notice tone="bad" title="Not following">
          {refusalOf(tail.error).message}
        </Notice>
      )}
      {tail.message === undefined ? null : (
        <Notice tone="warn" title="The tail ended">
          {tail.message}
        </Notice>
      )}
      <div className="flex flex-wrap items-center gap-3">
        <SearchField
          label="Search in these lines"
          placeholder="Text in the line"
          value={text}
          onChange={setText}
        />
        <FilterBar
          label="Which lines"
          value={which}
          onChange={setWhich}
          options={[
            { value: "all", label: "All" },
            { value: "matched", label: "Matched" },
            { value: "unmatched", label: "Unmatched" },
          ]}
        />
      </div>
      <div className="relative">
        <div
          ref={box}
          role="log"
          aria-live="off"
          aria-label={`Lines of ${sourceName}`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
          tabIndex={0}
          onScroll={(event) => {
            const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
            const isEnd = scrollHeight - scrollTop - clientHeight < 24;
            if (!isEnd && atEnd) setSeen(shown.length);
            setAtEnd(isEnd);
          }}
          className="h-96 overflow-auto rounded-md border border-line bg-surface py-2 font-mono text-xs leading-5 -outline-offset-2!"
        >
          {shown.length === 0 ? (
            <p className="px-4 font-sans text-sm text-ink-2">
              {tail.following ? "Waiting for lines…" : "No lines yet."}
            </p>
          ) : null}
          <ol className={wrap ? "" : "min-w-max"}>
            {shown.map((line, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: equal lines may follow each other
              <TailRow key={`${line.at} ${index}`} line={line} wrap={wrap} zone={zone} />
            ))}
          </ol>
        </div>
        {atEnd ? null : (
          <div className="absolute inset-x-0 bottom-3 flex justify-center">
            <Button
              variant="accent"
              size="small"
              onClick={() => {
                setAtEnd(true);
              }}
            >
              Paused{fresh > 0 ? ` – ${fresh} new` : ""}. To the end
            </Button>
          </div>
        )}
      </div>
    </section>
  );
}

function TailRow({ line, wrap, zone }: { line: TailLine; wrap: boolean; zone: string }) {
  return (
    <li className="flex gap-3 px-4 hover:bg-sunken">
      <span className="shrink-0 pt-[5px]">
        <StateGlyph
          state={line.matched ? "ok" : line.reason === undefined ? "never" : "warn"}
          label={line.matched ? "Matched" : "Not matched"}
        />
      </span>
      <time dateTime={new Date(line.at).toISOString()} className="shrink-0 text-ink-3">
        {formatInstant(line.at, zone, { date: false })}
      </time>
      <span className="shrink-0 text-ink-3">{line.sender}</span>
      <span className={wrap ? "min-w-0 break-all whitespace-pre-wrap" : "whitespace-pre"}>
        {line.line}
        {line.matched || line.reason === undefined ? null : (
          <span className="font-sans text-warn-ink"> · {line.reason}</span>
        )}
      </span>
    </li>
  );
}
