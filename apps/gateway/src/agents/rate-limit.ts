import { isIPv6 } from "node:net";

export interface RateLimitOptions {
  /** Requests that may come at once. */
  readonly burst: number;
  readonly perMinute: number;
  /** How many addresses are remembered; the one not seen for longest is forgotten first. */
  readonly maxAddresses: number;
  readonly now: () => number;
}

/**
 * A token bucket per network address; IPv6 counts by /64, which is what one machine can change at will.
 * `take` gives 0 when the request may pass, else the seconds to wait.
 */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  take(address: string): number {
    const { burst, perMinute, maxAddresses, now } = this.#options;
    const key = networkOf(address);
    const at = now();
    const before = this.#buckets.get(key);
    const refill = before ? ((at - before.at) / 60_000) * perMinute : 0;
    const tokens = Math.min(burst, (before?.tokens ?? burst) + Math.max(0, refill));
    // Deleted and set again, so that the map's order is the order of last use.
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
    if (this.#buckets.size > maxAddresses) {
      const oldest = this.#buckets.keys().next();
      if (!oldest.done) this.#buckets.delete(oldest.value);
    }
    return tokens >= 1 ? 0 : Math.max(1, Math.ceil(((1 - tokens) / perMinute) * 60));
  }
}

/** The network an address stands for: itself for IPv4, its /64 for IPv6. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.toLowerCase().split("%")[0]?.split("::") ?? [];
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const middle =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - front.length - back.length)).fill("0");
  return `${[...front, ...middle, ...back]
    .slice(0, 4)
    .map((part) => part.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}
