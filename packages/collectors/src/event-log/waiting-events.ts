import type { WindowsEvent } from "@rollcall/event-rules";

/** A computer that is not known anywhere yet may be known a moment later: its own ticket stands in another log. */
const WAITS_MS = 2 * 60_000;
const LOOK_MS = 2000;
const MAX_WAITING = 5000;

export interface WaitingEvent {
  readonly event: WindowsEvent;
  readonly receivedAt: number;
}

/**
 * Events of computers that are at no known address: kept for two minutes and judged again, logoffs among them, so that who
 * has left meanwhile is not placed.
 *
 * Holds:  at most `MAX_WAITING`, in the order they came; what falls out, by number or by age, is given back as given up. A
 *         restart forgets them.
 */
export class WaitingEvents {
  #waiting: WaitingEvent[] = [];
  #lookedAt = 0;

  get size(): number {
    return this.#waiting.length;
  }

  /** Gives what had to make room. */
  add(event: WaitingEvent): WaitingEvent | null {
    this.#waiting.push(event);
    return this.#waiting.length > MAX_WAITING ? (this.#waiting.shift() ?? null) : null;
  }

  /** Everything that waits, taken out, where it is time to look; else nothing. */
  take(now: number): readonly WaitingEvent[] {
    if (this.#waiting.length === 0 || Math.abs(now - this.#lookedAt) < LOOK_MS) return [];
    this.#lookedAt = now;
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  /** Whether an event has waited long enough. */
  isOver({ receivedAt }: WaitingEvent, now: number): boolean {
    return now - receivedAt >= WAITS_MS;
  }
}
