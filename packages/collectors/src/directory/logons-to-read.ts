/** A user is read again at his logon, at most once in so long. Source: semantics 8 (documented). */
const PAUSE_MS = 60_000;
const WAITING_MAX = 5000;

/** What becomes of a logon that is noted. */
export type NotedLogon = "waits" | "coalesced" | "left-out";

/**
 * Users who logged on and are to be read again, in their order: each once, and not again within a minute of being read.
 * Bound: 5,000 wait; more are left out, and the daily comparison finds what they would have.
 */
export class LogonsToRead {
  readonly #waiting = new Set<string>();
  readonly #readAt = new Map<string, number>();

  get size(): number {
    return this.#waiting.size;
  }

  note(sid: string, now: number): NotedLogon {
    const last = this.#readAt.get(sid);
    if (this.#waiting.has(sid) || (last !== undefined && now - last < PAUSE_MS)) return "coalesced";
    if (this.#waiting.size >= WAITING_MAX) return "left-out";
    this.#waiting.add(sid);
    return "waits";
  }

  /** The next ones; they wait no longer. */
  take(most: number, now: number): readonly string[] {
    for (const [sid, at] of this.#readAt) if (now - at >= PAUSE_MS) this.#readAt.delete(sid);
    const taken = [...this.#waiting].slice(0, most);
    for (const sid of taken) this.#waiting.delete(sid);
    return taken;
  }

  wasRead(sid: string, now: number): void {
    this.#readAt.set(sid, now);
  }
}
