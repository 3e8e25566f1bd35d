export { LIMIT, LOG_PROPERTY, OPNUM, QUERY, SUBSCRIBE } from "../event-log-interface.ts";
export { type PlainEvent, plainRecord } from "./plain-record.ts";
export { type RecordChanges, rewriteRecord } from "./rewrite-record.ts";
export {
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
  resultElement,
  type SubscribeRequest,
} from "./server-stubs.ts";
