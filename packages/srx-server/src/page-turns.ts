/**
 * Shares the event loop between those who wait for a page to be written and everybody else.
 *
 * Shape:  `isOver` is true once writing has taken its share of the present turn; `next()` resolves in a later one, for one
 *         waiter after the other, in the order they came. The first page of a turn is always written.
 * Units:  milliseconds of work a turn.
 */
export class PageTurns {
  readonly #shareMs: number;
  readonly #waiting: (() => void)[] = [];
  #spentMs = 0;
  #isScheduled = false;

  constructor(shareMs: number) {
    this.#shareMs = shareMs;
  }

  get isOver(): boolean {
    return this.#spentMs >= this.#shareMs;
  }

  /** Does a piece of work and counts its time against this turn. */
  work<T>(what: () => T): T {
    const begunAt = performance.now();
    try {
      return what();
    } finally {
      this.#spentMs += performance.now() - begunAt;
      this.#schedule();
    }
  }

  next(): Promise<void> {
    this.#schedule();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#spentMs = 0;
      // What it writes counts against this new turn, so the next waiter is let go in the one after.
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}
