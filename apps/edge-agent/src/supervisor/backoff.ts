export const BACKOFF_MS_MIN = 500;
export const BACKOFF_MS_MAX = 60_000;

/**
 * How long to wait before attempt `attempt` + 1: full jitter, so that many agents do not come back in step.
 *
 * Units:  ms, from 500 to `maxMs`. `attempt` counts failures, from 1. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number, maxMs = BACKOFF_MS_MAX): number {
  const ceiling = Math.min(maxMs, BACKOFF_MS_MIN * 2 ** Math.min(attempt, 16));
  return Math.round(BACKOFF_MS_MIN + random * (ceiling - BACKOFF_MS_MIN));
}

/** Reads a Retry-After header: seconds, or an HTTP date. Null where it says nothing; at most an hour is obeyed. */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(waitMs) ? Math.min(Math.max(waitMs, 0), 3_600_000) : null;
}
