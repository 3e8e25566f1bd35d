import type { Socket } from "node:net";
import { canonicalAddress } from "./source-address.ts";

/**
 * Holds connections to a number per source address: one noisy peer cannot take the places of the others.
 * The number in all is the server's own limit.
 */
export class ConnectionGate {
  readonly #perSourceMax: number;
  readonly #open = new Map<string, number>();
  #refused = 0;

  constructor(perSourceMax: number) {
    this.#perSourceMax = perSourceMax;
  }

  /** Takes a place for a connection that was just accepted, or closes it. */
  admit(socket: Socket): void {
    const source = canonicalAddress(socket.remoteAddress);
    const open = this.#open.get(source) ?? 0;
    if (open >= this.#perSourceMax) {
      this.#refused += 1;
      socket.destroy();
      return;
    }
    this.#open.set(source, open + 1);
    socket.once("close", () => {
      const left = (this.#open.get(source) ?? 1) - 1;
      if (left <= 0) this.#open.delete(source);
      else this.#open.set(source, left);
    });
  }

  get open(): number {
    let open = 0;
    for (const count of this.#open.values()) open += count;
    return open;
  }

  get refused(): number {
    return this.#refused;
  }
}
