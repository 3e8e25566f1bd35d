import type { CallOptions } from "../dcerpc/index.ts";
import { NdrFault } from "../ndr/index.ts";
import {
  decodeChannelList,
  decodeClosed,
  decodeLogInfo,
  decodeNext,
  decodeOpenedLog,
  decodeRegistered,
  type RpcInfo,
} from "./answers.ts";
import { bookmarkXml } from "./bookmark-xml.ts";
import { LIMIT, LOG_PROPERTY, OPNUM, QUERY, SUBSCRIBE } from "./event-log-interface.ts";
import { EVENT_LOG_STATUS, eventLogStatusName, kindOfStatus } from "./event-log-status.ts";
import {
  encodeChannelList,
  encodeClose,
  encodeLogInfo,
  encodeNext,
  encodeOpenLog,
  encodeQuery,
  encodeSubscribe,
} from "./requests.ts";
import { type EventLogRecord, readResultSet } from "./result-set.ts";

/** What is needed of an `RpcConnection` to the interface `EVENT_LOG`, logged in with packet privacy. */
export interface EventLogConnection {
  call(opnum: number, stub: Uint8Array, options?: CallOptions): Promise<Buffer>;
  close(): void;
}

export interface Refused {
  readonly kind: "refused";
  readonly status: number;
  /** As winerror.h names it. */
  readonly name: string;
  /** Where the query is wrong, as far as the server says. */
  readonly info?: RpcInfo;
}

export type NextRecords =
  | { readonly kind: "records"; readonly records: readonly EventLogRecord[] }
  /** Nothing within the time asked for: a sign of life. */
  | { readonly kind: "nothing" }
  /** A query has given all it has. */
  | { readonly kind: "end" }
  /** The log was cleared, or the record to go on from has rolled over. */
  | { readonly kind: "stale" }
  | Refused;

/** One query or subscription; its handle dies with the connection. */
export interface EventLogCursor {
  next(max: number, timeoutMs: number): Promise<NextRecords>;
  close(): Promise<void>;
}

export type OpenedCursor =
  | { readonly kind: "open"; readonly cursor: EventLogCursor }
  | { readonly kind: "stale" }
  | Refused;

export type LogPosition =
  | { readonly kind: "after"; readonly recordNumber: bigint }
  | { readonly kind: "oldest" }
  | { readonly kind: "future" };

export interface LogAndQuery {
  /** Path of the log, such as `Security`. */
  readonly channel: string;
  /** XPath, or structured XML. */
  readonly query: string;
}

export interface EventLogSession {
  /** What is there, newest record first, then the end. */
  newestFirst(what: LogAndQuery): Promise<OpenedCursor>;
  /** What is there from `from` on, oldest first, and everything that is written from then on. */
  follow(what: LogAndQuery, from: LogPosition): Promise<OpenedCursor>;
  channels(): Promise<{ readonly kind: "channels"; readonly channels: readonly string[] } | Refused>;
  /** How many records a log holds and which is the oldest; null where the server does not say. */
  logInfo(channel: string): Promise<
    | {
        readonly kind: "log";
        readonly records: bigint | null;
        readonly oldestRecord: bigint | null;
        readonly fileBytes: bigint | null;
      }
    | Refused
  >;
  close(): void;
}

/** Beyond the time that the server may wait, before it counts as gone. */
const CALL_GRACE_MS = 10_000;

/**
 * The event logs of a server, over a connection that is logged in.
 *
 * Shape:  outcomes are unions; one call at a time goes over a connection, so a cursor that waits makes the others wait.
 * Errors: what `connection.call` throws (`RpcFault`, `RpcConnectionError`); `NdrFault` and `ResultSetFault` for answers
 *         that are none, after which the connection is of no use.
 * Source: [MS-EVEN6] 3.1.4 and windows-events 3.6 (documented); docs/protocol/even6.md.
 */
export function openEventLog({ connection }: { readonly connection: EventLogConnection }): EventLogSession {
  const open = async (opnum: number, nextOpnum: number, stub: Buffer): Promise<OpenedCursor> => {
    const { handle, status, info } = decodeRegistered(await connection.call(opnum, stub));
    switch (kindOfStatus(status)) {
      case "success":
        return { kind: "open", cursor: cursorOf(connection, handle, nextOpnum) };
      case "stale":
        return { kind: "stale" };
      case "nothing":
      case "end":
      case "refused":
        return { ...refusal(status), info };
    }
  };

  return {
    newestFirst: ({ channel, query }) =>
      open(
        OPNUM.query,
        OPNUM.queryNext,
        encodeQuery({ channel, query, flags: QUERY.channel | QUERY.newestFirst }),
      ),

    async follow({ channel, query }, from) {
      const opened = await open(
        OPNUM.subscribe,
        OPNUM.subscriptionNext,
        encodeSubscribe({
          channel,
          query,
          bookmarkXml: from.kind === "after" ? bookmarkXml(channel, from.recordNumber) : null,
          flags: SUBSCRIBE.pull | originOf(from),
        }),
      );
      // Win32 calls a bookmarked record that is gone "not found", where the protocol calls it stale.
      const isGone =
        opened.kind === "refused" && opened.status === EVENT_LOG_STATUS.notFound && from.kind === "after";
      return isGone ? { kind: "stale" } : opened;
    },

    async channels() {
      const { channels, status } = decodeChannelList(
        await connection.call(OPNUM.channelList, encodeChannelList()),
      );
      return status === 0 ? { kind: "channels", channels } : refusal(status);
    },

    async logInfo(channel) {
      const { handle, status, info } = decodeOpenedLog(
        await connection.call(OPNUM.openLog, encodeOpenLog(channel)),
      );
      if (status !== 0) return { ...refusal(status), info };
      const ask = async (property: number) =>
        decodeLogInfo(await connection.call(OPNUM.logInfo, encodeLogInfo(handle, property))).value;
      const records = await ask(LOG_PROPERTY.records);
      const oldestRecord = await ask(LOG_PROPERTY.oldestRecord);
      const fileBytes = await ask(LOG_PROPERTY.fileBytes);
      await close(connection, handle);
      return { kind: "log", records, oldestRecord, fileBytes };
    },

    close: () => connection.close(),
  };
}

function originOf(from: LogPosition): number {
  switch (from.kind) {
    case "after":
      // Without `strict` a log that was cleared goes on at whatever record is nearest, and nobody is told.
      return SUBSCRIBE.afterBookmark | SUBSCRIBE.strict;
    case "oldest":
      return SUBSCRIBE.oldest;
    case "future":
      return SUBSCRIBE.future;
  }
}

function cursorOf(connection: EventLogConnection, handle: Buffer, opnum: number): EventLogCursor {
  return {
    async next(max, timeoutMs) {
      const asked = Math.min(max, LIMIT.recordsAtOnce);
      const stub = await connection.call(opnum, encodeNext(handle, asked, timeoutMs), {
        timeoutMs: timeoutMs + CALL_GRACE_MS,
      });
      const { places, bytes, status } = decodeNext(stub);
      // A full answer may say at once that no more follow: what came is handed on, and the next call says it again.
      // Places that overlap would make many answers of one.
      if (places.reduce((sum, { length }) => sum + length, 0) > bytes.length)
        throw new NdrFault("records that are longer together than the answer that holds them");
      if (places.length > 0)
        return {
          kind: "records",
          records: places.map(({ at, length }) => readResultSet(bytes.subarray(at, at + length))),
        };
      const kind = kindOfStatus(status);
      switch (kind) {
        case "success":
        case "nothing":
          return { kind: "nothing" };
        case "end":
        case "stale":
          return { kind };
        case "refused":
          return refusal(status);
      }
    },
    close: () => close(connection, handle),
  };
}

async function close(connection: EventLogConnection, handle: Buffer): Promise<void> {
  decodeClosed(await connection.call(OPNUM.close, encodeClose(handle)));
}

function refusal(status: number): Refused {
  return { kind: "refused", status, name: eventLogStatusName(status) };
}
