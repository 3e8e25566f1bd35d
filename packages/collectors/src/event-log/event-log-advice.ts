import { EVENT_RULES, plainEventQuery, switchesOf } from "@rollcall/event-rules";
import type { CheckResult } from "../collector.ts";
import { auditGaps, auditpolLine } from "./audit-policy.ts";
import { CALL_MS, type EventLogSession, RECORDS_AT_ONCE } from "./event-log-port.ts";
import type { DecodedRecord } from "./event-log-reader.ts";
import { channelOf, type EventSourceConfig } from "./event-source-config.ts";

/** How far back is looked for events that are missing. */
const LOOKED_AT_MAX = 1024;
/** With fewer events than this nothing is said of those that are not among them. */
const LOOKED_AT_MIN = 50;
/** From here on a difference is said, and from there on mappings suffer. Source: rulings, "Lifetime and clocks". */
const CLOCK_SAID_MS = 5000;
const CLOCK_DEGRADED_MS = 60_000;
/** "The server-side authentication level policy does not allow": DCOM calls refused since 2023. Source: KB5004442 (documented). */
const DCOM_REFUSED: readonly number[] = [10036, 10037, 10038];

export interface AdviceOptions {
  readonly config: EventSourceConfig;
  readonly session: EventLogSession;
  readonly decode: (binXml: Uint8Array) => DecodedRecord;
  /** How far the server's clock is ahead, ms; null where it cannot be asked. */
  readonly askClockOffset: (signal: AbortSignal) => Promise<number | null>;
}

/**
 * What could be better at a log that can be read.
 *
 * Shape:  one check each, in order. One that is `ok` and has a remedy is advice: the source works without it.
 * Errors: none thrown but the signal's; what cannot be looked at is said to be so.
 */
export async function adviseOnLog(
  options: AdviceOptions,
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const checks: CheckResult[] = [];
  for (const look of [auditPolicy, hardening, clock]) {
    signal.throwIfAborted();
    checks.push(await look(options, signal));
  }
  return checks;
}

async function auditPolicy({ config, session, decode }: AdviceOptions): Promise<CheckResult> {
  const name = "Audit policy";
  const channel = channelOf(config);
  const rules = switchesOf(config.rulesOff, config.rulesOn);
  const query = plainEventQuery({ kind: config.kind, channels: [channel], rules });
  const seen = await newestOf({ session, channel, query, max: LOOKED_AT_MAX }, decode);
  if (seen === null) return { name, ok: true, detail: `${channel} could not be searched for it` };
  const ids = [...new Set(seen)].sort((a, b) => a - b).join(", ");
  if (seen.length < LOOKED_AT_MIN)
    return { name, ok: true, detail: `${seen.length} events (${ids}) are too few to say what is missing` };
  const wanted = new Set(
    EVENT_RULES.filter((rule) => rule.sources.includes(config.kind) && rules.isOn(rule.id)).map(
      ({ eventId }) => eventId,
    ),
  );
  const gaps = auditGaps(wanted, new Set(seen));
  const found = `The newest ${seen.length} events are ${ids}`;
  if (gaps.length === 0) return { name, ok: true, detail: found };
  const missing = gaps.map((gap) => `${gap.name} (${gap.eventIds.join(", ")})`).join(" and ");
  const where =
    config.kind === "event-collector"
      ? "on the computers that forward"
      : `on ${config.host}, as administrator`;
  return {
    name,
    ok: true,
    detail: `${found}; none is of ${missing}`,
    remedy: `${where}: ${gaps.map(auditpolLine).join(" ; ")} (or the same by group policy, which wins over it)`,
  };
}

async function hardening({ config, session, decode }: AdviceOptions): Promise<CheckResult> {
  const name = "DCOM";
  const any = DCOM_REFUSED.map((id) => `EventID=${id}`).join(" or ");
  const channel = "System";
  const seen = await newestOf({ session, channel, query: `*[System[${any}]]`, max: RECORDS_AT_ONCE }, decode);
  if (seen === null)
    return { name, ok: true, detail: `System of ${config.host} cannot be read: not looked at` };
  const refused = seen.filter((id) => DCOM_REFUSED.includes(id));
  if (refused.length === 0)
    return { name, ok: true, detail: "No call was refused for its authentication level (10036 to 10038)" };
  const count = refused.length === RECORDS_AT_ONCE ? `${refused.length} or more` : `${refused.length}`;
  return {
    name,
    ok: true,
    detail: `${count} calls were refused for their authentication level (${[...new Set(refused)].sort().join(", ")})`,
    remedy:
      "see who calls in those events of System: that program needs an update (KB5004442); this agent calls with packet privacy",
  };
}

async function clock({ config, askClockOffset }: AdviceOptions, signal: AbortSignal): Promise<CheckResult> {
  const name = "Clock";
  const offset = await askClockOffset(signal).catch(() => null);
  if (offset === null) return { name, ok: true, detail: `${config.host} does not tell its time` };
  const apart = Math.abs(offset);
  const seconds = Math.round(apart / 1000);
  const detail =
    apart < CLOCK_SAID_MS
      ? `${config.host} and this machine agree on the time`
      : `The clock of ${config.host} is ${seconds} s ${offset > 0 ? "ahead of" : "behind"} this machine's`;
  if (apart < CLOCK_SAID_MS) return { name, ok: true, detail };
  const remedy = "let both take their time from one source: w32tm /resync there, NTP here";
  return { name, ok: apart < CLOCK_DEGRADED_MS, detail, remedy };
}

/** The numbers of the newest events that a query takes; null where the log cannot be read. */
async function newestOf(
  what: {
    readonly session: EventLogSession;
    readonly channel: string;
    readonly query: string;
    readonly max: number;
  },
  decode: AdviceOptions["decode"],
): Promise<readonly number[] | null> {
  const { session, channel, query, max } = what;
  const opened = await session.newestFirst({ channel, query });
  if (opened.kind !== "open") return null;
  const ids: number[] = [];
  try {
    while (ids.length < max) {
      const got = await opened.cursor.next(RECORDS_AT_ONCE, CALL_MS);
      if (got.kind !== "records") break;
      for (const { binXml } of got.records) {
        const decoded = decode(binXml);
        if (decoded.kind === "event") ids.push(decoded.event.eventId);
      }
    }
    return ids;
  } finally {
    await opened.cursor.close().catch(() => undefined);
  }
}
