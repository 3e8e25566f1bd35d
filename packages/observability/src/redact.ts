import { LOG_FIELDS } from "./fields.ts";

export const WITHHELD = "[withheld]";
export const PERSONAL = "[personal]";

export type LogFields = Readonly<Record<string, unknown>>;

const MAX_TEXT = 2000;
const MAX_CAUSES = 5;
const MAX_LIST = 100;

/**
 * Gives the fields as they may be written: known names only, people's names only when `showPersonal`.
 *
 * Shape:  the same keys; a value that may not be shown is replaced, never left out, so that a reader
 *         sees that something was there.
 * Errors: none; what cannot be shown is withheld.
 */
export function redactFields(fields: LogFields, showPersonal: boolean): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    shown[name] = redactField(name, value, showPersonal);
  }
  return shown;
}

function redactField(name: string, value: unknown, showPersonal: boolean): unknown {
  if (!Object.hasOwn(LOG_FIELDS, name)) return WITHHELD;
  const rule = LOG_FIELDS[name as keyof typeof LOG_FIELDS];
  if (rule === "personal" && !showPersonal) return PERSONAL;
  if (name === "err" && !(value instanceof Error))
    return describeError(new Error(String(value)), showPersonal);
  return showValue(value, showPersonal);
}

function showValue(value: unknown, showPersonal: boolean): unknown {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "string") return showText(value);
  if (value instanceof Error) return describeError(value, showPersonal);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  if (Array.isArray(value)) {
    return value
      .slice(0, MAX_LIST)
      .map((item) => (isScalar(item) ? showValue(item, showPersonal) : WITHHELD));
  }
  return WITHHELD;
}

function isScalar(value: unknown): boolean {
  return value === null || ["string", "number", "boolean", "bigint"].includes(typeof value);
}

/** Takes credentials out of URLs and cuts what is too long for a log line. */
function showText(text: string): string {
  const safe = text.replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, `$1${WITHHELD}@`);
  return safe.length > MAX_TEXT ? `${safe.slice(0, MAX_TEXT)}…` : safe;
}

export interface ErrorDescription {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly causes?: readonly string[];
  readonly stack?: string;
}

/** An error with its chain of causes; the stack only where people's names are shown too (debug). */
export function describeError(error: Error, withStack: boolean): ErrorDescription {
  const causes: string[] = [];
  let cause: unknown = error.cause;
  while (cause !== undefined && cause !== null && causes.length < MAX_CAUSES) {
    causes.push(showText(cause instanceof Error ? cause.message : String(cause)));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return {
    name: error.name,
    message: showText(error.message),
    ...(code === undefined ? {} : { code }),
    ...(causes.length === 0 ? {} : { causes }),
    ...(withStack && error.stack !== undefined ? { stack: showText(error.stack) } : {}),
  };
}
