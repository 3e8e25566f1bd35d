export { askClockOffset } from "./clock-offset.ts";
export { createEven6Port, type Even6PortOptions, type PreparedLogin } from "./even6-port.ts";
export { createEven6Wire } from "./even6-wire.ts";
export { EventCounters } from "./event-counters.ts";
export { type Arrival, EventJudge, type EventJudgeOptions } from "./event-judge.ts";
export { EventLogFault, type EventLogFaultCode, faultOfStatus, toEventLogFault } from "./event-log-fault.ts";
export type {
  EventLogPort,
  EventLogSession,
  LogCursor,
  LogPosition,
  LogRecord,
  NextRecords,
  OpenedCursor,
} from "./event-log-port.ts";
export {
  createEventLogReader,
  type DecodedRecord,
  type EventLogReader,
  type EventLogReaderOptions,
} from "./event-log-reader.ts";
export { type EventLogTestOptions, testEventLog } from "./event-log-test.ts";
export { channelOf, type EventSourceConfig } from "./event-source-config.ts";
