import type { EpochMs } from "@rollcall/identity-core";

/** Above this a plain number is taken for milliseconds: as seconds it would lie in the year 5138. */
const GREATEST_SECONDS = 100_000_000_000;
const LATEST_MS = 8_640_000_000_000_000;

/** How a family writes the begin time; `auto`: to be told by looking. */
export type TimeUnit = "auto" | "s" | "ms" | "iso";

const NUMBER = /^\d{1,16}(?:\.\d{1,9})?$/;
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s?([Zz]|[+\- ]?\d{2}:?\d{2})?)?$/;

/**
 * Reads the time a first batch begins at: seconds, milliseconds or ISO 8601, whatever `unit` says of numbers.
 *
 * Shape:  epoch ms; null for absent, zero and unreadable, which all mean "from the very start".
 * Units:  a number is seconds, above 10^11 milliseconds. A time without a zone is UTC. A blank before the
 *         offset is the `+` that form decoding took away.
 * Source: docs/protocol/srx-query.md, "where a batch begins" (assumed: neither unit nor first value is published).
 */
export function parseBeginTime(text: string, unit: TimeUnit = "auto"): EpochMs | null {
  const trimmed = text.trim();
  if (NUMBER.test(trimmed)) {
    const value = Number(trimmed);
    const isMs = unit === "ms" || (unit !== "s" && value > GREATEST_SECONDS);
    const ms = Math.floor(isMs ? value : value * 1000);
    return ms > 0 && ms <= LATEST_MS ? ms : null;
  }
  const match = ISO.exec(trimmed);
  if (match === null) return null;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] = match;
  const parts = [
    Number(year),
    Number(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  ] as const;
  if (parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31) return null;
  if (parts[3] > 24 || parts[4] > 59 || parts[5] > 60) return null;
  const ms = Date.UTC(parts[0], parts[1] - 1, parts[2], parts[3], parts[4], parts[5]);
  const withFraction = ms + Math.floor(Number(`0.${fraction || "0"}`) * 1000) - offsetMs(zone);
  return withFraction > 0 ? withFraction : null;
}

function offsetMs(zone: string): number {
  if (zone === "Z" || zone === "z") return 0;
  const digits = zone.replaceAll(/[^\d]/g, "");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4));
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}
