import { findRule, sentenceOfReason } from "@rollcall/event-rules";
import { Figures } from "@rollcall/ui/layout";

type Counters = Readonly<Record<string, number>>;

/** Counters whose names begin alike, the largest first: `rule.event:4768` under `rule.`. */
export function countersUnder(counters: Counters, prefix: string): { name: string; count: number }[] {
  return Object.entries(counters)
    .filter(([name, count]) => name.startsWith(prefix) && count > 0)
    .map(([name, count]) => ({ name: name.slice(prefix.length), count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

const figure = (value: number | undefined) => (value === undefined ? "—" : value.toLocaleString("en-GB"));

/** "0.4 s", "12 s", "3 min". Shape: an em dash where nothing was measured. */
export function spanInWords(ms: number | undefined): string {
  if (ms === undefined) return "—";
  const size = Math.abs(ms);
  if (size < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return size < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

/** What a reader of events counted: what came, what it said, and why the rest said nothing. */
export function EventCounters({ counters, testId }: { counters: Counters; testId?: string }) {
  const rules = countersUnder(counters, "rule.");
  const reasons = countersUnder(counters, "ignored.");
  if (Object.keys(counters).length === 0)
    return <p className="text-sm text-ink-2">Nothing has been counted yet.</p>;
  return (
    <div className="flex flex-col gap-4" data-testid={testId}>
      <Figures
        items={[
          { name: "Events", value: figure(counters.received), detail: "received" },
          { name: "Say who is where", value: figure(counters.matched), detail: "by a rule" },
          {
            name: "Left aside",
            value: figure((counters.ignored ?? 0) + (counters.unmatched ?? 0)),
            detail: "for a reason below",
          },
          ...(counters.computers === undefined
            ? []
            : [
                {
                  name: "Computers",
                  value: figure(counters.computers),
                  detail: `${figure(counters.computersSilent ?? 0)} silent`,
                },
              ]),
          { name: "Lag", value: spanInWords(counters.lagMs), detail: "from event to agent" },
          { name: "Clock offset", value: spanInWords(counters.clockOffsetMs), detail: "of the server" },
        ]}
      />
      <Ledger
        title="By rule"
        rows={rules.map(({ name, count }) => ({
          name: name.replace(/^event:/, ""),
          count,
          sentence: findRule(name)?.sentence ?? "",
        }))}
      />
      <Ledger
        title="Left aside, and why"
        rows={reasons.map(({ name, count }) => ({ name, count, sentence: sentenceOfReason(name) ?? "" }))}
      />
    </div>
  );
}

function Ledger({
  title,
  rows,
}: {
  title: string;
  rows: readonly { readonly name: string; readonly count: number; readonly sentence: string }[];
}) {
  if (rows.length === 0) return null;
  return (
    <section aria-label={title} className="flex flex-col">
      <h3 className="mb-1 text-sm font-semibold">{title}</h3>
      <dl className="text-sm">
        {rows.map(({ name, count, sentence }) => (
          <div key={name} className="flex gap-4 border-t border-line py-1.5">
            <dt className="min-w-0 flex-1">
              <span className="font-mono">{name}</span>
              <span className="block text-xs text-ink-2">{sentence}</span>
            </dt>
            <dd className="tabular-nums">{count.toLocaleString("en-GB")}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
