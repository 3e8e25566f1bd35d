import type { Logger } from "./logger.ts";
import { describeError, type ErrorDescription, type LogFields } from "./redact.ts";

/** `fault`: the world failed and the error says how (it has a stable `code`). `bug`: we are wrong. */
export type ErrorClass = "fault" | "bug";

export interface ErrorReport {
  readonly class: ErrorClass;
  readonly code: string;
  readonly error: ErrorDescription;
}

export interface ErrorContext {
  /** What was attempted: "read security log of dc1". */
  readonly attempted: string;
  readonly fields?: LogFields;
}

export type ReportError = (error: unknown, context: ErrorContext) => ErrorReport;

export interface ErrorReporterOptions {
  readonly log: Logger;
  /** An error tracker, where one is used. It gets the redacted report only; what it throws is logged and swallowed. */
  readonly forward?: (report: ErrorReport, context: { readonly attempted: string }) => void;
}

/**
 * The one seam through which errors are reported: classifies, redacts, logs once, and forwards.
 *
 * Shape:  a fault is logged at warn, a bug at error with its stack. The report is given back, so that the
 *         caller can show `code` without touching the error.
 * Errors: none; reporting never makes matters worse.
 */
export function createErrorReporter({ log, forward }: ErrorReporterOptions): ReportError {
  return (thrown, context) => {
    const error = thrown instanceof Error ? thrown : new Error(`thrown value: ${String(thrown)}`);
    const report = classify(error);
    const fields = { ...context.fields, attempted: context.attempted, code: report.code, err: error };
    if (report.class === "fault") log.warn(fields, "fault");
    else log.error({ ...fields, hint: firstFrame(error) }, "bug");
    try {
      forward?.(report, { attempted: context.attempted });
    } catch (failure) {
      log.warn({ attempted: "forward an error report", err: failure }, "fault");
    }
    return report;
  };
}

function classify(error: Error): ErrorReport {
  const code = "code" in error && typeof error.code === "string" ? error.code : null;
  if (code !== null) return { class: "fault", code, error: describeError(error, false) };
  return { class: "bug", code: "bug", error: describeError(error, true) };
}

/** Where a bug was thrown; the whole stack is in the report, a log line carries its first frame. */
function firstFrame(error: Error): string | undefined {
  return error.stack
    ?.split("\n")
    .find((line) => line.trimStart().startsWith("at "))
    ?.trim();
}
