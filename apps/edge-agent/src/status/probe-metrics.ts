import type { SourceHealth } from "@rollcall/collectors/collector";
import { METRICS } from "@rollcall/observability";
import type { Metric } from "./metrics-text.ts";

/** Counters of the probe that have a name of their own behind the dot. */
const BY_OUTCOME: readonly (readonly [prefix: string, label: string, name: string, help: string])[] = [
  ["answer.", "outcome", METRICS.probeAnswers, "What computers that were asked came to."],
  ["notAsked.", "reason", METRICS.probesNotAsked, "Computers that were not asked, by reason."],
  ["verified.", "outcome", METRICS.probeVerifications, "What became of sessions whose time was over."],
];

/** What the probe counts, over all and for each credential. */
export function probeMetrics(sources: readonly SourceHealth[]): Metric[] {
  const counters = sources
    .filter(({ kind }) => kind === "pc-probe")
    .flatMap((one) => Object.entries(one.counters));
  const behind = (prefix: string) =>
    counters.flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [],
    );
  return [
    {
      name: METRICS.probesAsked,
      help: "Computers that were asked who sits there.",
      type: "counter",
      samples: counters.flatMap(([name, value]) => (name === "asked" ? [{ value }] : [])),
    },
    ...BY_OUTCOME.map(
      ([prefix, label, name, help]): Metric => ({
        name,
        help,
        type: "counter",
        samples: behind(prefix).map(([outcome, value]) => ({ labels: { [label]: outcome }, value })),
      }),
    ),
    {
      name: METRICS.probeLogins,
      help: "What became of each credential at computers that were asked.",
      type: "counter",
      samples: behind("credential.").map(([name, value]) => {
        const dot = name.lastIndexOf(".");
        return { labels: { credential: name.slice(0, dot), outcome: name.slice(dot + 1) }, value };
      }),
    },
  ];
}
