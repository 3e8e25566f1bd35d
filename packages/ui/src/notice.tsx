import type { ReactNode } from "react";
import { type State, StateGlyph } from "./state.tsx";

export type NoticeTone = "info" | "ok" | "warn" | "bad" | "busy";

const TONE: Readonly<Record<NoticeTone, string>> = {
  info: "border-info/40 bg-info-wash text-info-ink",
  ok: "border-ok/40 bg-ok-wash text-ok-ink",
  warn: "border-warn/40 bg-warn-wash text-warn-ink",
  bad: "border-bad/40 bg-bad-wash text-bad-ink",
  busy: "border-busy/40 bg-busy-wash text-busy-ink",
};

const GLYPH: Readonly<Record<NoticeTone, State | null>> = {
  info: null,
  ok: "ok",
  warn: "warn",
  bad: "bad",
  busy: "busy",
};

/** A strip that says something about what stands below it: stale, partial, refused. Never a toast. */
export function Notice({
  tone,
  title,
  children,
  action,
  live,
}: {
  tone: NoticeTone;
  title?: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
  /** Announce it when it appears. */
  live?: boolean;
}) {
  const glyph = GLYPH[tone];
  return (
    <div
      role={live === true ? "status" : undefined}
      className={`flex flex-wrap items-start gap-x-3 gap-y-1.5 rounded-md border px-3 py-2 text-sm ${TONE[tone]}`}
    >
      {glyph === null ? null : (
        <span className="mt-[5px]">
          <StateGlyph state={glyph} />
        </span>
      )}
      <div className="min-w-0 flex-1">
        {title === undefined ? null : <p className="font-semibold">{title}</p>}
        {children === undefined ? null : <div>{children}</div>}
      </div>
      {action}
    </div>
  );
}
