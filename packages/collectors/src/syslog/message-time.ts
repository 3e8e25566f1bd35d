import type { WrittenTime } from "./header.ts";

const DAY_MS = 86_400_000;

/** Tells the offset of one IANA zone at a moment; built once a zone, for building it is slow. */
export interface Zone {
  /** Epoch ms of a wall-clock time written as if it were UTC. */
  toEpochMs(wallAsUtc: number): number;
}

/** Null when the zone is not known to this machine. */
export function openZone(name: string): Zone | null {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    return null;
  }
  const offsetAt = (at: number) => {
    const parts = new Map(format.formatToParts(at).map((part) => [part.type, Number(part.value)]));
    const wall = Date.UTC(
      parts.get("year") ?? 1970,
      (parts.get("month") ?? 1) - 1,
      parts.get("day") ?? 1,
      parts.get("hour") ?? 0,
      parts.get("minute") ?? 0,
      parts.get("second") ?? 0,
    );
    return wall - Math.floor(at / 1000) * 1000;
  };
  return {
    toEpochMs(wallAsUtc) {
      // Twice: the first guess may lie on the other side of a change of the clocks.
      const guess = wallAsUtc - offsetAt(wallAsUtc);
      return wallAsUtc - offsetAt(guess);
    },
  };
}

/**
 * When the event happened, if the message says so reliably.
 *
 * Shape:  null where it has no time, or a time without a zone and the source declares none: then the receive time
 *         counts. A missing year is the one that puts the time closest to `receivedAt`.
 * Source: semantics 12 (documented).
 */
export function eventTime(written: WrittenTime | null, zone: Zone | null, receivedAt: number): number | null {
  if (written === null) return null;
  if (written.kind === "zoned") return written.at;
  if (zone === null) return null;
  const { month, day, hour, minute, second, millisecond } = written;
  const inYear = (year: number) =>
    zone.toEpochMs(Date.UTC(year, month - 1, day, hour, minute, second, millisecond));
  if (written.year !== null) return inYear(written.year);
  const thisYear = new Date(receivedAt).getUTCFullYear();
  let best = inYear(thisYear);
  // Only around the turn of the year can another year be closer.
  if (Math.abs(best - receivedAt) > 180 * DAY_MS) {
    for (const candidate of [inYear(thisYear - 1), inYear(thisYear + 1)]) {
      if (Math.abs(candidate - receivedAt) < Math.abs(best - receivedAt)) best = candidate;
    }
  }
  return best;
}
