"use client";

import { Fragment, type ReactNode } from "react";
import { CopyButton } from "./copy-button.tsx";
import { ScrollRegion } from "./scroll-region.tsx";

export interface CodeLine {
  /** The text that is copied. */
  readonly text: string;
  /** What stands on screen instead, where the text holds a secret. */
  readonly shown?: string;
  /** Parts of the line that stand for this customer's own values: shown in the accent. */
  readonly variables?: readonly string[];
}

export interface CodeBlockProps {
  readonly title: ReactNode;
  readonly lines: readonly CodeLine[];
  /** A line above the code that is not copied. */
  readonly remark?: string;
  /** "lines" by default: "Copy 10 lines". */
  readonly unit?: readonly [one: string, many: string];
  readonly tools?: ReactNode;
  readonly footer?: ReactNode;
  readonly testId?: string;
  readonly onCopied?: () => void;
  /** What the region is called, where the title alone would not say. */
  readonly label?: string;
}

/** Code to paste elsewhere: numbered lines, values in the accent, a button that names how many lines it copies. */
export function CodeBlock({
  title,
  lines,
  remark,
  unit = ["line", "lines"],
  tools,
  footer,
  testId,
  onCopied,
  label,
}: CodeBlockProps) {
  const text = `${lines.map((line) => line.text).join("\n")}\n`;
  const count = `${lines.length} ${lines.length === 1 ? unit[0] : unit[1]}`;
  const name = label ?? (typeof title === "string" ? title : "Code");
  return (
    <section aria-label={name} className="overflow-hidden rounded-md border border-line bg-surface">
      <header className="flex min-h-10 flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-1.5">
        <h2 className="text-sm font-semibold">{title}</h2>
        <div className="ml-auto flex flex-wrap items-center gap-x-4 gap-y-2">
          {tools}
          <CopyButton
            text={text}
            label={`Copy ${count}`}
            copied={`Copied ${count}`}
            variant="accent"
            onCopied={onCopied}
          />
        </div>
      </header>
      <ScrollRegion label={`${name}, ${count}`} axis="x" testId={testId}>
        <ol className="min-w-max py-2 font-mono text-xs leading-6">
          {remark === undefined ? null : (
            <li className="flex text-ink-3">
              <LineNumber n={1} />
              {remark}
            </li>
          )}
          {lines.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its place
            <li key={index} className="flex">
              <LineNumber n={index + 1 + (remark === undefined ? 0 : 1)} />
              <span className="pr-4 whitespace-pre">
                <Marked text={line.shown ?? line.text} variables={line.variables ?? []} />
              </span>
            </li>
          ))}
        </ol>
      </ScrollRegion>
      {footer === undefined ? null : (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line px-4 py-2 text-sm">
          {footer}
        </div>
      )}
    </section>
  );
}

function LineNumber({ n }: { n: number }) {
  return (
    <span aria-hidden className="w-12 shrink-0 pr-4 text-right text-ink-3 select-none">
      {n}
    </span>
  );
}

/** Every place where a variable stands as a word of its own, in the accent. */
function Marked({ text, variables }: { text: string; variables: readonly string[] }) {
  const wanted = variables.filter((variable) => variable !== "");
  if (wanted.length === 0) return text;
  const known = new Set(wanted);
  const longestFirst = [...known]
    .sort((a, b) => b.length - a.length)
    .map((each) => each.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  const parts: { readonly at: number; readonly text: string }[] = [];
  let at = 0;
  for (const part of text.split(new RegExp(`(?<![\\w-])(${longestFirst.join("|")})(?![\\w-])`))) {
    parts.push({ at, text: part });
    at += part.length;
  }
  return parts.map((part) =>
    known.has(part.text) ? (
      <span key={part.at} className="text-accent">
        {part.text}
      </span>
    ) : (
      <Fragment key={`${part.at} plain`}>{part.text}</Fragment>
    ),
  );
}
