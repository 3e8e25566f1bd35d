/** A time as the sender wrote it. `local` has no zone and, in the old format, no year. */
export type WrittenTime =
  | { readonly kind: "zoned"; readonly at: number }
  | {
      readonly kind: "local";
      readonly year: number | null;
      /** 1 to 12. */
      readonly month: number;
      readonly day: number;
      readonly hour: number;
      readonly minute: number;
      readonly second: number;
      readonly millisecond: number;
    };

export interface SyslogHeader {
  readonly format: "rfc5424" | "rfc3164" | "none";
  /** Facility × 8 + severity; null where there is none. */
  readonly priority: number | null;
  readonly time: WrittenTime | null;
  readonly host: string | null;
  readonly app: string | null;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const ISO = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/i;
/** `Nov 21 20:02:05`, `Nov  3 …`, with fractions (syslog-ng), a year (Cisco), a leading mark (Cisco). */
const OLD =
  /^[*.]?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?: (UTC|GMT))?:?(?: |$)/;

/**
 * Reads the header of a syslog message, as far as there is one.
 *
 * Shape:  what was found; a message without any header is `none` and still a message.
 * Errors: none; every text has an answer. Only the first 400 characters are looked at.
 * Source: RFC 5424, section 6 (documented); RFC 3164, section 4.1 (documented) with the habits of rsyslog (tag
 *         without colon) and syslog-ng (fractions, ISO stamps) (captured).
 */
export function parseHeader(text: string): SyslogHeader {
  const head = text.slice(0, 400);
  const mark = /^<(\d{1,3})>/.exec(head);
  const number = mark === null ? null : Number(mark[1]);
  const priority = number !== null && number <= 191 ? number : null;
  const rest = head.slice(mark?.[0].length ?? 0);

  if (/^1 /.test(rest)) return parseRfc5424(rest.slice(2), priority);
  const old = OLD.exec(rest);
  if (old !== null) return afterTime(rest.slice(old[0].length), oldTime(old), priority);
  const [stamp = ""] = rest.split(" ", 1);
  const iso = isoTime(stamp);
  if (iso !== null) return afterTime(rest.slice(stamp.length + 1), iso, priority);
  return { format: "none", priority, time: null, host: null, app: null };
}

function parseRfc5424(rest: string, priority: number | null): SyslogHeader {
  const [stamp = "-", host = "-", app = "-"] = rest.split(" ", 3);
  return {
    format: "rfc5424",
    priority,
    time: stamp === "-" ? null : isoTime(stamp),
    host: host === "-" ? null : host,
    app: app === "-" ? null : app,
  };
}

function afterTime(rest: string, time: WrittenTime | null, priority: number | null): SyslogHeader {
  const [host = "", tag = ""] = rest.split(" ", 2);
  const app = /^([^[:\s]+)/.exec(tag)?.[1] ?? null;
  return { format: "rfc3164", priority, time, host: host === "" ? null : host, app };
}

function oldTime(match: RegExpExecArray): WrittenTime | null {
  const [, monthName = "", day, year, hour, minute, second, fraction, zone] = match;
  const month = MONTHS.indexOf(monthName.toLowerCase()) + 1;
  const local = toLocal(year === undefined ? null : Number(year), month, day, hour, minute, second, fraction);
  if (local === null || zone === undefined || local.year === null) return local;
  return { kind: "zoned", at: utc(local) };
}

function isoTime(stamp: string): WrittenTime | null {
  const match = ISO.exec(stamp);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const local = toLocal(Number(year), Number(month), day, hour, minute, second, fraction);
  if (local === null || zone === undefined) return local;
  const sign = zone.startsWith("-") ? -1 : 1;
  const digits = zone.replace(/\D/g, "");
  const offsetMinutes =
    digits === "" ? 0 : sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2)));
  return { kind: "zoned", at: utc(local) - offsetMinutes * 60_000 };
}

type LocalTime = Extract<WrittenTime, { kind: "local" }>;

function toLocal(
  year: number | null,
  month: number,
  day: string | undefined,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
  fraction: string | undefined,
): LocalTime | null {
  const time: LocalTime = {
    kind: "local",
    year,
    month,
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Math.min(Number(second), 59),
    millisecond: fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000),
  };
  const inRange =
    month >= 1 && month <= 12 && time.day >= 1 && time.day <= 31 && time.hour <= 23 && time.minute <= 59;
  // A leap second (60) is written as the last moment before it.
  return inRange && Number(second) <= 60 ? time : null;
}

function utc(time: LocalTime): number {
  return Date.UTC(
    time.year ?? 1970,
    time.month - 1,
    time.day,
    time.hour,
    time.minute,
    time.second,
    time.millisecond,
  );
}
