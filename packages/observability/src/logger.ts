import pino from "pino";
import { type LogFields, redactFields } from "./redact.ts";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One constant sentence plus facts, or the sentence alone. */
export interface LogMethod {
  (fields: LogFields, sentence: string): void;
  (sentence: string): void;
}

/** What the rooms log through. Small on purpose: a test's fake is a few lines. */
export interface Logger {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal: LogMethod;
  /** A logger that adds `fields` to each of its lines. */
  child(fields: LogFields): Logger;
  /** Whether lines of that level are written: asks before an expensive field is made. */
  isEnabled(level: LogLevel): boolean;
}

export interface LoggerOptions {
  /** The process or part that writes: "edge-agent", "gateway". */
  readonly name: string;
  readonly level?: LogLevel;
  /** Where lines go; standard output where absent. */
  readonly destination?: { write(line: string): void };
}

type WritingLevel = Exclude<LogLevel, "silent">;

/**
 * Makes the logger of a process: one JSON object a line, times as ISO 8601 UTC.
 *
 * Shape:  `{"level":"info","time":"…","name":"edge-agent","msg":"…", …fields}`. Fields pass the allow-list
 *         of `fields.ts`; people's names and addresses are shown at debug and trace only.
 * Errors: none thrown for what is logged; an unknown level is a bug of the caller and is thrown.
 */
export function createLogger(options: LoggerOptions): Logger {
  const level = options.level ?? "info";
  if (!LOG_LEVELS.includes(level)) {
    throw new RangeError(`log level "${level}" is not one of ${LOG_LEVELS.join(", ")}`);
  }
  const settings: pino.LoggerOptions = {
    level,
    base: { name: options.name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // The fields arrive already redacted and described.
    serializers: { err: (described: unknown) => described },
  };
  const sink = options.destination === undefined ? pino(settings) : pino(settings, options.destination);
  return wrap(sink, {});
}

function wrap(sink: pino.Logger, bound: LogFields): Logger {
  const method = (level: WritingLevel): LogMethod => {
    const showPersonal = level === "debug" || level === "trace";
    return (first: LogFields | string, sentence?: string) => {
      if (!sink.isLevelEnabled(level)) return;
      const own = typeof first === "string" ? {} : first;
      const text = typeof first === "string" ? first : (sentence ?? "");
      sink[level](redactFields({ ...bound, ...own }, showPersonal), text);
    };
  };
  return {
    trace: method("trace"),
    debug: method("debug"),
    info: method("info"),
    warn: method("warn"),
    error: method("error"),
    fatal: method("fatal"),
    child: (fields) => wrap(sink, { ...bound, ...fields }),
    isEnabled: (level) => level !== "silent" && sink.isLevelEnabled(level),
  };
}

const nothing: LogMethod = () => undefined;

/** Writes nothing: for code that is used without a process around it. */
export const silentLogger: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => silentLogger,
  isEnabled: () => false,
};
