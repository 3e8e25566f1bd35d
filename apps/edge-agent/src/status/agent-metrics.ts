import type { CredentialState } from "@rollcall/agent-protocol";
import type { SourceHealth } from "@rollcall/collectors/collector";
import { loopDelay, METRICS } from "@rollcall/observability";
import type { FirewallContact } from "@rollcall/srx-server";
import type { ReportSources } from "./agent-report.ts";
import type { Metric } from "./metrics-text.ts";
import { probeMetrics } from "./probe-metrics.ts";
import { pushMetrics } from "./push-report.ts";
import type { StatusDocument } from "./status-document.ts";

/** Counters of a source by the names that every collector shares. */
const SOURCE_COUNTERS: readonly (readonly [string, string, string])[] = [
  ["received", METRICS.collectorRecordsReceived, "Records a source sent."],
  ["matched", METRICS.collectorRecordsMatched, "Records a rule took."],
  ["unmatched", METRICS.collectorRecordsUnmatched, "Records no rule meant."],
  ["refused", METRICS.collectorRecordsRejected, "Records that could not be used."],
  ["dropped", METRICS.collectorRecordsDropped, "Records that were not read."],
  ["observations", METRICS.collectorObservations, "Observations made of records."],
];

/** What a source measures now, and not in all. */
const SOURCE_GAUGES: readonly (readonly [string, string, string])[] = [
  ["lagMs", METRICS.collectorLag, "How long after it happened the newest record came, ms."],
  ["clockOffsetMs", METRICS.collectorClockOffset, "How far the source's clock is ahead, ms."],
];

/** Counters of event logs that have a name of their own behind the dot. */
const EVENT_COUNTERS: readonly (readonly [prefix: string, label: string, name: string, help: string])[] = [
  ["rule.", "rule", METRICS.eventRuleHits, "Windows events that a rule took, by rule."],
  ["ignored.", "reason", METRICS.eventsIgnored, "Windows events that yielded nothing, by reason."],
];

/** Everything a metrics reader is given, as of now. */
export function metricsOf(
  from: ReportSources,
  seen: {
    readonly sources: readonly SourceHealth[];
    readonly firewalls: readonly FirewallContact[];
    readonly spool: StatusDocument["spool"];
  },
): Metric[] {
  const { keeper, commits, door, syslog, link, sender } = from;
  const one = (name: string, help: string, type: Metric["type"], value: number): Metric => ({
    name,
    help,
    type,
    samples: [{ value }],
  });
  const ofSources = (list: typeof SOURCE_COUNTERS, type: Metric["type"]): Metric[] =>
    list.map(([counter, name, help]) => ({
      name,
      help,
      type,
      samples: seen.sources.flatMap((source) => {
        const value = source.counters[counter];
        return value === undefined ? [] : [{ labels: { source: source.id, kind: source.kind }, value }];
      }),
    }));
  const ofEvents = EVENT_COUNTERS.map(
    ([prefix, label, name, help]): Metric => ({
      name,
      help,
      type: "counter",
      samples: seen.sources
        .filter(({ kind }) => kind === "event-log" || kind === "wef")
        .flatMap((source) =>
          Object.entries(source.counters)
            .filter(([counter]) => counter.startsWith(prefix))
            .map(([counter, value]) => ({
              labels: { source: source.id, [label]: counter.slice(prefix.length) },
              value,
            })),
        ),
    }),
  );
  const ofLogins = (
    name: string,
    help: string,
    type: Metric["type"],
    read: (login: CredentialState) => readonly { readonly outcome?: string; readonly value: number }[],
  ): Metric => ({
    name,
    help,
    type,
    samples: from.site.credentials.states().flatMap((login) =>
      read(login).map(({ outcome, value }) => ({
        labels: { credential: login.credentialId, ...(outcome === undefined ? {} : { outcome }) },
        value,
      })),
    ),
  });
  const ofFirewalls = (name: string, help: string, read: (contact: FirewallContact) => number): Metric => ({
    name,
    help,
    type: "counter",
    samples: seen.firewalls.map((contact) => ({
      labels: { enforcement_point: contact.enforcementPointId },
      value: read(contact),
    })),
  });
  return [
    ...ofSources(SOURCE_COUNTERS, "counter"),
    ...ofSources(SOURCE_GAUGES, "gauge"),
    ...ofEvents,
    ...probeMetrics(seen.sources),
    {
      name: "directory_counts",
      help: "What a directory's reader counts, by the names of docs/protocol/directory.md.",
      type: "gauge",
      samples: seen.sources
        .filter(({ kind }) => kind === "directory")
        .flatMap(({ id, counters }) =>
          Object.entries(counters).map(([counter, value]) => ({ labels: { source: id, counter }, value })),
        ),
    },
    {
      name: "source_up",
      help: "1 while a source is well.",
      type: "gauge",
      samples: seen.sources.map((source) => ({
        labels: { source: source.id, kind: source.kind },
        value: source.state === "ok" ? 1 : 0,
      })),
    },
    {
      name: METRICS.collectorLastActivity,
      help: "When a source was last heard, epoch ms.",
      type: "gauge",
      samples: seen.sources.flatMap((source) =>
        source.lastActivityAt === null
          ? []
          : [{ labels: { source: source.id }, value: source.lastActivityAt }],
      ),
    },
    ofLogins(
      "credential_logins_total",
      "Logins with a credential, let in or refused.",
      "counter",
      (login) => [
        { outcome: "accepted", value: login.successes },
        { outcome: "refused", value: login.failures },
      ],
    ),
    ofLogins("credential_paused", "1 while a credential is not tried any more.", "gauge", (login) => [
      { value: login.state === "paused" ? 1 : 0 },
    ]),
    one(
      METRICS.syslogConnections,
      "Open syslog connections.",
      "gauge",
      syslog?.counters.connections ?? Number.NaN,
    ),
    one(
      METRICS.syslogUnknownSenderLines,
      "Lines from senders that are not listed.",
      "counter",
      syslog?.counters.unknownSenderLines ?? Number.NaN,
    ),
    one(METRICS.directoryPrincipals, "Principals the directories know.", "gauge", keeper.directorySize),
    one(
      METRICS.sessionTableSize,
      "Addresses with somebody or something known.",
      "gauge",
      keeper.table.liveCount,
    ),
    one(METRICS.sessionTableRevision, "The newest revision.", "gauge", keeper.table.revision),
    one(METRICS.spoolPending, "Items the cloud has not acknowledged.", "gauge", seen.spool.pending),
    one(METRICS.spoolBytes, "Bytes the cloud has not acknowledged.", "gauge", seen.spool.bytes),
    one("store_up", "1 while the store takes writes.", "gauge", commits.storeState.state === "ok" ? 1 : 0),
    one(
      "portal_up",
      "1 while the portal answers.",
      "gauge",
      link === null ? Number.NaN : link.status.state === "connected" ? 1 : 0,
    ),
    one(
      METRICS.uplinkBatches,
      "Batches the cloud has acknowledged.",
      "counter",
      sender?.state.batches ?? Number.NaN,
    ),
    loopDelayMetric(),
    ofFirewalls(METRICS.srxTokens, "Tokens given to firewalls.", (contact) => contact.tokens),
    ofFirewalls(METRICS.srxBatches, "Batch queries answered.", (contact) => contact.batches),
    ofFirewalls(METRICS.srxIpQueries, "Address queries answered.", (contact) => contact.ipQueries),
    ofFirewalls(METRICS.srxEntriesSent, "Entries handed to firewalls.", (contact) => contact.entriesSent),
    ofFirewalls(
      METRICS.srxRefusals,
      "Requests of firewalls that were refused.",
      (contact) => contact.refused,
    ),
    ...pushMetrics(from.push.states()),
    {
      name: METRICS.srxUserReports,
      help: "Logons and logoffs that firewalls reported, recorded or refused.",
      type: "counter",
      samples:
        door === null
          ? []
          : [
              { labels: { outcome: "recorded" }, value: door.counters.userReports },
              { labels: { outcome: "refused" }, value: door.counters.userReportsRefused },
            ],
    },
    one(
      "srx_connections",
      "Open connections of firewalls.",
      "gauge",
      door?.counters.connections ?? Number.NaN,
    ),
    {
      name: "suppressed_total",
      help: "Observations kept back, by rule.",
      type: "counter",
      samples: [...keeper.suppressed].map(([rule, value]) => ({ labels: { rule }, value })),
    },
    one("process_resident_memory_bytes", "Resident memory.", "gauge", process.memoryUsage.rss()),
    one("process_start_time_seconds", "When the agent started.", "gauge", from.startedAt / 1000),
  ];
}

function loopDelayMetric(): Metric {
  const { p50Ms, p99Ms, maxMs } = loopDelay();
  const sample = (quantile: string, value: number) => ({ labels: { quantile }, value });
  return {
    name: METRICS.eventLoopDelay,
    help: "How late the agent comes to what is due, over the last minute or two.",
    type: "gauge",
    samples: [sample("0.5", p50Ms), sample("0.99", p99Ms), sample("1", maxMs)],
  };
}
