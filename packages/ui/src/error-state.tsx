import type { ReactNode } from "react";
import { CopyButton } from "./copy-button.tsx";
import { StateGlyph } from "./state.tsx";

/** The page could not be made: the cause in plain words, what still works, a way on, and a number for support. */
export function ErrorState({
  title,
  children,
  requestId,
  actions,
}: {
  title: string;
  children: ReactNode;
  requestId?: string | undefined;
  actions?: ReactNode;
}) {
  return (
    <div
      role="alert"
      className="flex flex-col items-start gap-3 border-y border-line bg-surface px-6 py-10"
      data-testid="error-state"
    >
      <h1 className="flex items-center gap-2 text-lg font-semibold">
        <StateGlyph state="bad" />
        {title}
      </h1>
      <div className="max-w-[68ch] text-base text-ink-2">{children}</div>
      {requestId === undefined ? null : (
        <p className="flex flex-wrap items-center gap-2 text-sm text-ink-2">
          Request <code className="font-mono text-ink">{requestId}</code>
          <CopyButton text={requestId} label="Copy request number" size="small" />
        </p>
      )}
      {actions === undefined ? null : <div className="mt-1 flex flex-wrap gap-2">{actions}</div>}
    </div>
  );
}
