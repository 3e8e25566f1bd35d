import type { EpochMs } from "@rollcall/identity-core";
import { RateBucket } from "./rate-bucket.ts";
import { networkOf } from "./source-network.ts";

export interface StrangerGateOptions {
  /** Token requests of clients not yet known that one address may make at once, and each second after that. */
  readonly burst?: number;
  readonly perSecond?: number;
}

/** A gate is as deep as one address may have connections: firewalls behind it that start together are all let in. */
const BURST = 200;
const PER_SECOND = 2;
const NAMES_MAX = 20_000;
/** Lines in the log that one address may cause before anybody knows who it is: so many at once, then one a minute. */
const SAID_BURST = 10;
const SAID_PER_SECOND = 1 / 60;

/**
 * Holds an address that asks for tokens with ever-new client ids to a rate, because each costs a look-up.
 * IPv6 addresses are counted by their /64 (`networkOf`).
 *
 * A client that was granted a token from that address is no stranger there any more: it is let in whatever the others
 * behind the same address do. Guesses of one client's secret are `FailureThrottle`'s.
 */
export class StrangerGate {
  readonly #bucket: RateBucket;
  readonly #known = new Set<string>();
  readonly #said = new RateBucket({ burst: SAID_BURST, perSecond: SAID_PER_SECOND, namesMax: NAMES_MAX });

  constructor({ burst = BURST, perSecond = PER_SECOND }: StrangerGateOptions = {}) {
    this.#bucket = new RateBucket({ burst, perSecond, namesMax: NAMES_MAX });
  }

  /** Milliseconds until that client may be looked up; 0: now. One that is sent away has cost nothing. */
  enter(clientId: string, sourceIp: string, now: EpochMs): number {
    if (this.#known.has(pair(clientId, sourceIp))) return 0;
    const network = networkOf(sourceIp);
    const waitMs = this.#bucket.take(network, now);
    if (waitMs > 0) this.#bucket.giveBack(network, now);
    return waitMs;
  }

  /** Whether the log may have another line about that address: a stranger must not fill the disk with it. */
  maySay(sourceIp: string, now: EpochMs): boolean {
    const network = networkOf(sourceIp);
    if (this.#said.take(network, now) === 0) return true;
    this.#said.giveBack(network, now);
    return false;
  }

  granted(clientId: string, sourceIp: string, now: EpochMs): void {
    const key = pair(clientId, sourceIp);
    if (!this.#known.delete(key)) this.#bucket.giveBack(networkOf(sourceIp), now);
    this.#known.add(key);
    for (const oldest of this.#known) {
      if (this.#known.size <= NAMES_MAX) break;
      this.#known.delete(oldest);
    }
  }
}

function pair(clientId: string, sourceIp: string): string {
  return `${clientId}\u0000${sourceIp}`;
}
