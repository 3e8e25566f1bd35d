import { isLive } from "./compose-entry.ts";
import type { ChangePage, Entry, EntryFilter } from "./entry.ts";
import { compileFilter } from "./entry-filter.ts";
import type { IpAddress } from "./ip-address.ts";
import type { EpochMs } from "./observation.ts";

interface Slot {
  readonly revision: number;
  readonly entry: Entry;
}

/**
 * The newest entry of every address, in the order of revisions. Who may change it: its owner, by `put` and `prune`.
 * Promises: a reader that takes all pages holds the same as one that takes the whole table. Each address stands in
 * the log once, at its newest revision, so a slow reader is given the latest and not the history.
 * It deliberately knows neither the law nor the clock.
 */
export class EntryLog {
  readonly #entries = new Map<string, Entry>();
  readonly #keysByIp = new Map<string, string[]>();
  #log: Slot[] = [];
  #stale = 0;
  #spaces = new Map<string, number>();
  #live = 0;
  readonly #stamps = new Map<number, number>();
  #lastStamp = 0;
  revision: number;
  floorRevision: number;

  constructor(revision = 0, floorRevision = 0) {
    this.revision = revision;
    this.floorRevision = floorRevision;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Addresses with a user or a device. */
  get liveCount(): number {
    return this.#live;
  }

  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  get(addressSpaceId: string, ip: string): Entry | null {
    return this.#entries.get(keyOf(addressSpaceId, ip)) ?? null;
  }

  /** Puts entries in ascending order of revision; an entry not newer than the one it would replace is ignored. */
  put(entry: Entry): void {
    const key = keyOf(entry.addressSpaceId, entry.ip);
    const before = this.#entries.get(key);
    if (before && entry.revision < before.revision) return;
    this.#live += Number(isLive(entry)) - Number(before !== undefined && isLive(before));
    this.#entries.set(key, entry);
    if (before && before.revision === entry.revision) return;
    if (before) {
      this.#stale++;
      this.#stamp(before.revision);
    } else {
      this.#spaces.set(entry.addressSpaceId, (this.#spaces.get(entry.addressSpaceId) ?? 0) + 1);
      const keys = this.#keysByIp.get(entry.ip);
      if (keys) keys.push(key);
      else this.#keysByIp.set(entry.ip, [key]);
    }
    this.#stampNamesakes(entry);
    const last = this.#log.at(-1);
    this.#log.push({ revision: entry.revision, entry });
    if (last && last.revision > entry.revision) this.#log.sort((a, b) => a.revision - b.revision);
    if (entry.revision > this.revision) this.revision = entry.revision;
    if (this.#stale > 1024 && this.#stale > this.#log.length / 2) this.#compact();
  }

  /** Replaces what is known of an entry without a change for readers (later expiry, later last seen). */
  touch(entry: Entry): void {
    this.#entries.set(keyOf(entry.addressSpaceId, entry.ip), entry);
  }

  /** Forgets tombstones that changed before `before`; cursors older than the newest forgotten one must start anew. */
  prune(before: EpochMs): Entry[] {
    return this.#forget((entry) => entry.changedAt < before);
  }

  /** Forgets the tombstones that another log, which this one follows, has left behind its floor. */
  pruneThrough(floorRevision: number): void {
    this.#forget((entry) => entry.revision <= floorRevision);
    this.floorRevision = Math.max(this.floorRevision, floorRevision);
  }

  #forget(isOver: (tombstone: Entry) => boolean): Entry[] {
    const forgotten: Entry[] = [];
    for (const [key, entry] of this.#entries) {
      if (isLive(entry) || !isOver(entry)) continue;
      forgotten.push(entry);
      this.#stamp(entry.revision);
      this.#entries.delete(key);
      const left = (this.#keysByIp.get(entry.ip) ?? []).filter((other) => other !== key);
      if (left.length) this.#keysByIp.set(entry.ip, left);
      else this.#keysByIp.delete(entry.ip);
      const inSpace = (this.#spaces.get(entry.addressSpaceId) ?? 1) - 1;
      if (inSpace > 0) this.#spaces.set(entry.addressSpaceId, inSpace);
      else this.#spaces.delete(entry.addressSpaceId);
      this.#stale++;
      this.floorRevision = Math.max(this.floorRevision, entry.revision);
    }
    if (forgotten.length) this.#compact();
    return forgotten;
  }

  changesSince(after: number, limit: number, filter: EntryFilter): ChangePage {
    if (after >= this.revision) return { entries: [], nextRevision: this.revision, isLast: true };
    const { project, wantsSpace } = compileFilter(filter);
    const entries: Entry[] = [];
    let considered = after;
    for (let at = this.#firstAfter(after); at < this.#log.length; at++) {
      const slot = this.#log[at];
      if (!slot) break;
      const newest = this.#entries.get(keyOf(slot.entry.addressSpaceId, slot.entry.ip));
      if (!newest || newest.revision !== slot.revision) continue;
      if (entries.length >= limit) return { entries, nextRevision: considered, isLast: false };
      considered = slot.revision;
      if (!wantsSpace(newest.addressSpaceId)) continue;
      const shown = project(this.#spaces.size > 1 ? this.#acrossSpaces(newest, wantsSpace) : newest);
      if (shown) entries.push(shown);
    }
    return { entries, nextRevision: this.revision, isLast: true };
  }

  byIp(ip: IpAddress, filter: EntryFilter): Entry | null {
    const { project, wantsSpace } = compileFilter(filter);
    let found: Entry | null = null;
    for (const key of this.#keysByIp.get(ip) ?? []) {
      const entry = this.#entries.get(key);
      if (!entry || !isLive(entry) || !wantsSpace(entry.addressSpaceId)) continue;
      // Live in two spaces of one firewall: Junos cannot tell them apart, so neither is served.
      if (found) return null;
      found = entry;
    }
    const shown = found && project(found);
    return shown && isLive(shown) ? shown : null;
  }

  segmentStamp(after: number, through: number): number {
    let stamp = 0;
    const first = segmentOf(after + 1);
    const last = segmentOf(through);
    if (last - first > this.#stamps.size) {
      for (const [segment, at] of this.#stamps)
        if (segment >= first && segment <= last) stamp = Math.max(stamp, at);
    } else
      for (let segment = first; segment <= last; segment++)
        stamp = Math.max(stamp, this.#stamps.get(segment) ?? 0);
    return stamp;
  }

  #stamp(revision: number): void {
    this.#stamps.set(segmentOf(revision), ++this.#lastStamp);
  }

  /** What is told of an address depends on all its spaces: entries of the others are told differently from now on. */
  #stampNamesakes(entry: Entry): void {
    if (this.#spaces.size < 2) return;
    for (const key of this.#keysByIp.get(entry.ip) ?? []) {
      const other = this.#entries.get(key);
      if (other && other.addressSpaceId !== entry.addressSpaceId) this.#stamp(other.revision);
    }
  }

  /** Addresses that are live in more than one space. */
  overlaps(): string[] {
    if (this.#spaces.size < 2) return [];
    return [...this.#keysByIp]
      .filter(([, keys]) => keys.filter((key) => isLiveAt(this.#entries.get(key))).length > 1)
      .map(([ip]) => ip);
  }

  /** A firewall knows an address, not a space: one live entry among its spaces is told, two are told as nobody. */
  #acrossSpaces(changed: Entry, wantsSpace: (id: string) => boolean): Entry {
    const live = (this.#keysByIp.get(changed.ip) ?? [])
      .map((key) => this.#entries.get(key))
      .filter((entry): entry is Entry => isLiveAt(entry) && wantsSpace(entry?.addressSpaceId ?? ""));
    const [only] = live;
    if (live.length === 0) return changed;
    if (live.length === 1 && only)
      return only.revision === changed.revision ? only : { ...only, revision: changed.revision };
    return { ...changed, user: null, device: null, unknownBecause: "suppressed" };
  }

  #firstAfter(revision: number): number {
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#log[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compact(): void {
    this.#log = this.#log.filter(
      (slot) =>
        this.#entries.get(keyOf(slot.entry.addressSpaceId, slot.entry.ip))?.revision === slot.revision,
    );
    this.#stale = 0;
  }
}

const SEGMENT_REVISIONS = 512;

function segmentOf(revision: number): number {
  return Math.floor(revision / SEGMENT_REVISIONS);
}

export function keyOf(addressSpaceId: string, ip: string): string {
  return `${addressSpaceId}|${ip}`;
}

function isLiveAt(entry: Entry | undefined): boolean {
  return entry !== undefined && isLive(entry);
}
