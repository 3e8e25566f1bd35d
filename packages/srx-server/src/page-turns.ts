/**
 * Shares the event loop between those who wait for a page to be written and everybody else.
 *
 * Shape:  `isOver` is true once writing has taken its share of the present turn; `next()` resolves in a later one. Those who
 *         wait are let go in the order they came, as many in one turn as its share has room for: many small pages, or one
 *         full one. The first page of a turn is always written.
 * Units:  milliseconds of work a turn; half of the last turn where that was long, so that a loop which is busy with other
 *         things writes fewer pages and not almost none.
 */
export class PageTurns {
  readonly #shareMs: number;
  readonly #waiting: (() => void)[] = [];
  #spentMs = 0;
  #roomMs: number;
  #begunAt = 0;
  #isScheduled = false;

  constructor(shareMs: number) {
    this.#shareMs = shareMs;
    this.#roomMs = shareMs;
  }

  get isOver(): boolean {
    return this.#spentMs >= this.#roomMs;
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
    this.#begunAt = performance.now();
    setImmediate(() => void this.#begin());
  }

  async #begin(): Promise<void> {
    this.#isScheduled = false;
    this.#spentMs = 0;
    this.#roomMs = Math.max(this.#shareMs, (performance.now() - this.#begunAt) / 2);
    for (let waiter = this.#waiting.shift(); waiter !== undefined; waiter = this.#waiting.shift()) {
      waiter();
      // It goes on before this does, and does its work there.
      await null;
      if (this.isOver) break;
    }
    if (this.#waiting.length > 0) this.#schedule();
  }
}
