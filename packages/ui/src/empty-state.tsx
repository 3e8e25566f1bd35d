import type { ReactNode } from "react";
import { HollowChain } from "./chain.tsx";

/** Nothing yet: what this is for in one sentence, and the one thing to do next. */
export function EmptyState({
  title,
  children,
  action,
  secondary,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  secondary?: ReactNode;
}) {
  return (
    <div
      className="flex flex-col items-start gap-3 border-y border-line bg-surface px-6 py-10"
      data-testid="empty-state"
    >
      <HollowChain />
      <h2 className="text-lg font-semibold">{title}</h2>
      {children === undefined ? null : <div className="max-w-[68ch] text-base text-ink-2">{children}</div>}
      {action === undefined && secondary === undefined ? null : (
        <div className="mt-1 flex flex-wrap items-center gap-3">
          {action}
          {secondary}
        </div>
      )}
    </div>
  );
}

/** Nothing matches: what was asked, how many there are without it, and the way out. */
export function EmptyFilter({ children, action }: { children: ReactNode; action: ReactNode }) {
  return (
    <div
      className="flex flex-wrap items-center gap-3 border-y border-line bg-surface px-6 py-6 text-base text-ink-2"
      role="status"
      data-testid="empty-filter"
    >
      <p className="max-w-[68ch]">{children}</p>
      {action}
    </div>
  );
}
