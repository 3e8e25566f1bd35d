export interface FieldChange {
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Before and after, field by field: two columns where there is room, one below the other where not; signs, not only colour. */
export function Diff({ changes }: { changes: readonly FieldChange[] }) {
  return (
    <dl className="flex flex-col text-sm">
      {changes.map((change) => (
        <div
          key={change.field}
          className="grid gap-x-3 gap-y-1 border-b border-line py-2 last:border-b-0 lg:grid-cols-[10rem_minmax(0,1fr)_minmax(0,1fr)]"
        >
          <dt className="font-semibold text-ink-2">{change.field}</dt>
          <Side sign="−" word="before" text={change.before} tone="bg-bad-wash text-bad-ink" />
          <Side sign="+" word="after" text={change.after} tone="bg-ok-wash text-ok-ink" />
        </div>
      ))}
    </dl>
  );
}

function Side({ sign, word, text, tone }: { sign: string; word: string; text: string | null; tone: string }) {
  if (text === null) return <dd className="text-ink-3 max-lg:hidden">—</dd>;
  return (
    <dd className={`flex min-w-0 gap-2 rounded-xs px-2 py-0.5 ${tone}`}>
      <span aria-hidden className="font-mono select-none">
        {sign}
      </span>
      <span className="sr-only">{word}: </span>
      <span className="min-w-0 font-mono text-xs leading-5 break-all whitespace-pre-wrap">{text}</span>
    </dd>
  );
}
