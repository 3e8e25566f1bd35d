import type { Observation } from "@rollcall/identity-core";
import { Gate } from "./gate.ts";

/** What one matched line made, and whom to tell when it is safely kept. */
export interface QueuedLine {
  readonly observations: readonly Observation[];
  /** Lets the connection read on; null for a datagram, which has nobody to tell. */
  readonly release: (() => void) | null;
}

/**
 * Lines between the sockets and the reader, oldest first. Bounded by its owners: they ask `isFull` first.
 *
 * Promise: a line is let go of only by `acknowledge`. What was taken and not acknowledged comes first again after
 *          `restore`.
 */
export class LineQueue {
  readonly #capacity: number;
  #waiting: QueuedLine[] = [];
  #inFlight: QueuedLine[] = [];
  readonly #arrival = new Gate();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get isFull(): boolean {
    return this.#waiting.length + this.#inFlight.length >= this.#capacity;
  }

  get length(): number {
    return this.#waiting.length + this.#inFlight.length;
  }

  push(line: QueuedLine): void {
    this.#waiting.push(line);
    this.#arrival.open();
  }

  /** Waits until there is a line or `signal` aborts. */
  async waitForLine(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length === 0) await this.#arrival.wait(signal);
  }

  /** Takes at most `limit` lines; they are in flight until acknowledged. */
  take(limit: number): readonly QueuedLine[] {
    const taken = this.#waiting.splice(0, limit);
    this.#inFlight.push(...taken);
    return taken;
  }

  acknowledge(lines: readonly QueuedLine[]): void {
    const done = new Set(lines);
    const before = this.#inFlight.length;
    this.#inFlight = this.#inFlight.filter((line) => !done.has(line));
    if (this.#inFlight.length === before) return;
    for (const line of lines) line.release?.();
  }

  /** Puts what was taken and never acknowledged back to the front. */
  restore(): void {
    this.#waiting = [...this.#inFlight, ...this.#waiting];
    this.#inFlight = [];
  }
}
