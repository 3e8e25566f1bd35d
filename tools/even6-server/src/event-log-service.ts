import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { EVENT_LOG, EVENT_LOG_STATUS } from "@rollcall/windows-rpc/even6";
import {
  decodeHandle,
  decodeLogInfoRequest,
  decodeNextRequest,
  decodeOpenLogRequest,
  decodeQuery,
  decodeSubscribe,
  encodeChannelListAnswer,
  encodeClosed,
  encodeLogInfoAnswer,
  encodeNextAnswer,
  encodeOpenedLog,
  encodeRegistered,
  encodeStatus,
  LIMIT,
  LOG_PROPERTY,
  OPNUM,
  QUERY,
  resultElement,
  SUBSCRIBE,
} from "@rollcall/windows-rpc/even6/testing";
import type { RpcCaller, RpcServerInterface } from "@rollcall/windows-rpc/testing";
import { FilterFault } from "./event-filter.ts";
import { type EventQuery, parseQuery } from "./event-query.ts";
import type { ServedLog, ServedRecord } from "./served-log.ts";

export interface ServiceSettings {
  readonly logs: ReadonlyMap<string, ServedLog>;
  /** Whether an account is in Event Log Readers. */
  readonly mayRead: (account: string | null) => boolean;
  /** How long every answer takes beyond what it must, ms. */
  readonly slownessMs: () => number;
  /** False: the server cannot use structured queries with anything but event numbers. */
  readonly takesQuery: (query: string) => boolean;
}

type Held =
  | { readonly kind: "query"; readonly log: ServedLog; readonly clearings: number; rest: ServedRecord[] }
  | {
      readonly kind: "subscription";
      readonly log: ServedLog;
      readonly query: EventQuery;
      readonly isStrict: boolean;
      clearings: number;
      after: bigint;
    }
  | { readonly kind: "control" }
  | { readonly kind: "log"; readonly log: ServedLog };

const {
  success,
  accessDenied,
  invalidParameter,
  noMoreItems,
  timeout,
  channelNotFound,
  invalidQuery,
  stale,
} = EVENT_LOG_STATUS;

/**
 * The event log service of a Windows server, as far as reading goes. Handles die with their connection.
 *
 * Source: [MS-EVEN6] 3.1.4 (documented); what only Windows does is assumed: docs/protocol/even6.md says what.
 */
export function eventLogService(settings: ServiceSettings): RpcServerInterface {
  const handles = new WeakMap<RpcCaller, Map<string, Held>>();
  const heldBy = (caller: RpcCaller): Map<string, Held> => {
    const known = handles.get(caller) ?? new Map<string, Held>();
    handles.set(caller, known);
    return known;
  };
  const hold = (caller: RpcCaller, held: Held): Buffer => {
    const handle = Buffer.concat([Buffer.alloc(4), randomBytes(16)]);
    heldBy(caller).set(handle.toString("hex"), held);
    return handle;
  };
  const find = (caller: RpcCaller, handle: Buffer) => heldBy(caller).get(handle.toString("hex"));

  const refuse = (status: number, error = 0) =>
    encodeRegistered({ handle: null, control: null, channels: [], status, error });

  /** What a query or subscription names, or why it cannot be opened. */
  const resolve = (channel: string | null, text: string, caller: RpcCaller) => {
    if (!settings.mayRead(caller.account)) return { kind: "refused", status: accessDenied } as const;
    if (!settings.takesQuery(text)) return { kind: "refused", status: invalidQuery } as const;
    try {
      const query = parseQuery(text);
      const name = channel ?? query.channels[0] ?? "";
      const log = settings.logs.get(name.toLowerCase());
      if (log === undefined) return { kind: "refused", status: channelNotFound } as const;
      return { kind: "found", log, query, name } as const;
    } catch (error) {
      if (error instanceof FilterFault) return { kind: "refused", status: invalidQuery } as const;
      throw error;
    }
  };

  const query = (stub: Buffer, caller: RpcCaller): Buffer => {
    const asked = decodeQuery(stub);
    const found = resolve(asked.channel, asked.query, caller);
    if (found.kind === "refused")
      return refuse(found.status, found.status === invalidQuery ? invalidQuery : 0);
    const { log } = found;
    const rest = [...log.from(0n, found.query.takes)];
    if ((asked.flags & QUERY.newestFirst) !== 0) rest.reverse();
    return encodeRegistered({
      handle: hold(caller, { kind: "query", log, clearings: log.clearings, rest }),
      control: hold(caller, { kind: "control" }),
      channels: [found.name],
      status: success,
    });
  };

  const subscribe = (stub: Buffer, caller: RpcCaller): Buffer => {
    const asked = decodeSubscribe(stub);
    const found = resolve(asked.channel, asked.query, caller);
    if (found.kind === "refused")
      return refuse(found.status, found.status === invalidQuery ? invalidQuery : 0);
    const { log } = found;
    const isStrict = (asked.flags & SUBSCRIBE.strict) !== 0;
    const after = positionOf(log, asked.flags & SUBSCRIBE.originMask, asked.bookmarkXml);
    if (after === "bad-bookmark") return refuse(invalidParameter);
    if (isStrict && after.isGone) return refuse(stale);
    return encodeRegistered({
      handle: hold(caller, {
        kind: "subscription",
        log,
        query: found.query,
        isStrict,
        clearings: log.clearings,
        after: after.number,
      }),
      control: hold(caller, { kind: "control" }),
      channels: [found.name],
      status: success,
    });
  };

  const next = async (stub: Buffer, caller: RpcCaller): Promise<Buffer> => {
    const { handle, max, timeoutMs } = decodeNextRequest(stub);
    const held = find(caller, handle);
    if (max > LIMIT.recordsAtOnce) return encodeNextAnswer([], invalidParameter);
    switch (held?.kind) {
      case "query": {
        if (held.clearings !== held.log.clearings) return encodeNextAnswer([], stale);
        const { elements } = fill(held.rest, max);
        held.rest = held.rest.slice(elements.length);
        return encodeNextAnswer(elements, elements.length > 0 ? success : noMoreItems);
      }
      case "subscription": {
        const until = Date.now() + timeoutMs;
        for (;;) {
          if (held.clearings !== held.log.clearings) {
            held.clearings = held.log.clearings;
            held.after = 0n;
            if (held.isStrict) return encodeNextAnswer([], stale);
          }
          const { elements, last } = fill(held.log.from(held.after, held.query.takes), max);
          if (last !== null) {
            held.after = last;
            return encodeNextAnswer(elements, success);
          }
          // What was looked at and not taken is not looked at again.
          held.after = held.log.nextNumber - 1n;
          const left = until - Date.now();
          if (left <= 0 || caller.signal.aborted) return encodeNextAnswer([], timeout);
          await held.log.changed(left, caller.signal);
        }
      }
      default:
        return encodeNextAnswer([], invalidParameter);
    }
  };

  const logInfo = (stub: Buffer, caller: RpcCaller): Buffer => {
    const { handle, property, room } = decodeLogInfoRequest(stub);
    const held = find(caller, handle);
    if (held?.kind !== "log" || room < 16) return encodeLogInfoAnswer(0n, Math.max(16, room));
    const { log } = held;
    const value =
      property === LOG_PROPERTY.records
        ? BigInt(log.records.length)
        : property === LOG_PROPERTY.oldestRecord
          ? (log.records[0]?.recordNumber ?? 0n)
          : BigInt(log.bytes);
    return encodeLogInfoAnswer(value, room);
  };

  const answer = (opnum: number, stub: Buffer, caller: RpcCaller) => {
    switch (opnum) {
      case OPNUM.query:
        return query(stub, caller);
      case OPNUM.subscribe:
        return subscribe(stub, caller);
      case OPNUM.queryNext:
      case OPNUM.subscriptionNext:
        return next(stub, caller);
      case OPNUM.close: {
        const isKnown = heldBy(caller).delete(decodeHandle(stub).toString("hex"));
        return encodeClosed(isKnown ? success : invalidParameter);
      }
      case OPNUM.cancel:
        return encodeStatus(find(caller, decodeHandle(stub)) === undefined ? invalidParameter : success);
      case OPNUM.openLog: {
        const log = settings.logs.get(decodeOpenLogRequest(stub).toLowerCase());
        if (!settings.mayRead(caller.account)) return encodeOpenedLog(null, accessDenied);
        if (log === undefined) return encodeOpenedLog(null, channelNotFound);
        return encodeOpenedLog(hold(caller, { kind: "log", log }), success);
      }
      case OPNUM.logInfo:
        return logInfo(stub, caller);
      case OPNUM.channelList:
        return encodeChannelListAnswer([...settings.logs.values()].map(({ channel }) => channel));
      default:
        return null;
    }
  };

  return {
    ...EVENT_LOG,
    async call(opnum, stub, { caller }) {
      const slownessMs = settings.slownessMs();
      if (slownessMs > 0) await delay(slownessMs);
      return answer(opnum, stub, caller);
    },
  };
}

function positionOf(
  log: ServedLog,
  origin: number,
  bookmarkXml: string | null,
): { readonly number: bigint; readonly isGone: boolean } | "bad-bookmark" {
  switch (origin) {
    case SUBSCRIBE.future:
      return { number: log.nextNumber - 1n, isGone: false };
    case SUBSCRIBE.oldest:
      return { number: 0n, isGone: false };
    default: {
      const told = /\bRecordId=['"](\d+)['"]/.exec(bookmarkXml ?? "")?.[1];
      if (told === undefined) return "bad-bookmark";
      const number = BigInt(told);
      const oldest = log.records[0]?.recordNumber ?? log.nextNumber;
      return { number, isGone: number < oldest || number >= log.nextNumber };
    }
  }
}

/** As many records as are asked for and go into one answer. */
function fill(
  records: Iterable<ServedRecord>,
  max: number,
): { readonly elements: readonly Buffer[]; readonly last: bigint | null } {
  const elements: Buffer[] = [];
  let bytes = 0;
  let last: bigint | null = null;
  for (const { binXml, recordNumber } of records) {
    if (elements.length >= max) break;
    const element = resultElement(binXml, recordNumber);
    if (bytes + element.length > LIMIT.resultBytes) break;
    bytes += element.length;
    elements.push(element);
    last = recordNumber;
  }
  return { elements, last };
}
