import type { ChangePage, Entry, EntryFilter, EntrySource } from "./entry.ts";
import { EntryLog } from "./entry-log.ts";
import type { IpAddress } from "./ip-address.ts";

/** More stamps than one log gives in its life. */
const LOG_STAMPS = 2 ** 36;

/**
 * Entries that somebody else computed by the same law, with the revisions given there: a gateway's copy of a
 * customer's table. Loaded once, brought forward by the change feed.
 */
export class ReplicaTable implements EntrySource {
  issuer = "";
  incarnation = "";
  #log = new EntryLog();
  #loads = 0;

  load(table: {
    readonly entries: Iterable<Entry>;
    readonly revision: number;
    readonly floorRevision: number;
    readonly issuer: string;
    readonly incarnation: string;
  }): void {
    this.issuer = table.issuer;
    this.incarnation = table.incarnation;
    const log = new EntryLog(0, table.floorRevision);
    for (const entry of [...table.entries].sort((a, b) => a.revision - b.revision)) log.put(entry);
    log.revision = Math.max(log.revision, table.revision);
    this.#log = log;
    this.#loads += 1;
  }

  /**
   * Entries of the feed in ascending revision, all of one revision together; those already known are ignored. `floorRevision` as the feed says it:
   * tombstones up to there are forgotten here too.
   */
  applyFeed(entries: readonly Entry[], revision?: number, floorRevision?: number): void {
    // Entries that one record changed have one revision: what is known is what was known before the first of them.
    const known = this.#log.revision;
    for (const entry of entries) if (entry.revision > known) this.#log.put(entry);
    if (revision !== undefined && revision > this.#log.revision) this.#log.revision = revision;
    if (floorRevision !== undefined && floorRevision > this.#log.floorRevision)
      this.#log.pruneThrough(floorRevision);
  }

  get revision(): number {
    return this.#log.revision;
  }
  get floorRevision(): number {
    return this.#log.floorRevision;
  }
  get size(): number {
    return this.#log.size;
  }
  get liveCount(): number {
    return this.#log.liveCount;
  }

  changesSince(after: number, limit: number, filter: EntryFilter): ChangePage {
    return this.#log.changesSince(after, limit, filter);
  }

  segmentStamp(after: number, through: number): number {
    // A log's stamps begin at zero: those of the log before this one must not be among them.
    return this.#loads * LOG_STAMPS + this.#log.segmentStamp(after, through);
  }

  byIp(ip: IpAddress, filter: EntryFilter): Entry | null {
    return this.#log.byIp(ip, filter);
  }

  entries(): IterableIterator<Entry> {
    return this.#log.entries();
  }
}
