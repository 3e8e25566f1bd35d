import { hash, randomBytes } from "node:crypto";
import type {
  ChangePage,
  Entry,
  EntryFilter,
  EntrySource,
  EpochMs,
  IpAddress,
} from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { ContactRecorder } from "./contact-recorder.ts";
import type { ServedPoint } from "./served-point.ts";

/** Below this share of its room a firewall with addresses passed over is told everything again … */
const ROOM_AGAIN = 0.9;
/** … but not more often than this. */
const ROOM_MS_MIN = 10 * 60_000;

/**
 * A table for a firewall that holds fewer entries than there are.
 *
 * Holds    the addresses that it was told are live: the first so many in order of revision. Every other live address is
 *          told as if nobody were there, so that the firewall never holds more and never a stale one.
 * Promises what is passed over is counted. When a tenth of the room is free again, the numbering is declared another
 *          one: cursors are foreign then, and a full resend lets others in.
 * Does not change address queries: a firewall that asks for an address makes room for it itself.
 */
export class CappedSource implements EntrySource {
  readonly #source: EntrySource;
  readonly #room: number;
  readonly #now: () => EpochMs;
  readonly #nonce = randomBytes(8).toString("hex");
  readonly #admitted = new Map<string, IpAddress>();
  readonly #passedOver = new Set<string>();
  #generation = 0;
  #generationAt: EpochMs;

  constructor(source: EntrySource, room: number, now: () => EpochMs) {
    this.#source = source;
    this.#room = room;
    this.#now = now;
    this.#generationAt = now();
  }

  get issuer(): string {
    return this.#source.issuer;
  }

  /** Another one than the table's: who was admitted is known to this process only. */
  get incarnation(): string {
    return hash("sha256", `${this.#source.incarnation}|${this.#nonce}|${this.#generation}`).slice(0, 16);
  }

  get revision(): number {
    return this.#source.revision;
  }

  get floorRevision(): number {
    return this.#source.floorRevision;
  }

  /** Live addresses that the firewall is not told of. */
  get passedOver(): number {
    return this.#passedOver.size;
  }

  /** Who is admitted decides as well, so no page and no entry's text may be kept. */
  segmentStamp(): number {
    return Number.NaN;
  }

  byIp(ip: IpAddress, filter: EntryFilter): Entry | null {
    return this.#source.byIp(ip, filter);
  }

  changesSince(after: number, limit: number, filter: EntryFilter): ChangePage {
    if (after === 0 && this.#admitted.size >= this.#room) this.#dropThoseGone(filter);
    const page = this.#source.changesSince(after, limit, filter);
    const told = { ...page, entries: page.entries.map((entry) => this.#tell(entry)) };
    this.#makeRoom();
    return told;
  }

  #tell(entry: Entry): Entry {
    const key = `${entry.addressSpaceId}|${entry.ip}`;
    if (entry.user === null && entry.device === null) {
      this.#admitted.delete(key);
      this.#passedOver.delete(key);
      return entry;
    }
    if (this.#admitted.has(key)) return entry;
    if (this.#admitted.size < this.#room) {
      this.#admitted.set(key, entry.ip);
      this.#passedOver.delete(key);
      return entry;
    }
    this.#passedOver.add(key);
    return { ...entry, user: null, device: null, unknownBecause: "suppressed" };
  }

  /** Tombstones are pruned after a day: who was away longer never reads them, and their places would be lost. */
  #dropThoseGone(filter: EntryFilter): void {
    for (const [key, ip] of this.#admitted)
      if (this.#source.byIp(ip, filter) === null) this.#admitted.delete(key);
  }

  #makeRoom(): void {
    const now = this.#now();
    if (this.#passedOver.size === 0 || this.#admitted.size > this.#room * ROOM_AGAIN) return;
    if (now - this.#generationAt < ROOM_MS_MIN) return;
    this.#generation += 1;
    this.#generationAt = now;
    this.#passedOver.clear();
  }
}

/** What of a listener's parts this needs. */
export interface CappedSourcesParts {
  readonly now: () => EpochMs;
  readonly log: Logger;
  readonly contacts: { readonly limited?: ContactRecorder["limited"] };
}

/** The tables of the points whose firewall holds fewer entries than there are; every other point gets the table itself. */
export class CappedSources {
  readonly #parts: CappedSourcesParts;
  readonly #made = new WeakMap<
    EntrySource,
    Map<string, { source: CappedSource; room: number; said: number }>
  >();

  constructor(parts: CappedSourcesParts) {
    this.#parts = parts;
  }

  sourceOf(point: ServedPoint, table: EntrySource): EntrySource {
    const room = point.profile.limits.entries;
    if (room === null) return table;
    const { tenantId, id: enforcementPointId } = point;
    const ofTable = this.#made.get(table) ?? new Map();
    this.#made.set(table, ofTable);
    const key = `${tenantId}\u0000${enforcementPointId}`;
    let held = ofTable.get(key);
    if (held === undefined || held.room !== room) {
      held = { source: new CappedSource(table, room, this.#parts.now), room, said: 0 };
      ofTable.set(key, held);
    }
    const { passedOver } = held.source;
    this.#parts.contacts.limited?.(point, passedOver);
    if (passedOver > 0 && held.said === 0)
      this.#parts.log.warn(
        { enforcementPointId, tenantId, count: passedOver, limit: room },
        "a firewall holds fewer entries than there are: the rest are told as nobody",
      );
    held.said = passedOver;
    return held.source;
  }
}
