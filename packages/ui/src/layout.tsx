import type { ReactNode } from "react";

/** The head of a page: where it stands, its name, one line about it, what can be done. */
export function PageHead({
  eyebrow,
  title,
  aside,
  summary,
  actions,
}: {
  eyebrow?: ReactNode;
  title: ReactNode;
  aside?: ReactNode;
  summary?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <header className="flex flex-wrap items-end gap-x-4 gap-y-3 px-4 pt-5 pb-4 sm:px-6">
      <div className="min-w-0 flex-1 basis-64">
        {eyebrow === undefined ? null : <p className="eyebrow">{eyebrow}</p>}
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h1 className="text-xl font-semibold tracking-[-.01em] break-words">{title}</h1>
          {aside}
        </div>
        {summary === undefined ? null : <div className="mt-0.5 text-sm text-ink-2">{summary}</div>}
      </div>
      {actions === undefined ? null : <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  );
}

/** The padded column under a page head; tables stand outside it, over the full width. */
export function PageBody({ children }: { children: ReactNode }) {
  return <div className="flex flex-col gap-5 px-4 pb-10 sm:px-6">{children}</div>;
}

/** A bordered part of a page with a 40 px head. */
export function Panel({
  title,
  tools,
  children,
  flush = false,
  id,
}: {
  title: ReactNode;
  tools?: ReactNode;
  children: ReactNode;
  flush?: boolean;
  id?: string;
}) {
  return (
    <section
      className="overflow-hidden rounded-md border border-line bg-surface"
      id={id}
      aria-label={typeof title === "string" ? title : undefined}
    >
      <header className="flex min-h-10 flex-wrap items-center gap-x-4 gap-y-1.5 border-b border-line px-4 py-1.5">
        <h2 className="text-sm font-semibold">{title}</h2>
        {tools === undefined ? null : (
          <div className="ml-auto flex flex-wrap items-center gap-2">{tools}</div>
        )}
      </header>
      <div className={flush ? "" : "px-4 py-3.5"}>{children}</div>
    </section>
  );
}

/** A titled part without a border. */
export function Section({
  title,
  summary,
  tools,
  children,
}: {
  title: string;
  summary?: ReactNode;
  tools?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section aria-label={title} className="flex flex-col gap-3">
      <div className="flex flex-wrap items-end gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="text-lg font-semibold">{title}</h2>
          {summary === undefined ? null : <p className="text-sm text-ink-2">{summary}</p>}
        </div>
        {tools}
      </div>
      {children}
    </section>
  );
}

/** Names and values in two columns, ruled. */
export function KeyValue({
  rows,
}: {
  rows: readonly { readonly key: string; readonly value: ReactNode; readonly testId?: string }[];
}) {
  return (
    <dl className="grid grid-cols-[minmax(7rem,max-content)_minmax(0,1fr)] text-sm">
      {rows.map((row, index) => (
        <div
          key={row.key}
          className={`col-span-2 grid grid-cols-subgrid ${index > 0 ? "border-t border-line" : ""}`}
        >
          <dt className="py-1.5 pr-4 text-ink-2">{row.key}</dt>
          <dd className="min-w-0 py-1.5 break-words text-ink" data-testid={row.testId}>
            {row.value}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** A figure with its name; one line of a ledger of figures. */
export function Figures({
  items,
}: {
  items: readonly {
    readonly name: string;
    readonly value: ReactNode;
    readonly detail?: ReactNode;
    readonly testId?: string;
  }[];
}) {
  return (
    <dl className="grid grid-cols-2 overflow-hidden rounded-md border border-line bg-surface sm:grid-cols-3 lg:grid-cols-[repeat(auto-fit,minmax(8rem,1fr))]">
      {items.map((item) => (
        <div key={item.name} className="-mr-px -mb-px border-r border-b border-line px-4 py-3">
          <dt className="text-xs font-semibold text-ink-2">{item.name}</dt>
          <dd className="mt-0.5 text-lg font-semibold" data-testid={item.testId}>
            {item.value}
          </dd>
          {item.detail === undefined ? null : <dd className="text-xs text-ink-2">{item.detail}</dd>}
        </div>
      ))}
    </dl>
  );
}

/** Text one may paste elsewhere. */
export function Mono({ children }: { children: ReactNode }) {
  return <span className="font-mono text-sm wrap-break-word">{children}</span>;
}

/** Nothing to tell. */
export function Dash() {
  return (
    <span data-none>
      <span aria-hidden className="text-ink-3">
        —
      </span>
      <span className="sr-only">none</span>
    </span>
  );
}
