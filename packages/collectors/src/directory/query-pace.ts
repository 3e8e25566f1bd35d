import { setTimeout as delay } from "node:timers/promises";

/**
 * Keeps queries apart, so that a controller is never asked more often than allowed.
 * Shape: a second's worth may go at once, then one by one; nobody is turned away, they wait in their order.
 */
export class QueryPace {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<void>;
  /** When the next query would be due had all of them been spread evenly. */
  #dueAt = 0;
  #waits = 0;

  constructor(
    perSecond: number,
    now: () => number = () => performance.now(),
    wait: (ms: number) => Promise<void> = (ms) => delay(ms),
  ) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#wait = wait;
  }

  /** Queries that had to wait. */
  get waits(): number {
    return this.#waits;
  }

  async turn(): Promise<void> {
    const now = this.#now();
    this.#dueAt = Math.max(this.#dueAt, now - 1000) + 1000 / this.#perSecond;
    const early = this.#dueAt - now;
    if (early <= 0) return;
    this.#waits += 1;
    await this.#wait(early);
  }
}
