export { LOG_FIELDS, type LogField } from "./fields.ts";
export {
  createLogger,
  LOG_LEVELS,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  type LogMethod,
  silentLogger,
} from "./logger.ts";
export { type LoopDelay, type LoopWatch, loopDelay, watchLoopDelay } from "./loop-delay.ts";
export { METRICS, type MetricName } from "./metrics.ts";
export { describeError, type ErrorDescription, type LogFields, PERSONAL, WITHHELD } from "./redact.ts";
export {
  createErrorReporter,
  type ErrorClass,
  type ErrorContext,
  type ErrorReport,
  type ErrorReporterOptions,
  type ReportError,
} from "./report-error.ts";
