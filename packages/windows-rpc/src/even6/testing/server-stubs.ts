import { NdrReader, NdrWriter } from "../../ndr/index.ts";
import { LIMIT } from "../event-log-interface.ts";

/** The server's side of the calls: what requests hold and how answers are written. Its checking peers are impacket and `ndrdump`. */
export interface SubscribeRequest {
  readonly channel: string | null;
  readonly query: string;
  readonly bookmarkXml: string | null;
  readonly flags: number;
}

const QUERY_CHARACTERS = 1024 * 1024;

export function decodeSubscribe(stub: Uint8Array): SubscribeRequest {
  const reader = new NdrReader(stub);
  return {
    channel: reader.optionalText(LIMIT.channelNameCharacters),
    query: reader.text(QUERY_CHARACTERS),
    bookmarkXml: reader.optionalText(QUERY_CHARACTERS),
    flags: reader.u32(),
  };
}

export function decodeQuery(stub: Uint8Array): Omit<SubscribeRequest, "bookmarkXml"> {
  const reader = new NdrReader(stub);
  return {
    channel: reader.optionalText(LIMIT.channelNameCharacters),
    query: reader.text(QUERY_CHARACTERS),
    flags: reader.u32(),
  };
}

export function decodeNextRequest(stub: Uint8Array): {
  readonly handle: Buffer;
  readonly max: number;
  readonly timeoutMs: number;
} {
  const reader = new NdrReader(stub);
  return { handle: reader.contextHandle(), max: reader.u32(), timeoutMs: reader.u32() };
}

export function decodeHandle(stub: Uint8Array): Buffer {
  return new NdrReader(stub).contextHandle();
}

export function decodeOpenLogRequest(stub: Uint8Array): string {
  return new NdrReader(stub).text(LIMIT.channelNameCharacters);
}

export function decodeLogInfoRequest(stub: Uint8Array): {
  readonly handle: Buffer;
  readonly property: number;
  readonly room: number;
} {
  const reader = new NdrReader(stub);
  return { handle: reader.contextHandle(), property: reader.u32(), room: reader.u32() };
}

const NO_HANDLE = Buffer.alloc(20);

export function encodeRegistered(answer: {
  readonly handle: Uint8Array | null;
  readonly control: Uint8Array | null;
  readonly channels: readonly string[];
  readonly error?: number;
  readonly status: number;
}): Buffer {
  const { channels } = answer;
  const writer = new NdrWriter()
    .contextHandle(answer.handle ?? NO_HANDLE)
    .contextHandle(answer.control ?? NO_HANDLE)
    .u32(channels.length);
  if (channels.length === 0) writer.nullPointer();
  else {
    writer.pointer().u32(channels.length);
    for (const _ of channels) writer.pointer().u32(0);
    for (const channel of channels) writer.align(4).text(channel);
  }
  return writer
    .u32(answer.error ?? 0)
    .u32(0)
    .u32(0)
    .u32(answer.status)
    .done();
}

export function encodeNextAnswer(elements: readonly Uint8Array[], status: number): Buffer {
  const writer = new NdrWriter().u32(elements.length);
  if (elements.length === 0) return writer.u32(0).u32(0).u32(0).u32(0).u32(status).done();
  const starts: number[] = [];
  let bytes = 0;
  for (const element of elements) {
    starts.push(bytes);
    bytes += element.length;
  }
  const numbers = (values: readonly number[]) => {
    writer.pointer().u32(values.length);
    for (const value of values) writer.u32(value);
  };
  numbers(starts);
  numbers(elements.map(({ length }) => length));
  return writer.u32(bytes).pointer().byteArray(Buffer.concat(elements, bytes)).align(4).u32(status).done();
}

export function encodeClosed(status: number): Buffer {
  return new NdrWriter().contextHandle(NO_HANDLE).u32(status).done();
}

export function encodeStatus(status: number): Buffer {
  return new NdrWriter().u32(status).done();
}

export function encodeChannelListAnswer(channels: readonly string[]): Buffer {
  const writer = new NdrWriter().u32(channels.length).pointer().u32(channels.length);
  for (const _ of channels) writer.pointer();
  for (const channel of channels) writer.align(4).text(channel);
  return writer.u32(0).done();
}

export function encodeOpenedLog(handle: Uint8Array | null, status: number): Buffer {
  return new NdrWriter()
    .contextHandle(handle ?? NO_HANDLE)
    .u32(status)
    .u32(0)
    .u32(0)
    .u32(status)
    .done();
}

const UNSIGNED_HYPER = 10;

export function encodeLogInfoAnswer(value: bigint, room: number): Buffer {
  const variant = Buffer.alloc(room);
  variant.writeBigUInt64LE(value, 0);
  variant.writeUInt32LE(UNSIGNED_HYPER, 12);
  return new NdrWriter().byteArray(variant).align(4).u32(room).u32(0).done();
}

/** One element of a result set: a record with its binary bookmark. Source: [MS-EVEN6] 2.2.17 (documented). */
export function resultElement(binXml: Uint8Array, recordNumber: bigint): Buffer {
  const bookmarkAt = 20 + binXml.length + 4;
  const element = Buffer.alloc(bookmarkAt + 32);
  for (const [index, value] of [element.length, 16, 16, bookmarkAt, binXml.length].entries())
    element.writeUInt32LE(value, 4 * index);
  element.set(binXml, 20);
  for (const [index, value] of [32, 24, 1, 0, 0, 24].entries())
    element.writeUInt32LE(value, bookmarkAt + 4 * index);
  element.writeBigUInt64LE(recordNumber, bookmarkAt + 24);
  return element;
}
