import { NdrFault, NdrReader } from "../ndr/index.ts";
import { LIMIT } from "./event-log-interface.ts";
import { LOG_INFO_BYTES } from "./requests.ts";

/** Where in a query a server stumbled. Source: [MS-EVEN6] 2.2.1, RpcInfo (documented). */
export interface RpcInfo {
  readonly error: number;
  readonly subError: number;
  readonly subErrorParameter: number;
}

export interface Registered {
  readonly handle: Buffer;
  /** Cancels calls that wait. */
  readonly control: Buffer;
  /** Which logs a structured query names, and whether each can be read. */
  readonly channels: readonly { readonly name: string; readonly status: number }[];
  readonly info: RpcInfo;
  readonly status: number;
}

/**
 * The answers of the event log service.
 * Errors: `NdrFault` for a stub that is none.
 * Source: [MS-EVEN6] 3.1.4 (documented); what is decoded here from our test server is decoded alike by impacket and `ndrdump`.
 */
export function decodeRegistered(stub: Uint8Array): Registered {
  const reader = new NdrReader(stub);
  const handle = reader.contextHandle();
  const control = reader.contextHandle();
  const size = reader.u32();
  const channels = reader.pointer() ? readChannels(reader, size) : [];
  return { handle, control, channels, info: readInfo(reader), status: reader.u32() };
}

function readChannels(reader: NdrReader, size: number): Registered["channels"] {
  const count = reader.count(8, LIMIT.channelsOfQuery);
  if (count !== size) throw new NdrFault("two counts of the channels of a query that differ");
  const heads = Array.from({ length: count }, () => ({
    hasName: reader.pointer(),
    status: reader.u32(),
  }));
  // What pointers point to stands behind the array, in its order.
  return heads.map(({ hasName, status }) => ({
    name: hasName ? reader.text(LIMIT.channelNameCharacters) : "",
    status,
  }));
}

function readInfo(reader: NdrReader): RpcInfo {
  return { error: reader.u32(), subError: reader.u32(), subErrorParameter: reader.u32() };
}

export interface NextAnswer {
  /** Where each record begins in `bytes`, and its length. */
  readonly places: readonly { readonly at: number; readonly length: number }[];
  /** A view of the stub. */
  readonly bytes: Buffer;
  readonly status: number;
}

export function decodeNext(stub: Uint8Array): NextAnswer {
  const reader = new NdrReader(stub);
  const count = reader.u32();
  const starts = readNumbers(reader, count);
  const lengths = readNumbers(reader, count);
  const size = reader.u32();
  const bytes = reader.pointer() ? reader.byteArray(LIMIT.resultBytes) : Buffer.alloc(0);
  if (bytes.length !== size) throw new NdrFault("two sizes of a result that differ");
  const status = reader.u32();
  return {
    places: starts.map((at, index) => ({ at, length: lengths[index] ?? 0 })),
    bytes,
    status,
  };
}

function readNumbers(reader: NdrReader, expected: number): number[] {
  const length = reader.pointer() ? reader.count(4, LIMIT.recordsAtOnce) : 0;
  if (length !== expected) throw new NdrFault("two counts of records that differ");
  return Array.from({ length }, () => reader.u32());
}

export function decodeClosed(stub: Uint8Array): { readonly status: number } {
  const reader = new NdrReader(stub);
  reader.contextHandle();
  return { status: reader.u32() };
}

export function decodeChannelList(stub: Uint8Array): {
  readonly channels: readonly string[];
  readonly status: number;
} {
  const reader = new NdrReader(stub);
  const size = reader.u32();
  if (!reader.pointer()) return { channels: [], status: reader.u32() };
  const count = reader.count(4, LIMIT.channelsOfServer);
  if (count !== size) throw new NdrFault("two counts of channels that differ");
  const present = Array.from({ length: count }, () => reader.pointer());
  const channels = present.filter(Boolean).map(() => reader.text(LIMIT.channelNameCharacters));
  return { channels, status: reader.u32() };
}

export function decodeOpenedLog(stub: Uint8Array): {
  readonly handle: Buffer;
  readonly info: RpcInfo;
  readonly status: number;
} {
  const reader = new NdrReader(stub);
  return { handle: reader.contextHandle(), info: readInfo(reader), status: reader.u32() };
}

/** A property that is a whole number; null for another type or none. */
export function decodeLogInfo(stub: Uint8Array): { readonly value: bigint | null; readonly status: number } {
  const reader = new NdrReader(stub);
  const value = reader.byteArray(LOG_INFO_BYTES);
  reader.u32();
  const status = reader.u32();
  // A BinXmlVariant: eight bytes of value, a count, and its type ([MS-EVEN6] 2.2.18), where 10 is an unsigned hyper.
  const isNumber = value.length === LOG_INFO_BYTES && value.readUInt32LE(12) === UNSIGNED_HYPER;
  return { value: status === 0 && isNumber ? value.readBigUInt64LE(0) : null, status };
}

const UNSIGNED_HYPER = 10;
