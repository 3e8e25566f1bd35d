import type { ChangePage, Entry, EntryFilter, EntrySource, IpAddress } from "@rollcall/identity-core";
import { createIpSet } from "@rollcall/identity-core/ip-range";

/**
 * A table with the promises of an `EntrySource` and nothing else: the test writes entries, revisions count up.
 * Filters by domain and address only.
 */
export class FakeEntrySource implements EntrySource {
  readonly issuer: string;
  incarnation: string;
  floorRevision = 0;
  #revision = 0;
  readonly #entries = new Map<string, Entry>();

  constructor(issuer = "00000000000000aa", incarnation = "00000000000000bb") {
    this.issuer = issuer;
    this.incarnation = incarnation;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Gives the entry the next revision and keeps it in place of the older one of its address. */
  put(entry: Entry): Entry {
    this.#revision += 1;
    const kept = { ...entry, revision: this.#revision };
    this.#entries.delete(entry.ip);
    this.#entries.set(entry.ip, kept);
    return kept;
  }

  /** Forgets the tombstones up to now, as a table does after their time. */
  prune(): void {
    for (const [ip, entry] of this.#entries) {
      if (entry.user !== null || entry.device !== null) continue;
      this.#entries.delete(ip);
      this.floorRevision = Math.max(this.floorRevision, entry.revision);
    }
  }

  changesSince(after: number, limit: number, filter: EntryFilter): ChangePage {
    const entries: Entry[] = [];
    let nextRevision = after;
    for (const entry of this.#entries.values()) {
      if (entry.revision <= after) continue;
      if (entries.length === limit) return { entries, nextRevision, isLast: false };
      nextRevision = entry.revision;
      if (passes(entry, filter)) entries.push(entry);
    }
    return { entries, nextRevision: this.#revision, isLast: true };
  }

  byIp(ip: IpAddress, filter: EntryFilter): Entry | null {
    const entry = this.#entries.get(ip);
    return entry !== undefined && (entry.user !== null || entry.device !== null) && passes(entry, filter)
      ? entry
      : null;
  }
}

function passes(entry: Entry, filter: EntryFilter): boolean {
  const domains = [entry.user?.domain, entry.device?.domain, ...entry.domainsSeen];
  if (filter.domains.length > 0 && !filter.domains.some((domain) => domains.includes(domain))) return false;
  if (filter.includeIp.length > 0 && !createIpSet(filter.includeIp).has(entry.ip)) return false;
  return !createIpSet(filter.excludeIp).has(entry.ip);
}
