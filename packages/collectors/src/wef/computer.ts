import type { EpochMs, IpAddress } from "@rollcall/identity-core";
import { type ComputerMark, readMark } from "./computer-mark.ts";
import type { ChannelMark } from "./soap-reader.ts";

/** That a computer was heard from an address, first and last. */
export interface Stay {
  readonly ip: IpAddress;
  readonly from: EpochMs;
  readonly until: EpochMs;
}

const MAX_STAYS = 8;
/** What happened so long before a computer was first heard from an address, it did there: the network and the forwarder start after the logon, or with it. */
const LEAD_MS = 10 * 60_000;
/** A computer whose clock is a little ahead dates what it did just now after its own connection. */
const SLACK_MS = 60_000;

/**
 * One computer that forwards: where it was when, how far it was read, and what came of it.
 *
 * Changed by the receiver alone, with each message. `marks` are those that are safely kept.
 */
export class Computer {
  readonly name: string;
  marks: readonly ChannelMark[];
  lastHeardAt: EpochMs;
  events = 0;
  forged = 0;
  #stays: Stay[];

  constructor(name: string, kept: string | null, now: EpochMs) {
    const before: ComputerMark = readMark(kept);
    this.name = name;
    this.marks = before.marks;
    this.lastHeardAt = now;
    this.#stays = before.stay === null ? [] : [before.stay];
  }

  /** It spoke from there now. */
  heardFrom(ip: IpAddress, now: EpochMs): void {
    this.lastHeardAt = now;
    const last = this.#stays.at(-1);
    if (last?.ip === ip) this.#stays[this.#stays.length - 1] = { ...last, until: Math.max(now, last.until) };
    else this.#stays = [...this.#stays, { ip, from: now, until: now }].slice(-MAX_STAYS);
  }

  get stay(): Stay | null {
    return this.#stays.at(-1) ?? null;
  }

  /**
   * Where it was at that time; null where nobody can say: then it was away, and had another address or none.
   * Source: semantics 3, "the IP(s) that the forwarding host had at the event's time" (documented).
   */
  placeAt(at: EpochMs): IpAddress | null {
    const during = this.#stays.findLast(({ from, until }) => at >= from && at <= until + SLACK_MS);
    if (during !== undefined) return during.ip;
    return this.#stays.find(({ from }) => at < from && at >= from - LEAD_MS)?.ip ?? null;
  }
}
