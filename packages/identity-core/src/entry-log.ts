import { isLive } from "./compose-entry.ts";
import type { ChangePage, Entry, EntryFilter } from "./entry.ts";
import { compileFilter } from "./entry-filter.ts";
import type { IpAddress } from "./ip-address.ts";
import type { EpochMs } from "./observation.ts";
import { Column } from "./packed/column.ts";
import { packEntry, peekEntry, unpackEntry, userNumber } from "./packed/pack-entry.ts";
import { PackedMemory } from "./packed/packed-memory.ts";
import { PlaceIndex } from "./packed/place-index.ts";
import { RevisionLog } from "./packed/revision-log.ts";
import { RowChain } from "./packed/row-chain.ts";

/** Marks that people are counted by. */
const COUNTED = 2 ** 23;

/** What the owner of several tables lets them share. */
export interface SharedRows {
  readonly memory: PackedMemory;
  /** Rows are given back by the owner, not by the log. */
  readonly places: PlaceIndex;
}

/**
 * The newest entry of every address, in the order of revisions. Who may change it: its owner, by `put` and `prune`.
 * Promises: a reader that takes all pages holds the same as one that takes the whole table. Each address stands in
 * the log once, at its newest revision, so a slow reader is given the latest and not the history. Entries of one
 * revision (what one record changed) are never in two pages.
 * It deliberately knows neither the law nor the clock.
 *
 * Holds packed records: an entry it gives is made anew each time and belongs to the caller.
 */
export class EntryLog {
  readonly #memory: PackedMemory;
  readonly #places: PlaceIndex;
  readonly #ownsPlaces: boolean;
  /** Where each row's record stands; 0: it has no entry. */
  readonly #handles = new Column("u32");
  readonly #revisions = new Column("f64");
  /** 1: somebody is known there. */
  readonly #liveRows = new Column("u8");
  readonly #order = new RevisionLog();
  /** Rows where nobody is known, in the order in which that came about. */
  readonly #tombstones = new RowChain();
  readonly #spaces = new Map<string, number>();
  #size = 0;
  #live = 0;
  revision: number;
  floorRevision: number;

  constructor(revision = 0, floorRevision = 0, shared: SharedRows | null = null) {
    this.revision = revision;
    this.floorRevision = floorRevision;
    this.#memory = shared?.memory ?? new PackedMemory();
    this.#places = shared?.places ?? new PlaceIndex();
    this.#ownsPlaces = shared === null;
  }

  get size(): number {
    return this.#size;
  }

  /** Addresses with a user or a device. */
  get liveCount(): number {
    return this.#live;
  }

  *entries(): Generator<Entry, undefined> {
    for (let row = 0; row < this.#places.rows.end; row++) {
      const entry = this.at(row);
      if (entry !== null) yield entry;
    }
  }

  get(addressSpaceId: string, ip: string): Entry | null {
    return this.at(this.#places.find(addressSpaceId, ip));
  }

  /** The entry of a row; null where it has none. */
  at(row: number): Entry | null {
    const handle = row < 0 ? 0 : this.#handles.get(row);
    if (handle === 0) return null;
    const place = {
      addressSpaceId: this.#places.spaceOf(row),
      ip: this.#places.ipOf(row),
      revision: this.#revisions.get(row),
    };
    return unpackEntry(place, this.#memory.open(handle));
  }

  has(row: number): boolean {
    return this.#handles.get(row) !== 0;
  }

  revisionAt(row: number): number {
    return this.#revisions.get(row);
  }

  /** Where the entry's record stands; 0: there is none. */
  handleAt(row: number): number {
    return this.#handles.get(row);
  }

  /** Puts entries in ascending order of revision; an entry not newer than the one it would replace is ignored. */
  put(entry: Entry): void {
    this.putAt(this.#places.add(entry.addressSpaceId, entry.ip), entry);
  }

  putAt(row: number, entry: Entry): void {
    const isNew = !this.has(row);
    const before = this.#revisions.get(row);
    if (!isNew && entry.revision < before) return;
    this.#write(row, entry);
    if (!isNew && entry.revision === before) {
      this.#note(row, isLive(entry));
      return;
    }
    if (isNew) this.#countSpace(row, 1);
    else this.#order.remove(row, before);
    this.#seat(row, entry.revision, isLive(entry));
    if (this.#spaces.size > 1) this.#touchNamesakes(row);
  }

  /** Replaces what is known of an entry without a change for readers (later expiry, later last seen). */
  touch(entry: Entry): void {
    const row = this.#places.find(entry.addressSpaceId, entry.ip);
    if (row >= 0 && this.has(row)) this.touchAt(row, entry);
  }

  /** Gives false where the record stays as it was. */
  touchAt(row: number, entry: Entry): boolean {
    return this.#write(row, entry);
  }

  /** Takes over a packed record under a revision; in ascending order of revision. */
  restoreAt(row: number, revision: number, handle: number): void {
    this.#handles.set(row, handle);
    this.#countSpace(row, 1);
    this.#seat(row, revision, peekEntry(this.#memory.open(handle)).isLive);
  }

  /** Forgets tombstones that changed before `before`; cursors older than the newest forgotten one must start anew. */
  prune(before: EpochMs): Entry[] {
    return this.pruneRows(before).map(({ entry }) => entry);
  }

  /** As `prune`, with the rows that they had: where places are shared, the owner gives these back. */
  pruneRows(before: EpochMs): { readonly row: number; readonly entry: Entry }[] {
    return this.#forget((row) => peekEntry(this.#memory.open(this.#handles.get(row))).changedAt < before);
  }

  /** Forgets the tombstones that another log, which this one follows, has left behind its floor. */
  pruneThrough(floorRevision: number): void {
    this.#forget((row) => this.#revisions.get(row) <= floorRevision);
    this.floorRevision = Math.max(this.floorRevision, floorRevision);
  }

  changesSince(after: number, limit: number, filter: EntryFilter): ChangePage {
    if (after >= this.revision) return { entries: [], nextRevision: this.revision, isLast: true };
    const { project, wantsSpace, takeBack } = compileFilter(filter);
    const entries: Entry[] = [];
    /** How many of them are of earlier revisions than the one at hand. */
    let complete = 0;
    let considered = after;
    let current = after;
    for (const row of this.#order.after(after)) {
      const revision = this.#revisions.get(row);
      if (revision !== current) {
        considered = current;
        complete = entries.length;
        current = revision;
        if (complete >= limit) return { entries, nextRevision: considered, isLast: false };
      }
      const mayShow = (filter.ipv6 || !this.#places.isWide(row)) && wantsSpace(this.#places.spaceOf(row));
      const shown = mayShow ? project(this.#shownAt(row, wantsSpace)) : null;
      const told = shown ?? (takeBack === null ? null : this.#takenBack(row, filter));
      if (told) entries.push(told);
      // What one record changed is told at once: it all waits for the next page, unless it could never fit one.
      if (entries.length > limit && complete > 0)
        return { entries: entries.slice(0, complete), nextRevision: considered, isLast: false };
    }
    return { entries, nextRevision: this.revision, isLast: true };
  }

  /** The end of whom a former filter showed, unless the address is told of somebody else in another space. */
  #takenBack(row: number, filter: EntryFilter): Entry | null {
    const { takeBack, takesBackIpv6 } = compileFilter(filter);
    if (!takesBackIpv6 && this.#places.isWide(row)) return null;
    const entry = this.at(row);
    if (entry === null || takeBack === null || this.byIp(entry.ip, filter) !== null) return null;
    return takeBack(entry);
  }

  segmentStamp(after: number, through: number): number {
    return this.#order.stampOf(after, through);
  }

  byIp(ip: IpAddress, filter: EntryFilter): Entry | null {
    const { project, wantsSpace } = compileFilter(filter);
    let found = -1;
    for (const row of this.#places.rowsOf(ip)) {
      if (this.#liveRows.get(row) === 0 || !wantsSpace(this.#places.spaceOf(row))) continue;
      // Live in two spaces of one firewall: Junos cannot tell them apart, so neither is served.
      if (found >= 0) return null;
      found = row;
    }
    const entry = this.at(found);
    const shown = entry && project(entry);
    return shown && isLive(shown) ? shown : null;
  }

  /** Entries of an address, one a space. */
  entriesOf(ip: string): Entry[] {
    return this.#places.rowsOf(ip).flatMap((row) => this.at(row) ?? []);
  }

  /**
   * How many people have a session, each counted once, and at how many addresses only a device is known. Reads a few
   * bytes of every entry: for a person who looks, not for every answer.
   * Units: people; beyond some ten thousand to about one in a thousand.
   */
  countPeople(): { readonly people: number; readonly onlyDevice: number } {
    const marks = new Uint32Array(COUNTED / 32);
    let marked = 0;
    let onlyDevice = 0;
    for (let row = 0; row < this.#places.rows.end; row++) {
      if (this.#liveRows.get(row) === 0) continue;
      const number = userNumber(this.#memory.open(this.#handles.get(row)));
      if (number < 0) {
        onlyDevice += 1;
        continue;
      }
      const word = (number % COUNTED) >>> 5;
      const bit = 1 << (number & 31);
      const before = marks[word] ?? 0;
      if ((before & bit) !== 0) continue;
      marks[word] = before | bit;
      marked += 1;
    }
    // What fell on one mark by chance is added again. Source: linear counting, Whang et al. 1990 (documented).
    return { people: Math.round(-COUNTED * Math.log(1 - marked / COUNTED)), onlyDevice };
  }

  /** Addresses that are live in more than one space. */
  overlaps(): string[] {
    if (this.#spaces.size < 2) return [];
    const found = new Set<string>();
    for (let row = 0; row < this.#places.rows.end; row++)
      if (
        this.#liveRows.get(row) === 1 &&
        this.#places.namesakesOf(row).some((other) => this.#liveRows.get(other) === 1)
      )
        found.add(this.#places.ipOf(row));
    return [...found];
  }

  #forget(isOver: (row: number) => boolean): { readonly row: number; readonly entry: Entry }[] {
    const forgotten: { readonly row: number; readonly entry: Entry }[] = [];
    for (let row = this.#tombstones.first; row >= 0 && isOver(row); row = this.#tombstones.first) {
      const entry = this.at(row);
      this.#tombstones.remove(row);
      if (entry === null) continue;
      forgotten.push({ row, entry });
      this.#order.remove(row, entry.revision);
      this.#memory.slab.drop(this.#handles.get(row));
      this.#handles.set(row, 0);
      this.#countSpace(row, -1);
      this.floorRevision = Math.max(this.floorRevision, entry.revision);
      if (this.#ownsPlaces) this.#places.remove(row);
    }
    return forgotten;
  }

  /** A firewall knows an address, not a space: one live entry among its spaces is told, two are told as nobody. */
  #shownAt(row: number, wantsSpace: (id: string) => boolean): Entry {
    const changed = this.at(row);
    if (changed === null) throw new RangeError(`row ${row} stands in the log and has no entry`);
    const others = this.#spaces.size < 2 ? [] : this.#places.namesakesOf(row);
    if (others.length === 0) return changed;
    const told = [row, ...others].filter((one) => this.has(one) && wantsSpace(this.#places.spaceOf(one)));
    // Who was told of it in one space is told of what becomes of it in another.
    const domainsSeen = [...new Set(told.flatMap((one) => this.at(one)?.domainsSeen ?? []))];
    const live = told.filter((one) => this.#liveRows.get(one) === 1);
    const [only] = live;
    if (live.length > 1)
      return { ...changed, user: null, device: null, unknownBecause: "suppressed", domainsSeen };
    const shown = only === undefined || only === row ? null : this.at(only);
    return { ...(shown ?? changed), revision: changed.revision, domainsSeen };
  }

  /** What is told of an address depends on all its spaces: entries of the others are told differently from now on. */
  #touchNamesakes(row: number): void {
    for (const other of this.#places.namesakesOf(row))
      if (this.has(other)) this.#order.touch(this.#revisions.get(other));
  }

  /** Gives false where the record stays as it was. */
  #write(row: number, entry: Entry): boolean {
    const { slab, writer } = this.#memory;
    packEntry(entry, writer.begin());
    const handle = this.#handles.get(row);
    if (slab.holds(handle, writer.bytes, writer.length)) return false;
    this.#handles.set(row, slab.replace(handle, writer.bytes, writer.length));
    return true;
  }

  #seat(row: number, revision: number, isLiveNow: boolean): void {
    this.#revisions.set(row, revision);
    this.#order.add(row, revision);
    this.#note(row, isLiveNow);
    if (revision > this.revision) this.revision = revision;
  }

  /** Notes whether somebody is known there; a tombstone stands at the end of its kind. */
  #note(row: number, isLiveNow: boolean): void {
    this.#live += Number(isLiveNow) - this.#liveRows.get(row);
    this.#liveRows.set(row, Number(isLiveNow));
    this.#tombstones.remove(row);
    if (!isLiveNow) this.#tombstones.append(row);
  }

  #countSpace(row: number, change: 1 | -1): void {
    const space = this.#places.spaceOf(row);
    const count = (this.#spaces.get(space) ?? 0) + change;
    if (count > 0) this.#spaces.set(space, count);
    else this.#spaces.delete(space);
    this.#size += change;
  }
}
