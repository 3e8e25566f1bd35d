import type { EpochMs } from "@rollcall/identity-core";
import { networkOf } from "./source-network.ts";

export interface FailureThrottleOptions {
  /** Wrong secrets within the window before further ones are turned away unread. */
  readonly failuresMax?: number;
  readonly windowMs?: number;
  /** Pairs remembered; the oldest goes first. */
  readonly pairsMax?: number;
}

interface Failures {
  count: number;
  readonly since: EpochMs;
}

/**
 * Slows down guessing of secrets.
 *
 * Counts per client *and* source address: who guesses a firewall's secret from elsewhere cannot lock that firewall out.
 * An IPv6 address counts with its whole /64: else a guesser takes the next one for each try.
 * It holds at most `pairsMax` pairs, so a crowd of guessers costs no memory either.
 */
export class FailureThrottle {
  readonly #failuresMax: number;
  readonly #windowMs: number;
  readonly #pairsMax: number;
  readonly #failures = new Map<string, Failures>();

  constructor(options: FailureThrottleOptions = {}) {
    this.#failuresMax = options.failuresMax ?? 10;
    this.#windowMs = options.windowMs ?? 60_000;
    this.#pairsMax = options.pairsMax ?? 10_000;
  }

  /** Milliseconds until that client may try again from that address; 0: now. */
  waitMs(clientId: string, sourceIp: string, now: EpochMs): number {
    const failures = this.#failures.get(pair(clientId, sourceIp));
    if (failures === undefined || failures.count < this.#failuresMax) return 0;
    return this.#isOver(failures, now) ? 0 : failures.since + this.#windowMs - now;
  }

  failed(clientId: string, sourceIp: string, now: EpochMs): void {
    const key = pair(clientId, sourceIp);
    const failures = this.#failures.get(key);
    if (failures !== undefined && !this.#isOver(failures, now)) {
      failures.count += 1;
      return;
    }
    this.#failures.delete(key);
    this.#failures.set(key, { count: 1, since: now });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= this.#pairsMax) break;
      this.#failures.delete(oldest);
    }
  }

  /** A window that begins in the future is over too: the clock was set back, and would lock the firewall out until it has caught up. */
  #isOver({ since }: Failures, now: EpochMs): boolean {
    return now < since || now >= since + this.#windowMs;
  }

  succeeded(clientId: string, sourceIp: string): void {
    this.#failures.delete(pair(clientId, sourceIp));
  }
}

function pair(clientId: string, sourceIp: string): string {
  return `${clientId}\u0000${networkOf(sourceIp)}`;
}
