/** Records asked for in one call. */
export const RECORDS_AT_ONCE = 256;
/** A call for records that finds none comes back after this. */
export const CALL_MS = 5000;
/** Three of them without an answer are a server that is gone, whatever its socket says. */
export const DEAD_AFTER_MS = 3 * CALL_MS;

/** One record as the server hands it over. */
export interface LogRecord {
  /** Its number in the log that is read, which in a collector's log is not the number it carries itself. */
  readonly recordNumber: bigint;
  readonly binXml: Uint8Array;
}

/** What one call for records gave. */
export type NextRecords =
  | { readonly kind: "records"; readonly records: readonly LogRecord[] }
  /** Nothing within the time asked for: a sign of life. */
  | { readonly kind: "nothing" }
  /** A query has given all it has. */
  | { readonly kind: "end" }
  /** The log was cleared, or the record after which to go on has rolled over. */
  | { readonly kind: "stale" }
  | { readonly kind: "refused"; readonly status: number; readonly name: string };

/** One query or subscription on a connection. One call at a time. */
export interface LogCursor {
  next(max: number, timeoutMs: number): Promise<NextRecords>;
  close(): Promise<void>;
}

export type OpenedCursor =
  | { readonly kind: "open"; readonly cursor: LogCursor }
  | { readonly kind: "stale" }
  | { readonly kind: "refused"; readonly status: number; readonly name: string };

/** Where a subscription begins. */
export type LogPosition =
  | { readonly kind: "after"; readonly recordNumber: bigint }
  | { readonly kind: "oldest" }
  | { readonly kind: "future" };

export interface LogPlaceAndQuery {
  readonly channel: string;
  readonly query: string;
}

/** A server that has let us in. Handles die with it. */
export interface EventLogSession {
  /** The addresses the server's name stands for, as the connection found them. */
  readonly serverAddresses: readonly string[];
  readonly login: string;
  newestFirst(what: LogPlaceAndQuery): Promise<OpenedCursor>;
  follow(what: LogPlaceAndQuery, from: LogPosition): Promise<OpenedCursor>;
  channels(): Promise<readonly string[]>;
  close(): void;
}

/** The way to a server: name, endpoint mapper, port, login. Throws `EventLogFault`, or what the socket threw. */
export interface EventLogPort {
  connect(signal: AbortSignal): Promise<EventLogSession>;
  /** Waits, after `login-paused`, until a login makes sense again. */
  untilLoginUsable(signal: AbortSignal): Promise<void>;
}
