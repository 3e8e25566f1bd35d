import type { Observation } from "@rollcall/identity-core";
import { Gate } from "../syslog/gate.ts";

/** What one message brought, and whom to tell when it is safely kept. */
export interface Delivery {
  readonly observations: readonly Observation[];
  /** How far that computer is now read. */
  readonly mark: { readonly key: string; readonly value: string };
  /** Lets the answer go. */
  readonly onKept: () => void;
}

/**
 * Messages between the connections and the reader, oldest first.
 *
 * Promise: a message is let go of only by `acknowledge`. What was taken and not acknowledged comes first again after
 *          `restore`.
 */
export class DeliveryQueue {
  readonly #capacity: number;
  readonly #arrival = new Gate();
  #waiting: Delivery[] = [];
  #inFlight: Delivery[] = [];
  /** Observations and messages together: a message without any weighs something too. */
  #weight = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get isFull(): boolean {
    return this.#weight >= this.#capacity;
  }

  get length(): number {
    return this.#waiting.length + this.#inFlight.length;
  }

  push(delivery: Delivery): void {
    this.#waiting.push(delivery);
    this.#weight += weightOf(delivery);
    this.#arrival.open();
  }

  async waitForOne(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length === 0) await this.#arrival.wait(signal);
  }

  take(limit: number): readonly Delivery[] {
    const taken = this.#waiting.splice(0, limit);
    this.#inFlight.push(...taken);
    return taken;
  }

  acknowledge(deliveries: readonly Delivery[]): void {
    const done = new Set(deliveries);
    const before = this.#inFlight.length;
    this.#inFlight = this.#inFlight.filter((delivery) => !done.has(delivery));
    if (this.#inFlight.length === before) return;
    for (const delivery of deliveries) {
      this.#weight -= weightOf(delivery);
      delivery.onKept();
    }
  }

  restore(): void {
    this.#waiting = [...this.#inFlight, ...this.#waiting];
    this.#inFlight = [];
  }
}

function weightOf({ observations }: Delivery): number {
  return 1 + observations.length;
}
