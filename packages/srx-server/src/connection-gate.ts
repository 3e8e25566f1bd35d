import type { Socket } from "node:net";
import { peerAddressOf } from "./peer.ts";

/**
 * Holds connections to a number per source address: one noisy peer cannot take the places of the others.
 * The number in all is the server's own limit.
 */
export class ConnectionGate {
  readonly #perSourceMax: number;
  readonly #bySource = new Map<string, number>();
  readonly #sockets = new Set<Socket>();
  #refused = 0;

  constructor(perSourceMax: number) {
    this.#perSourceMax = perSourceMax;
  }

  /** Takes a place for a connection that was just accepted, or closes it. */
  admit(socket: Socket): void {
    const source = peerAddressOf(socket);
    const open = this.#bySource.get(source) ?? 0;
    if (open >= this.#perSourceMax) {
      this.#refused += 1;
      socket.destroy();
      return;
    }
    this.#bySource.set(source, open + 1);
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      const left = (this.#bySource.get(source) ?? 1) - 1;
      if (left <= 0) this.#bySource.delete(source);
      else this.#bySource.set(source, left);
    });
  }

  get open(): number {
    return this.#sockets.size;
  }

  get refused(): number {
    return this.#refused;
  }

  /** Closes every connection, also those still in their handshake, of which the HTTP server knows nothing. */
  closeAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
