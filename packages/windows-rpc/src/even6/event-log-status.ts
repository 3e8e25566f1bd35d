/**
 * What the event log service calls its return codes.
 * Source: [MS-EVEN6] 2.2.1 and winerror.h (documented).
 */
const NAMES: Readonly<Record<number, string>> = {
  2: "ERROR_FILE_NOT_FOUND",
  5: "ERROR_ACCESS_DENIED",
  6: "ERROR_INVALID_HANDLE",
  87: "ERROR_INVALID_PARAMETER",
  259: "ERROR_NO_MORE_ITEMS",
  1168: "ERROR_NOT_FOUND",
  1223: "ERROR_CANCELLED",
  1314: "ERROR_PRIVILEGE_NOT_HELD",
  1460: "ERROR_TIMEOUT",
  1500: "ERROR_EVENTLOG_FILE_CORRUPT",
  15000: "ERROR_EVT_INVALID_CHANNEL_PATH",
  15001: "ERROR_EVT_INVALID_QUERY",
  15005: "ERROR_EVT_INVALID_EVENT_DATA",
  15007: "ERROR_EVT_CHANNEL_NOT_FOUND",
  15008: "ERROR_EVT_MALFORMED_XML_TEXT",
  15009: "ERROR_EVT_SUBSCRIPTION_TO_DIRECT_CHANNEL",
  15010: "ERROR_EVT_CONFIGURATION_ERROR",
  15011: "ERROR_EVT_QUERY_RESULT_STALE",
  15012: "ERROR_EVT_QUERY_RESULT_INVALID_POSITION",
  15014: "ERROR_EVT_FILTER_ALREADYSCOPED",
  15015: "ERROR_EVT_FILTER_NOTELTSET",
  15016: "ERROR_EVT_FILTER_INVARG",
  15017: "ERROR_EVT_FILTER_INVTEST",
  15018: "ERROR_EVT_FILTER_INVTYPE",
  15019: "ERROR_EVT_FILTER_PARSEERR",
  15020: "ERROR_EVT_FILTER_UNSUPPORTEDOP",
  15021: "ERROR_EVT_FILTER_UNEXPECTEDTOKEN",
  15022: "ERROR_EVT_INVALID_OPERATION_OVER_ENABLED_DIRECT_CHANNEL",
  15025: "ERROR_EVT_CHANNEL_CANNOT_ACTIVATE",
  15026: "ERROR_EVT_FILTER_TOO_COMPLEX",
};

export const EVENT_LOG_STATUS = {
  success: 0,
  accessDenied: 5,
  invalidParameter: 87,
  noMoreItems: 259,
  notFound: 1168,
  timeout: 1460,
  /** What the text of the specification gives once for a call that found nothing in time. */
  timeoutInText: 1471,
  invalidChannelPath: 15000,
  invalidQuery: 15001,
  channelNotFound: 15007,
  stale: 15011,
} as const;

export function eventLogStatusName(status: number): string {
  return NAMES[status >>> 0] ?? "unnamed";
}

/** What a return code means to whoever reads a log; everything not listed is a refusal with its name. */
export type StatusKind = "success" | "nothing" | "end" | "stale" | "refused";

export function kindOfStatus(status: number): StatusKind {
  switch (status) {
    case EVENT_LOG_STATUS.success:
      return "success";
    case EVENT_LOG_STATUS.timeout:
    case EVENT_LOG_STATUS.timeoutInText:
      return "nothing";
    case EVENT_LOG_STATUS.noMoreItems:
      return "end";
    case EVENT_LOG_STATUS.stale:
      return "stale";
    default:
      return "refused";
  }
}
