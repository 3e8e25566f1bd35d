import type { RpcInterface } from "../dcerpc/index.ts";

/** The event log service, spoken over TCP only. Source: [MS-EVEN6] 1.9 and 2.1 (documented). */
export const EVENT_LOG: RpcInterface = { uuid: "f6beaff7-1e19-4fbb-9f8f-b89e2018337c", version: "1.0" };

/** Source: [MS-EVEN6] 3.1.4, opnums (documented; those used are held against impacket and Samba's `ndrdump`). */
export const OPNUM = {
  subscribe: 0,
  subscriptionNext: 2,
  query: 5,
  queryNext: 11,
  close: 13,
  cancel: 14,
  openLog: 17,
  logInfo: 18,
  channelList: 19,
} as const;

/** Source: [MS-EVEN6] 2.2.1 and 3.1.4.8 (documented); 3 is "after bookmark" there and in Win32, whatever others say. */
export const SUBSCRIBE = {
  future: 0x1,
  oldest: 0x2,
  afterBookmark: 0x3,
  originMask: 0x3,
  /** Fails where the bookmarked record is gone, and where records are missing; else the server goes on without a word. */
  strict: 0x1_0000,
  pull: 0x1000_0000,
} as const;

/** Source: [MS-EVEN6] 3.1.4.12 (documented). */
export const QUERY = { channel: 0x1, oldestFirst: 0x100, newestFirst: 0x200 } as const;

/** Source: [MS-EVEN6] 2.2.1, MAX_RPC_* (documented). */
export const LIMIT = {
  /** Of what one call gives. */
  resultBytes: 2 * 1024 * 1024,
  recordsAtOnce: 1024,
  channelNameCharacters: 512,
  channelsOfQuery: 512,
  channelsOfServer: 8192,
} as const;

/** Which properties of a log `logInfo` asks for. Source: [MS-EVEN6] 3.1.4.19 (documented). */
export const LOG_PROPERTY = { fileBytes: 3, records: 5, oldestRecord: 6 } as const;
