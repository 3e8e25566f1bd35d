import { EventLogFault, faultOfStatus, type LogPlace } from "./event-log-fault.ts";
import {
  CALL_MS,
  type EventLogSession,
  type LogPlaceAndQuery,
  type LogPosition,
  type LogRecord,
  RECORDS_AT_ONCE,
} from "./event-log-port.ts";

export interface FoundStart {
  readonly from: LogPosition;
  /** Records newer than the cut-off: what is about to be read. */
  readonly records: number;
}

/**
 * Finds where to begin so that nothing after `since` is missed: reads the log newest first and stops where it is
 * older. What is read on the way is let go; the subscription that begins behind that record then hands everything
 * out, oldest first, without a gap to what comes live, and nothing has to be held in between.
 *
 * Shape:  `oldest` where the whole log is newer, and where it holds nothing that the query takes: a record that is written
 *         before the subscription stands would be missed by `future`.
 * Units:  `since` in epoch ms by the server's clock.
 * Errors: `EventLogFault`; aborts by throwing the signal's reason.
 * Source: windows-events 3.6 (documented); docs/adr/0022-event-logs-read-as-one-stream.md.
 */
export async function findStart(
  session: EventLogSession,
  what: LogPlaceAndQuery,
  options: {
    readonly since: number;
    /** How many older records in a row mean that only older ones follow: 1 in a log that is strictly in the order of time. */
    readonly olderInARow: number;
    /** When a record happened; null where it cannot be read. */
    readonly timeOf: (record: LogRecord) => number | null;
    readonly place: LogPlace;
    readonly signal: AbortSignal;
    readonly onCall: () => void;
  },
): Promise<FoundStart> {
  const opened = await session.newestFirst(what);
  if (opened.kind === "stale") return { from: { kind: "future" }, records: 0 };
  if (opened.kind === "refused") throw faultOfStatus(opened.status, opened.name, options.place);
  const { cursor } = opened;
  let records = 0;
  let older = 0;
  let behind: LogPosition | null = null;
  try {
    for (;;) {
      options.signal.throwIfAborted();
      const got = await cursor.next(RECORDS_AT_ONCE, CALL_MS);
      options.onCall();
      switch (got.kind) {
        case "records":
          for (const record of got.records) {
            const time = options.timeOf(record);
            if (time === null || time >= options.since) {
              records += older + 1;
              older = 0;
              continue;
            }
            if (older === 0) behind = { kind: "after", recordNumber: record.recordNumber };
            older += 1;
            if (older >= options.olderInARow && behind !== null) return { from: behind, records };
          }
          break;
        case "nothing":
          break;
        case "end":
          if (older > 0 && behind !== null) return { from: behind, records };
          return { from: { kind: "oldest" }, records };
        case "stale":
          throw new EventLogFault(
            "server-fault",
            `${options.place.channel} of ${options.place.host} was cleared while it was read`,
            "nothing: it is read again",
          );
        case "refused":
          throw faultOfStatus(got.status, got.name, options.place);
      }
    }
  } finally {
    // The connection may be gone; then the server has let go of it already.
    await cursor.close().catch(() => undefined);
  }
}
