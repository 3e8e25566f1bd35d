interface Sleeper {
  readonly dueAt: number;
  readonly wake: () => void;
  readonly fail: (reason: unknown) => void;
}

/**
 * Time that moves only when a test moves it.
 *
 * Shape: pass `clock.now` where a `now()` is wanted and `clock.sleep` where a wait is; `advance` wakes sleepers in
 *        the order they are due, each at its own instant, and lets what they started run before it goes on.
 * Units: epoch ms.
 */
export class FakeClock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(startAt: number | string = "2026-01-05T08:00:00Z") {
    this.#now = typeof startAt === "number" ? startAt : Date.parse(startAt);
  }

  readonly now = (): number => this.#now;

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const sleeper: Sleeper = { dueAt: this.#now + ms, wake: resolve, fail: reject };
      this.#sleepers.add(sleeper);
      signal?.addEventListener(
        "abort",
        () => {
          if (this.#sleepers.delete(sleeper)) sleeper.fail(signal.reason);
        },
        { once: true },
      );
    });

  /** How many are asleep: lets a test wait until the code under test has reached its wait. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Sets the time without waking anybody: a wall clock that jumps. */
  set(at: number | string): void {
    this.#now = typeof at === "number" ? at : Date.parse(at);
  }

  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      const next = [...this.#sleepers].filter((s) => s.dueAt <= until).sort((a, b) => a.dueAt - b.dueAt)[0];
      if (!next) break;
      this.#now = Math.max(this.#now, next.dueAt);
      this.#sleepers.delete(next);
      next.wake();
      await settle();
    }
    this.#now = until;
    await settle();
  }
}

/** Lets pending promise reactions run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
