import { NdrWriter } from "../ndr/index.ts";

/**
 * The stubs of the calls to the event log service.
 * Source: [MS-EVEN6] 3.1.4 (documented); held against impacket's stubs and read by Samba's `ndrdump`.
 */
export function encodeSubscribe(asked: {
  readonly channel: string | null;
  readonly query: string;
  readonly bookmarkXml: string | null;
  readonly flags: number;
}): Buffer {
  return new NdrWriter()
    .optionalText(asked.channel)
    .align(4)
    .text(asked.query)
    .align(4)
    .optionalText(asked.bookmarkXml)
    .u32(asked.flags)
    .done();
}

export function encodeQuery(asked: {
  readonly channel: string | null;
  readonly query: string;
  readonly flags: number;
}): Buffer {
  return new NdrWriter().optionalText(asked.channel).align(4).text(asked.query).u32(asked.flags).done();
}

/** Of a query and of a subscription alike. */
export function encodeNext(handle: Uint8Array, max: number, timeoutMs: number): Buffer {
  return new NdrWriter().contextHandle(handle).u32(max).u32(timeoutMs).u32(0).done();
}

/** Of everything that has a handle. */
export function encodeClose(handle: Uint8Array): Buffer {
  return new NdrWriter().contextHandle(handle).done();
}

export function encodeChannelList(): Buffer {
  return new NdrWriter().u32(0).done();
}

/** By the name of a channel, not of a file. */
export function encodeOpenLog(channel: string): Buffer {
  return new NdrWriter().text(channel).u32(1).done();
}

export const LOG_INFO_BYTES = 16;

export function encodeLogInfo(handle: Uint8Array, property: number): Buffer {
  return new NdrWriter().contextHandle(handle).u32(property).u32(LOG_INFO_BYTES).done();
}
