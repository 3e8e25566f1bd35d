import { Monogram } from "@rollcall/ui/monogram";
import type { ShellCustomer } from "./person.ts";

export const SCOPE_BUTTON =
  "flex h-8 max-w-[min(20rem,38vw)] min-w-0 items-center gap-2 rounded-sm border border-line-strong bg-surface px-2 text-sm font-semibold text-ink hover:bg-sunken";

/** Said after the visible name. */
export const SCOPE_HINT = "Switch customer";

/** What the scope's button shows, with or without its list. */
export function ScopeFace({ current }: { current: ShellCustomer | null }) {
  return (
    <>
      {current === null ? null : <Monogram name={current.name} hue={current.hue} />}
      <span className="truncate">{current?.name ?? "All customers"}</span>
      <svg viewBox="0 0 10 10" aria-hidden="true" className="size-2.5 shrink-0 text-ink-2">
        <path d="M1 3.2h8L5 7.8Z" fill="currentColor" />
      </svg>
    </>
  );
}
