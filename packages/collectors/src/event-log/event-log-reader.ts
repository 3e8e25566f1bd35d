import { setTimeout as delay } from "node:timers/promises";
import {
  eventQuery,
  LOG_CLEARED,
  plainEventQuery,
  type RuleSwitches,
  type SiteKnowledge,
  type WindowsEvent,
} from "@rollcall/event-rules";
import type { Observation } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { CheckResult, CollectedBatch, CollectOptions, Collector, SourceHealth } from "../collector.ts";
import { findStart } from "./catch-up.ts";
import { EventCounters } from "./event-counters.ts";
import { type Arrival, EventJudge } from "./event-judge.ts";
import { EventLogFault, faultOfStatus, type LogPlace, toEventLogFault } from "./event-log-fault.ts";
import { eventLogHealth } from "./event-log-health.ts";
import {
  CALL_MS,
  DEAD_AFTER_MS,
  type EventLogPort,
  type EventLogSession,
  type LogCursor,
  type LogPosition,
  type LogRecord,
  type NextRecords,
  RECORDS_AT_ONCE,
} from "./event-log-port.ts";
import { channelOf, type EventSourceConfig } from "./event-source-config.ts";
import { type LogBookmark, readBookmark, writeBookmark } from "./log-bookmark.ts";
import { retryDelayMs } from "./retry-delay.ts";
import { isSameRecord } from "./same-record.ts";

/** In a collector's log records of many computers are mixed, and one that was away brings its old ones late. */
const OLDER_IN_A_ROW_COLLECTED = 512;
/** In a server's own log a record may stand out of its turn: its clock was set meanwhile. */
const OLDER_IN_A_ROW = 32;
const CLOCK_EVERY_MS = 10 * 60_000;
/** Beyond this, events from before the connection open nothing. Source: semantics 1 (documented). */
const CLOCK_TOO_FAR_MS = 10 * 60_000;
const EVENTLOG_PROVIDER = "Microsoft-Windows-Eventlog";

export type DecodedRecord =
  | { readonly kind: "event"; readonly event: WindowsEvent }
  | { readonly kind: "damaged"; readonly sentence: string };

export interface EventLogReaderOptions {
  readonly config: EventSourceConfig;
  readonly port: EventLogPort;
  /** Reads one record; one decoder for each reader, because it learns templates. */
  readonly decode: (binXml: Uint8Array) => DecodedRecord;
  readonly site: SiteKnowledge;
  /** How far the server's clock is ahead; null where it cannot be asked. */
  readonly askClockOffset: (signal: AbortSignal) => Promise<number | null>;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: Logger;
  readonly random: () => number;
  /** The addresses that the server was found at: no seats. */
  readonly onServer?: (addresses: readonly string[]) => void;
  readonly test: (signal: AbortSignal) => Promise<readonly CheckResult[]>;
  /** For tests: after how long a call that does not come back means that the server is gone. */
  readonly deadlineMs?: number;
  /** For tests: waits without waiting. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface EventLogReader extends Collector {
  readonly kind: "event-log";
  test(signal: AbortSignal): Promise<readonly CheckResult[]>;
}

/** What a reader knows of itself, for its health. */
export interface ReaderView {
  readonly config: EventSourceConfig;
  readonly counters: EventCounters;
  readonly startedAt: number;
  readonly fault: EventLogFault | null;
  readonly faultSince: number;
  readonly failures: number;
  readonly connectedAt: number | null;
  /** When a call last completed: a sign of life, whether or not it gave records. */
  readonly lastCallAt: number | null;
  readonly clockOffsetMs: number | null;
  readonly login: string | null;
  /** Up to when the log was read, while that is before the connection was made. */
  readonly catchingUpTo: number | null;
  /** When records were found to be missing. */
  readonly lostAt: number | null;
  readonly lostSince: number | null;
}

/**
 * Reads one Windows event log over the network and yields what its events say of who is where.
 *
 * Yields: one batch for each answer that held records, oldest first, with the bookmark behind them; a crash repeats a batch,
 *         and repeats have no effect.
 * Errors: none thrown by `collect`. A fault is shown in `health` with its remedy and tried again, 1 s to 60 s apart with
 *         chance in it, over a new connection to a newly looked-up port. A record that cannot be read comes back in
 *         `rejected`; a log that was cleared is read again from the last event seen, and said.
 * Source: windows-events 3.6 (documented); docs/adr/0022-event-logs-read-as-one-stream.md.
 */
export function createEventLogReader(options: EventLogReaderOptions): EventLogReader {
  return new Reader(options);
}

/** Where reading goes on, over connections. */
interface ReadingPlace {
  bookmark: LogBookmark | null;
  /** The log was cleared since the bookmark was made. */
  isCleared: boolean;
}

class Reader implements EventLogReader {
  readonly kind = "event-log";
  readonly #options: EventLogReaderOptions;
  readonly #place: LogPlace;
  readonly #counters = new EventCounters();
  readonly #judge: EventJudge;
  readonly #startedAt: number;
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  #fault: EventLogFault | null = null;
  #faultSince = 0;
  #failures = 0;
  #connectedAt: number | null = null;
  #lastCallAt: number | null = null;
  #clockOffsetMs: number | null = null;
  #clockAskedAt = 0;
  #login: string | null = null;
  #catchingUpTo: number | null = null;
  #lostAt: number | null = null;
  #lostSince: number | null = null;

  constructor(options: EventLogReaderOptions) {
    const { config } = options;
    this.#options = options;
    this.#place = {
      host: config.host,
      channel: channelOf(config),
      endpointMapperPort: config.endpointMapperPort,
    };
    this.#judge = new EventJudge({
      source: {
        id: config.id,
        kind: config.kind,
        addressSpaceId: config.addressSpaceId,
        lifetimeMs: config.lifetimeMinutes * 60_000,
        label: `Rollcall events ${config.name}`,
        shares: config.shares,
      },
      rulesOff: config.rulesOff,
      rulesOn: config.rulesOn,
      site: options.site,
      counters: this.#counters,
    });
    this.#startedAt = options.now();
    this.#sleep = options.sleep ?? sleepUntilAborted;
  }

  get id(): string {
    return this.#options.config.id;
  }

  test(signal: AbortSignal): Promise<readonly CheckResult[]> {
    return this.#options.test(signal);
  }

  health(): readonly SourceHealth[] {
    const view: ReaderView = {
      config: this.#options.config,
      counters: this.#counters,
      startedAt: this.#startedAt,
      fault: this.#fault,
      faultSince: this.#faultSince,
      failures: this.#failures,
      connectedAt: this.#connectedAt,
      lastCallAt: this.#lastCallAt,
      clockOffsetMs: this.#clockOffsetMs,
      login: this.#login,
      catchingUpTo: this.#catchingUpTo,
      lostAt: this.#lostAt,
      lostSince: this.#lostSince,
    };
    return [eventLogHealth(view, this.#options.now())];
  }

  async *collect({ after, signal }: CollectOptions): AsyncGenerator<CollectedBatch> {
    const at: ReadingPlace = { bookmark: readBookmark(after, this.#place.channel), isCleared: false };
    while (!signal.aborted) {
      try {
        yield* this.#readOn(at, signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#waitAfter(toEventLogFault(error, this.#place), signal);
      }
    }
  }

  async *#readOn(at: ReadingPlace, signal: AbortSignal): AsyncGenerator<CollectedBatch> {
    const session = await this.#options.port.connect(signal);
    const close = () => session.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      this.#connectedAt = this.#options.now();
      this.#login = session.login;
      this.#options.onServer?.(session.serverAddresses);
      await this.#askClock(signal);
      const cursor = await this.#open(session, at, signal);
      at.isCleared = false;
      this.#succeed();
      yield* this.#follow(cursor, at, signal);
    } finally {
      this.#connectedAt = null;
      signal.removeEventListener("abort", close);
      session.close();
    }
  }

  /** Opens the subscription: behind the bookmark, else where the catch-up says. */
  async #open(
    session: EventLogSession,
    { bookmark, isCleared }: ReadingPlace,
    signal: AbortSignal,
  ): Promise<LogCursor> {
    // A cleared log may have counted up to the bookmark's number again: that record would be another one.
    if (bookmark !== null && !isCleared) {
      const opened = await this.#goOn(session, bookmark);
      if (opened !== "stale") return opened;
      this.#lose(bookmark.at);
    }
    const { catchUpMinutes } = this.#options.config;
    // Where the bookmark is lost, everything since the last event that was read: as with a bookmark, however long ago.
    const since = bookmark?.at ?? this.#serverNow() - catchUpMinutes * 60_000;
    const from: LogPosition =
      catchUpMinutes === 0 && bookmark === null
        ? { kind: "future" }
        : await this.#findStart(session, since, signal);
    const opened = await this.#subscribe(session, from);
    if (opened !== "stale") return opened;
    throw new EventLogFault(
      "server-fault",
      `${this.#place.channel} of ${this.#place.host} was cleared while it was read`,
      "nothing: it is read again",
    );
  }

  async #goOn(session: EventLogSession, bookmark: LogBookmark): Promise<LogCursor | "stale"> {
    const isOwnLog = this.#options.config.kind !== "event-collector";
    if (isOwnLog && !(await isSameRecord(session, bookmark, (record) => this.#timeOf(record))))
      return "stale";
    return this.#subscribe(session, { kind: "after", recordNumber: bookmark.recordNumber });
  }

  async #findStart(session: EventLogSession, since: number, signal: AbortSignal): Promise<LogPosition> {
    const find = (query: string) =>
      findStart(
        session,
        { channel: this.#place.channel, query },
        {
          since,
          olderInARow:
            this.#options.config.kind === "event-collector" ? OLDER_IN_A_ROW_COLLECTED : OLDER_IN_A_ROW,
          timeOf: (record) => this.#timeOf(record),
          place: this.#place,
          signal,
          onCall: () => this.#completed(),
        },
      );
    const found = await this.#withQuery(find);
    this.#counters.add("catchUps");
    this.#options.log.info(
      { sourceId: this.id, count: found.records, host: this.#place.host },
      "event log is caught up with",
    );
    return found.from;
  }

  async #subscribe(session: EventLogSession, from: LogPosition): Promise<LogCursor | "stale"> {
    return this.#withQuery(async (query) => {
      const opened = await session.follow({ channel: this.#place.channel, query }, from);
      this.#completed();
      if (opened.kind === "open") return opened.cursor;
      if (opened.kind === "stale") return "stale";
      throw faultOfStatus(opened.status, opened.name, this.#place);
    });
  }

  /** With the query of the configuration; else with ours, and with the plain one where the server cannot use that. */
  async #withQuery<T>(run: (query: string) => Promise<T>): Promise<T> {
    const { query, kind, shares } = this.#options.config;
    if (query !== undefined) return run(query);
    const wish = { kind, channels: [this.#place.channel], rules: this.rules, shares };
    try {
      return await run(eventQuery(wish));
    } catch (error) {
      if (!(error instanceof EventLogFault) || error.code !== "query-refused") throw error;
      this.#counters.set("plainQuery", 1);
      return run(plainEventQuery(wish));
    }
  }

  get rules(): RuleSwitches {
    return this.#judge.rules;
  }

  async *#follow(cursor: LogCursor, at: ReadingPlace, signal: AbortSignal): AsyncGenerator<CollectedBatch> {
    const ask = (): Promise<NextRecords> => {
      const asked = cursor.next(RECORDS_AT_ONCE, CALL_MS);
      // Whoever stops in between leaves it to end by itself.
      asked.catch(() => undefined);
      return asked;
    };
    let asked = ask();
    for (;;) {
      const got = await this.#inTime(asked);
      if (signal.aborted) return;
      this.#completed();
      if (this.#options.now() - this.#clockAskedAt >= CLOCK_EVERY_MS) void this.#askClock(signal);
      switch (got.kind) {
        case "records": {
          // The next ones are on their way while these are judged and written.
          asked = ask();
          const batch = this.#read(got.records);
          yield batch.collected;
          at.bookmark = batch.bookmark ?? at.bookmark;
          break;
        }
        case "nothing": {
          this.#catchingUpTo = null;
          asked = ask();
          const observations = this.#judge.again(this.#arrivalOfOld());
          if (observations.length > 0) yield { observations, facts: [], rejected: [], bookmark: null };
          break;
        }
        case "end":
          throw new EventLogFault(
            "server-fault",
            `${this.#place.host} ended the subscription`,
            "nothing: it is begun again",
          );
        case "stale":
          this.#lose(at.bookmark?.at ?? this.#startedAt);
          at.isCleared = true;
          throw new EventLogFault(
            "server-fault",
            `${this.#place.channel} of ${this.#place.host} was cleared`,
            "nothing: it is read on",
          );
        case "refused":
          throw faultOfStatus(got.status, got.name, this.#place);
      }
    }
  }

  /** A server that hangs keeps its socket open: it is left when it has missed three answers. */
  async #inTime<T>(asked: Promise<T>): Promise<T> {
    const { promise, reject } = deferred<never>();
    const timer = setTimeout(
      () =>
        reject(
          new EventLogFault(
            "unreachable",
            `${this.#place.host} has stopped answering`,
            "check that the server runs, and that a firewall in between has not forgotten the connection",
          ),
        ),
      this.#options.deadlineMs ?? DEAD_AFTER_MS,
    );
    try {
      return await Promise.race([asked, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #read(records: readonly LogRecord[]): {
    readonly collected: CollectedBatch;
    readonly bookmark: LogBookmark | null;
  } {
    const { receivedAt, clockOffsetMs } = this.#arrivalNow();
    const judgeOne = this.#judge.open({ receivedAt, clockOffsetMs });
    const judgeOld = this.#judge.open(this.#arrivalOfOld());
    const connectedAt = this.#connectedAt ?? receivedAt;
    const observations: Observation[] = [...this.#judge.again(this.#arrivalOfOld())];
    let damaged = 0;
    let sample: string | null = null;
    let newest: number | null = null;
    // Of the last record that can be read: its time must be the one that is found under its number later.
    let bookmark: LogBookmark | null = null;
    for (const { recordNumber, binXml } of records) {
      const decoded = this.#options.decode(binXml);
      if (decoded.kind === "damaged") {
        damaged += 1;
        sample ??= decoded.sentence;
        continue;
      }
      const { event } = decoded;
      if (Number.isSafeInteger(event.time)) {
        newest = Math.max(newest ?? 0, event.time);
        bookmark = { channel: this.#place.channel, recordNumber, at: event.time };
      }
      if (event.eventId === LOG_CLEARED && event.provider === EVENTLOG_PROVIDER) {
        this.#counters.add("logCleared");
        continue;
      }
      const isOld = event.time - clockOffsetMs < connectedAt;
      for (const made of isOld ? judgeOld(event) : judgeOne(event)) observations.push(made);
    }
    this.#counters.received(records.length, receivedAt);
    this.#counters.set("waiting", this.#judge.waiting);
    if (damaged > 0) this.#counters.add("refused", damaged);
    if (newest !== null) {
      const happenedAt = newest - clockOffsetMs;
      this.#counters.set("lagMs", Math.max(0, receivedAt - happenedAt));
      this.#catchingUpTo = happenedAt < connectedAt - CALL_MS ? happenedAt : null;
    }
    return {
      bookmark,
      collected: {
        observations,
        facts: [],
        rejected:
          damaged === 0 ? [] : [{ sourceId: this.id, reason: "damaged-record", count: damaged, sample }],
        bookmark: bookmark === null ? null : writeBookmark(bookmark),
      },
    };
  }

  /** Events from before the connection, and those that waited, open nothing while the clock is too far off. */
  #arrivalOfOld(): Arrival {
    const now = this.#arrivalNow();
    return Math.abs(now.clockOffsetMs) > CLOCK_TOO_FAR_MS ? { ...now, cap: "D" } : now;
  }

  #arrivalNow(): { readonly receivedAt: number; readonly clockOffsetMs: number } {
    return { receivedAt: this.#options.now(), clockOffsetMs: this.#clockOffsetMs ?? 0 };
  }

  #timeOf({ binXml }: LogRecord): number | null {
    const decoded = this.#options.decode(binXml);
    return decoded.kind === "event" ? decoded.event.time : null;
  }

  #completed(): void {
    this.#lastCallAt = this.#options.now();
    this.#counters.add("calls");
  }

  /** The server's own time, as far as it is known. */
  #serverNow(): number {
    return this.#options.now() + (this.#clockOffsetMs ?? 0);
  }

  async #askClock(signal: AbortSignal): Promise<void> {
    this.#clockAskedAt = this.#options.now();
    const offset = await this.#options.askClockOffset(signal).catch(() => null);
    // Once known it is kept: a server that does not answer this time has not changed its clock.
    if (offset === null) return;
    this.#clockOffsetMs = offset;
    this.#counters.set("clockOffsetMs", offset);
  }

  #lose(since: number): void {
    this.#lostAt = this.#options.now();
    this.#lostSince = since;
    this.#counters.add("bookmarksLost");
    this.#options.log.warn(
      { sourceId: this.id, host: this.#place.host },
      "event log was cleared or has rolled over: read again from the last event seen",
    );
  }

  #succeed(): void {
    if (this.#fault !== null) this.#options.log.info({ sourceId: this.id }, "event log answers again");
    this.#fault = null;
    this.#failures = 0;
    this.#counters.add("connections");
  }

  async #waitAfter(fault: EventLogFault, signal: AbortSignal): Promise<void> {
    const { now, log, random, port } = this.#options;
    if (this.#fault === null) this.#faultSince = now();
    this.#fault = fault;
    this.#failures += 1;
    this.#counters.add("faults");
    const isPaused = fault.code === "login-paused";
    const ms = retryDelayMs(fault.code, this.#failures, random);
    log.warn(
      {
        sourceId: this.id,
        code: fault.code,
        reason: fault.message,
        remedy: fault.remedy,
        attempt: this.#failures,
        ...(isPaused ? {} : { delayMs: ms }),
      },
      isPaused ? "event log not read until its login is usable" : "event log not read",
    );
    if (isPaused) await port.untilLoginUsable(signal);
    else await this.#sleep(ms, signal);
  }
}

function deferred<T>(): { readonly promise: Promise<T>; readonly reject: (reason: Error) => void } {
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<T>((_resolve, fail) => {
    reject = fail;
  });
  return { promise, reject };
}

async function sleepUntilAborted(ms: number, signal: AbortSignal): Promise<void> {
  // An abort ends the wait; who waits asks the signal what to do next.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
