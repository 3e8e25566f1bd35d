/** Counters of one source, and when it was last heard. Reasons of refusal count under `refused.<reason>`. */
export class SourceCounters {
  readonly #counts = new Map<string, number>([
    ["received", 0],
    ["matched", 0],
    ["unmatched", 0],
    ["refused", 0],
    ["dropped", 0],
    ["observations", 0],
  ]);
  readonly startedAt: number;
  #firstAt: number | null = null;
  #lastAt: number | null = null;
  /** How long the pauses between lines usually are, weighted towards the newest; null before the second line. */
  #usualGapMs: number | null = null;

  constructor(startedAt: number) {
    this.startedAt = startedAt;
  }

  get firstAt(): number | null {
    return this.#firstAt;
  }

  get lastAt(): number | null {
    return this.#lastAt;
  }

  get usualGapMs(): number | null {
    return this.#usualGapMs;
  }

  received(at: number): void {
    this.add("received");
    if (this.#lastAt !== null) {
      const gap = Math.max(0, at - this.#lastAt);
      this.#usualGapMs = this.#usualGapMs === null ? gap : this.#usualGapMs * 0.95 + gap * 0.05;
    }
    this.#firstAt ??= at;
    this.#lastAt = at;
  }

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  refuse(reason: string): void {
    this.add("refused");
    this.add(`refused.${reason}`);
  }

  drop(reason: string, by = 1): void {
    this.add("dropped", by);
    this.add(`dropped.${reason}`, by);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
