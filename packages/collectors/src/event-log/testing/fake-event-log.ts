import type { WindowsEvent } from "@rollcall/event-rules";
import type { EventLogFault } from "../event-log-fault.ts";
import type {
  EventLogPort,
  EventLogSession,
  LogCursor,
  LogPosition,
  LogRecord,
  NextRecords,
  OpenedCursor,
} from "../event-log-port.ts";
import type { DecodedRecord } from "../event-log-reader.ts";

interface Kept {
  readonly recordNumber: bigint;
  readonly event: WindowsEvent | null;
}

/**
 * A server's event log where a reader can go wrong: it may be cleared with or without beginning to count anew, roll over, be
 * away, refuse, and end a connection in the middle. Records are kept as events; their bytes are an index into them.
 */
export class FakeEventLog implements EventLogPort {
  /** What a connection is refused with. */
  fault: EventLogFault | null = null;
  refusesQueryWith: number | null = null;
  login = "kerberos";
  connections = 0;
  readonly followed: LogPosition[] = [];
  readonly queries: string[] = [];
  /** How many records a newest-first read handed out. */
  skimmed = 0;
  /** Called while somebody waits for a usable login. */
  onLoginWaited: (makeUsable: () => void) => void = () => undefined;
  #records: Kept[] = [];
  #all: (WindowsEvent | null)[] = [];
  #nextNumber = 1n;
  #isCleared = false;
  readonly #waiting = new Set<() => void>();
  readonly #open = new Set<{ isGone: boolean }>();

  add(...events: readonly (WindowsEvent | null)[]): void {
    for (const event of events) this.#records.push({ recordNumber: this.#nextNumber++, event });
    this.#wake();
  }

  /** Subscriptions that stand see nothing of it; whoever comes with an older bookmark is told that it is stale. */
  clear({ countsAnew }: { readonly countsAnew: boolean }): void {
    this.#records = [];
    this.#isCleared = true;
    if (countsAnew) this.#nextNumber = 1n;
  }

  /** The oldest records make room. */
  rollOver(keep: number): void {
    this.#records = this.#records.slice(-keep);
  }

  /** Ends every connection. */
  drop(): void {
    for (const session of this.#open) session.isGone = true;
    this.#wake();
  }

  /** Answers every call that waits with "nothing". */
  tick(): void {
    this.#wake();
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  readonly decode = (bytes: Uint8Array): DecodedRecord => {
    const event = this.#all[new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)];
    return event ? { kind: "event", event } : { kind: "damaged", sentence: "the record ends early" };
  };

  async connect(signal: AbortSignal): Promise<EventLogSession> {
    this.connections += 1;
    signal.throwIfAborted();
    if (this.fault !== null) throw this.fault;
    const session = { isGone: false };
    this.#open.add(session);
    return {
      serverAddresses: ["10.0.0.1"],
      login: this.login,
      newestFirst: async ({ query }) => this.#newestFirst(session, query),
      follow: async ({ query }, from) => this.#follow(session, query, from),
      channels: async () => ["Security"],
      close: () => {
        session.isGone = true;
        this.#open.delete(session);
        this.#wake();
      },
    };
  }

  untilLoginUsable(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
      this.onLoginWaited(resolve);
    });
  }

  #newestFirst(session: { isGone: boolean }, query: string): OpenedCursor {
    this.queries.push(query);
    if (this.refusesQueryWith !== null && query.includes("<Suppress"))
      return { kind: "refused", status: this.refusesQueryWith, name: "EVT_INVALID_QUERY" };
    const wanted = /EventRecordID=(\d+)/.exec(query)?.[1];
    const left = this.#records
      .filter(({ recordNumber }) => wanted === undefined || `${recordNumber}` === wanted)
      .reverse();
    return this.#cursor(session, async (max) => {
      const records = left.splice(0, max);
      this.skimmed += records.length;
      return records.length === 0
        ? { kind: "end" }
        : { kind: "records", records: records.map((one) => this.#sent(one)) };
    });
  }

  #follow(session: { isGone: boolean }, query: string, from: LogPosition): OpenedCursor {
    this.queries.push(query);
    this.followed.push(from);
    const isThere = (number: bigint) => this.#records.some(({ recordNumber }) => recordNumber === number);
    if (from.kind === "after" && !isThere(from.recordNumber)) return { kind: "stale" };
    let after =
      from.kind === "after"
        ? from.recordNumber
        : from.kind === "oldest"
          ? 0n
          : (this.#records.at(-1)?.recordNumber ?? this.#nextNumber - 1n);
    this.#isCleared = false;
    return this.#cursor(session, async (max) => {
      const due = () => this.#records.filter(({ recordNumber }) => recordNumber > after).slice(0, max);
      if (due().length === 0) await this.#somethingHappens();
      if (session.isGone) throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
      if (this.#isCleared) return { kind: "stale" };
      const records = due();
      after = records.at(-1)?.recordNumber ?? after;
      return records.length === 0
        ? { kind: "nothing" }
        : { kind: "records", records: records.map((one) => this.#sent(one)) };
    });
  }

  #cursor(session: { isGone: boolean }, next: (max: number) => Promise<NextRecords>): OpenedCursor {
    const cursor: LogCursor = {
      next: async (max) => {
        if (session.isGone) throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
        return next(max);
      },
      close: async () => undefined,
    };
    return { kind: "open", cursor };
  }

  #sent({ recordNumber, event }: Kept): LogRecord {
    this.#all.push(event);
    const binXml = new Uint8Array(4);
    new DataView(binXml.buffer).setUint32(0, this.#all.length - 1);
    return { recordNumber, binXml };
  }

  #somethingHappens(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
