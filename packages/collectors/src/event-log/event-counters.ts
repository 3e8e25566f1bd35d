import type { EvidenceClass } from "@rollcall/identity-core";

/** Counters of one reader of events: records by what became of them, by rule and by reason; and when it last heard any. */
export class EventCounters {
  readonly #counts = new Map<string, number>([
    ["received", 0],
    ["matched", 0],
    ["unmatched", 0],
    ["ignored", 0],
    ["refused", 0],
    ["observations", 0],
  ]);
  #lastAt: number | null = null;
  #lastEventAt: number | null = null;
  #usualGapMs: number | null = null;

  /** When records last came, by our clock. */
  get lastAt(): number | null {
    return this.#lastAt;
  }

  /** The newest event's own time. */
  get lastEventAt(): number | null {
    return this.#lastEventAt;
  }

  /** How long the pauses between two arrivals usually are, weighted towards the newest. */
  get usualGapMs(): number | null {
    return this.#usualGapMs;
  }

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  set(name: string, value: number): void {
    this.#counts.set(name, value);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** `count` records came at once. */
  received(count: number, at: number): void {
    this.add("received", count);
    if (this.#lastAt !== null) {
      const gap = Math.max(0, at - this.#lastAt);
      this.#usualGapMs = this.#usualGapMs === null ? gap : this.#usualGapMs * 0.95 + gap * 0.05;
    }
    this.#lastAt = at;
  }

  made(rule: string, observations: readonly { readonly class: EvidenceClass }[]): void {
    this.add("matched");
    this.add(`rule.${rule}`);
    this.add("observations", observations.length);
  }

  /** `rule` null: no rule is meant by such an event. */
  ignored(rule: string | null, reason: string): void {
    this.add(rule === null ? "unmatched" : "ignored");
    this.add(`ignored.${reason}`);
  }

  eventAt(time: number): void {
    if (this.#lastEventAt === null || time > this.#lastEventAt) this.#lastEventAt = time;
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
