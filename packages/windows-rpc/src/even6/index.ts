export type { RpcInfo } from "./answers.ts";
export { EVENT_LOG } from "./event-log-interface.ts";
export {
  type EventLogConnection,
  type EventLogCursor,
  type EventLogSession,
  type LogAndQuery,
  type LogPosition,
  type NextRecords,
  type OpenedCursor,
  openEventLog,
  type Refused,
} from "./event-log-session.ts";
export { EVENT_LOG_STATUS, eventLogStatusName } from "./event-log-status.ts";
export { type EventLogRecord, ResultSetFault } from "./result-set.ts";
