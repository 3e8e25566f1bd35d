export const RETRY_MS_MIN = 500;
export const RETRY_MS_MAX = 60_000;
const RETRY_AFTER_MS_MAX = 3_600_000;

/**
 * How long to wait after failure number `failures`: full jitter, so that many senders do not come back in step.
 *
 * Units:  ms, from 500 to 60,000. `failures` counts from 1. `random` is in [0, 1).
 */
export function retryDelayMs(failures: number, random: number): number {
  const ceiling = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(failures, 16));
  return Math.round(RETRY_MS_MIN + random * (ceiling - RETRY_MS_MIN));
}

/**
 * Reads a Retry-After header: seconds, or an HTTP date. Null where it says nothing; at most an hour is obeyed.
 * Source: RFC 9110, section 10.2.3 (documented).
 */
export function readRetryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(waitMs) ? Math.min(Math.max(waitMs, 0), RETRY_AFTER_MS_MAX) : null;
}
