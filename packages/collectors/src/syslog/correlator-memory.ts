/**
 * Which address a VPN or accounting session was given, so that an end which names only the session finds it.
 *
 * Holds: the newest `capacity` correlators of one source. It forgets the oldest when full, and everything at a
 * restart: such an end then finds nothing, is counted, and the session ends by its lifetime.
 */
export class CorrelatorMemory {
  readonly #addresses = new Map<string, string>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  remember(correlator: string, ip: string): void {
    this.#addresses.delete(correlator);
    this.#addresses.set(correlator, ip);
    if (this.#addresses.size <= this.#capacity) return;
    const [oldest] = this.#addresses.keys();
    if (oldest !== undefined) this.#addresses.delete(oldest);
  }

  addressOf(correlator: string): string | null {
    return this.#addresses.get(correlator) ?? null;
  }
}
