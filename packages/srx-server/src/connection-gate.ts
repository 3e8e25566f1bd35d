import type { Socket } from "node:net";
import { peerAddressOf } from "./peer.ts";
import { networkOf } from "./source-network.ts";

/** One IPv6 /64 may have so many times what one address may: firewalls of a site stand side by side in one. */
const NETWORK_FACTOR = 10;

/**
 * Holds connections to a number per source address: one noisy peer cannot take the places of the others,
 * also with the many addresses of an IPv6 /64.
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
    const network = networkOf(source);
    const isCrowd = network !== source && this.#openOf(network) >= this.#perSourceMax * NETWORK_FACTOR;
    if (isCrowd || this.#openOf(source) >= this.#perSourceMax) {
      this.#refused += 1;
      socket.destroy();
      return;
    }
    const names = network === source ? [source] : [source, network];
    for (const name of names) this.#bySource.set(name, this.#openOf(name) + 1);
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      for (const name of names) {
        const left = this.#openOf(name) - 1;
        if (left <= 0) this.#bySource.delete(name);
        else this.#bySource.set(name, left);
      }
    });
  }

  #openOf(name: string): number {
    return this.#bySource.get(name) ?? 0;
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
