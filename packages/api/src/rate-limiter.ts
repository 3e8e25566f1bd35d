/** What one kind of call may cost one person: `perMinute` on average, `burst` at once. */
export interface Allowance {
  readonly perMinute: number;
  readonly burst: number;
}

/** Named, so that a review sees them together. A procedure names its own by `meta.allowance`; all count against `any`. */
export const ALLOWANCES = {
  any: { perMinute: 1200, burst: 300 },
  write: { perMinute: 120, burst: 60 },
  costly: { perMinute: 30, burst: 15 },
  fleet: { perMinute: 120, burst: 30 },
} as const satisfies Record<string, Allowance>;
export type AllowanceName = keyof typeof ALLOWANCES;

export interface RateLimiter {
  /** Null when the call may go on, else how long to wait in ms. */
  take(person: string, name: AllowanceName): number | null;
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Token buckets per person and kind, in this process.
 *
 * Holds at most `maxBuckets`; beyond that the longest unused is forgotten, which can only be generous.
 */
export function createRateLimiter(options: { now(): number; maxBuckets?: number }): RateLimiter {
  const { now, maxBuckets = 10_000 } = options;
  const buckets = new Map<string, Bucket>();
  return {
    take(person, name) {
      const { perMinute, burst } = ALLOWANCES[name];
      const key = `${name} ${person}`;
      const at = now();
      const known = buckets.get(key);
      const refilled = known
        ? Math.min(burst, known.tokens + (Math.max(0, at - known.at) * perMinute) / 60_000)
        : burst;
      buckets.delete(key);
      const allowed = refilled >= 1;
      buckets.set(key, { tokens: allowed ? refilled - 1 : refilled, at });
      if (buckets.size > maxBuckets) forgetOldest(buckets);
      return allowed ? null : Math.ceil(((1 - refilled) * 60_000) / perMinute);
    },
  };
}

function forgetOldest(buckets: Map<string, Bucket>): void {
  const oldest = buckets.keys().next();
  if (!oldest.done) buckets.delete(oldest.value);
}
