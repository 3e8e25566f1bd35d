/**
 * Shares the event loop between work that could fill it and everybody else.
 *
 * Shape:  `isOver` is true once this kind of work has taken its share of the present turn; `next()` resolves in a later one.
 *         Those who wait are let go in the order they came, as many in one turn as its share has room for. The first piece of
 *         work of a turn is always done.
 * Units:  milliseconds of work a turn, and a part of the last turn where that gives more: with a half, a loop which is busy
 *         with other things does less of this work and not almost none. Two kinds of work with a half each would let a turn
 *         grow without end, so only one of a process may have it.
 */
export class LoopShare {
  readonly #shareMs: number;
  readonly #ofLastTurn: number;
  readonly #now: () => number;
  readonly #waiting: (() => void)[] = [];
  #spentMs = 0;
  #roomMs: number;
  #begunAt = 0;
  #isScheduled = false;

  constructor(shareMs: number, ofLastTurn: number, now: () => number = () => performance.now()) {
    this.#shareMs = shareMs;
    this.#ofLastTurn = ofLastTurn;
    this.#now = now;
    this.#roomMs = shareMs;
  }

  get isOver(): boolean {
    return this.#spentMs >= this.#roomMs;
  }

  /** Does a piece of work and counts its time against this turn. */
  work<T>(what: () => T): T {
    const begunAt = this.#now();
    try {
      return what();
    } finally {
      this.#spentMs += this.#now() - begunAt;
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
    this.#begunAt = this.#now();
    setImmediate(() => void this.#begin());
  }

  async #begin(): Promise<void> {
    this.#isScheduled = false;
    this.#spentMs = 0;
    this.#roomMs = Math.max(this.#shareMs, (this.#now() - this.#begunAt) * this.#ofLastTurn);
    for (let waiter = this.#waiting.shift(); waiter !== undefined; waiter = this.#waiting.shift()) {
      waiter();
      // It goes on before this does, and does its work there.
      await null;
      if (this.isOver) break;
    }
    if (this.#waiting.length > 0) this.#schedule();
  }
}
