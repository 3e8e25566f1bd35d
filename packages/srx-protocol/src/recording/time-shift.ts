/** Seconds since 1970 between which a number counts as a time. */
export interface TimeWindow {
  readonly from: number;
  readonly until: number;
}

/** The time that the first one of a recording becomes: the one of the golden files. */
export const FIRST_TIME_S = 1_760_000_000;
/** A number further from the recording than this is no time: a telephone number moved by a known offset would be readable. */
const AROUND_S = 400 * 86_400;

const ISO = /^(\d{4})-(\d\d)-(\d\d)([Tt ])(\d\d):(\d\d):(\d\d)((?:[.,]\d{1,9})?)(Z|z|[+-]\d\d:?\d\d)?$/;
const HTTP_DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/**
 * Moves every time of one recording by the same whole number of seconds: lengths between them stay, dates do not.
 *
 * Shape:  a time comes back in the form it was sent in: seconds, milliseconds, `2025-10-09T08:53:20Z` and its like, or an HTTP date.
 * Errors: null for a text that is no time near the recording.
 */
export class TimeShift {
  readonly window: TimeWindow;
  #offsetS: number | null = null;

  constructor(now: number) {
    const middle = Math.floor(now / 1000);
    this.window = { from: middle - AROUND_S, until: middle + AROUND_S };
  }

  shift(text: string): string | null {
    const number = /^(\d{10})((?:\d{3})?)((?:\.\d{1,9})?)$/.exec(text);
    if (number !== null) {
      const seconds = Number(number[1]);
      return this.#isNear(seconds) ? `${this.#moved(seconds)}${number[2] ?? ""}${number[3] ?? ""}` : null;
    }
    const iso = ISO.exec(text);
    if (iso !== null) return this.#moveIso(iso);
    if (!HTTP_DATE.test(text)) return null;
    const at = parseHttpDate(text);
    return at !== null && this.#isNear(at) ? formatHttpDate(this.#moved(at)) : null;
  }

  #moveIso(parts: RegExpExecArray): string | null {
    const at = isoSeconds(parts.slice(1, 4), parts.slice(5, 8));
    if (at === null || !this.#isNear(at)) return null;
    const moved = new Date(this.#moved(at) * 1000).toISOString();
    return `${moved.slice(0, 10)}${parts[4] ?? "T"}${moved.slice(11, 19)}${parts[8] ?? ""}${parts[9] ?? ""}`;
  }

  #isNear(seconds: number): boolean {
    return seconds >= this.window.from && seconds <= this.window.until;
  }

  #moved(seconds: number): number {
    this.#offsetS ??= seconds - FIRST_TIME_S;
    return seconds - this.#offsetS;
  }
}

function isoSeconds(date: readonly string[], time: readonly string[]): number | null {
  const at = Date.parse(`${date.join("-")}T${time.join(":")}Z`);
  return Number.isNaN(at) ? null : at / 1000;
}

function parseHttpDate(text: string): number | null {
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at / 1000;
}

function formatHttpDate(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()] ?? "Jan"} ${date.getUTCFullYear()}`;
  return `${DAYS[date.getUTCDay()] ?? "Sun"}, ${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} GMT`;
}
