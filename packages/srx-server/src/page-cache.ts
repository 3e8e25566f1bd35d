import type { Entry, EntryFilter, EntrySource } from "@rollcall/identity-core";
import type { CleaningFlag, SrxProfile } from "@rollcall/srx-protocol";

/** One page of changes as a profile tells it: written once, given to every firewall that asks the same. */
export interface Page {
  readonly count: number;
  /** The texts of its entries with what stands between them. */
  readonly body: readonly Uint8Array[];
  /** The same behind a separator, for what stands before it in a longer page; null for one that is put together itself. */
  readonly led: Uint8Array | null;
  /** The last of its entries, oldest first: for the record of what a firewall was told. */
  readonly newest: readonly Entry[];
  /** Where to go on. */
  readonly revision: number;
  readonly isLast: boolean;
}

/** Which page is asked for. */
export interface PageQuestion {
  readonly source: EntrySource;
  readonly profile: SrxProfile;
  readonly filter: EntryFilter;
  readonly after: number;
  readonly limit: number;
}

interface Held {
  readonly page: Page;
  /** When it was asked for last, of `performance.now()`. */
  usedAt: number;
  readonly incarnation: string;
  readonly stamp: number;
  /** Of a last page: anything added ends it. Null: the stamp says it all. */
  readonly revision: number | null;
}

export interface PageCacheOptions {
  /** What the pages kept may hold together. */
  readonly bytesMax: number;
  /** Told of each entry that had to be changed to fit a firewall's fields, whenever it is written. */
  readonly onAltered: (flags: readonly CleaningFlag[]) => void;
  /** A page that nobody asked for so long is let go: after a full resend its memory is free again. */
  readonly idleMs?: number;
}

/**
 * Firewalls poll at different moments, so while much changes no two of them ask for the same page. What changed of late is
 * therefore written in strips of so many revisions, which all of them are given, and only the ends of a page are its own.
 */
const STRIP_REVISIONS = 32;
/** Marks a strip among the pages kept: no firewall may ask for so few. */
const STRIP_LIMIT = 0;
const IDLE_MS = 60_000;
const NEWEST_MAX = 20;
/** What a page costs beside its text: the entries told last and the bookkeeping. About. */
const PAGE_OVERHEAD_BYTES = 8 * 1024;
/** The last page changes with the table. One of a few entries is written again sooner than it is looked for. */
const LAST_PAGE_ENTRIES_MIN = 100;

/**
 * Keeps pages of entries as text, so that a hundred firewalls in a full resend cost the writing of one.
 *
 * Promise: a kept page is given only while it says what the table says now: what is told of its range is the same
 * (`EntrySource.segmentStamp`: nothing superseded, nothing forgotten), and to a last page nothing was added.
 * Bound: `bytesMax`; the page longest not asked for goes first, and any after `idleMs`.
 */
export class PageCache {
  readonly #bytesMax: number;
  readonly #onAltered: PageCacheOptions["onAltered"];
  /** In the order of their last use. */
  readonly #held = new Map<string, Held>();
  readonly #sourceIds = new WeakMap<EntrySource, number>();
  readonly #filterKeys = new WeakMap<EntryFilter, string>();
  readonly #idleMs: number;
  #isSweepDue = false;
  #sources = 0;
  #bytes = 0;
  #hits = 0;
  #written = 0;

  constructor(options: PageCacheOptions) {
    this.#bytesMax = options.bytesMax;
    this.#onAltered = options.onAltered;
    this.#idleMs = options.idleMs ?? IDLE_MS;
  }

  get numbers(): { readonly bytes: number; readonly hits: number; readonly written: number } {
    return { bytes: this.#bytes, hits: this.#hits, written: this.#written };
  }

  /** The page if it is kept and still right. */
  find(question: PageQuestion): Page | null {
    const key = this.#keyOf(question);
    const held = this.#held.get(key);
    if (held === undefined) return null;
    this.#held.delete(key);
    if (!isRight(held, question)) {
      this.#bytes -= costOf(key, held.page);
      return null;
    }
    held.usedAt = performance.now();
    this.#held.set(key, held);
    this.#hits += 1;
    return held.page;
  }

  /** Reads the page from the table, writes it and keeps it where that is worth it. */
  write(question: PageQuestion): Page {
    const { source, filter, after, limit } = question;
    // No stamp: what is told hangs on more than the entry (`CappedSource`), so nothing is kept.
    const isSteady = !Number.isNaN(source.segmentStamp(after, source.revision));
    const behind = source.revision - after;
    if (isSteady && behind > STRIP_REVISIONS && behind <= limit) return this.#fromStrips(question);
    const changes = source.changesSince(after, limit, filter);
    const page = this.writeEntries(question.profile, changes.entries, {
      revision: Math.max(after, changes.nextRevision),
      isLast: changes.isLast,
    });
    this.#written += 1;
    if (isSteady && (!page.isLast || page.count >= LAST_PAGE_ENTRIES_MIN))
      this.#keep(this.#keyOf(question), page, question);
    return page;
  }

  /** The same page, put together of strips that are kept and of ends that are not. */
  #fromStrips(question: PageQuestion): Page {
    const { source, profile, after, limit } = question;
    const parts: Page[] = [];
    let count = 0;
    let at = after;
    while (at < source.revision) {
      const through = (Math.floor(at / STRIP_REVISIONS) + 1) * STRIP_REVISIONS;
      const isWhole = at % STRIP_REVISIONS === 0 && through <= source.revision;
      const part = isWhole
        ? this.#strip(question, at, through)
        : this.#writeRange(question, at, Math.min(through, source.revision));
      if (count + part.count > limit) break;
      parts.push(part);
      count += part.count;
      at = part.revision;
    }
    if (at < source.revision && count < limit) {
      // What is left of the page is cut by the table itself: only it knows what belongs together.
      const rest = source.changesSince(at, limit - count, question.filter);
      // Where nothing fits beside what is there, the next page begins with it.
      if (count === 0 || rest.entries.length <= limit - count) {
        parts.push(
          this.writeEntries(profile, rest.entries, { revision: rest.nextRevision, isLast: rest.isLast }),
        );
        at = Math.max(at, rest.nextRevision);
      }
    }
    this.#written += 1;
    return joined(parts, { revision: at, isLast: at >= source.revision });
  }

  #strip(question: PageQuestion, after: number, through: number): Page {
    const asked = { ...question, after, limit: STRIP_LIMIT };
    const known = this.find(asked);
    if (known !== null) return known;
    const strip = this.#writeRange(question, after, through);
    this.#keep(this.#keyOf(asked), strip, asked);
    return strip;
  }

  /** Everything of the revisions above `after` up to `through`. */
  #writeRange({ source, profile, filter }: PageQuestion, after: number, through: number): Page {
    const entries: Entry[] = [];
    for (let at = after; at < through; ) {
      const changes = source.changesSince(at, STRIP_REVISIONS, filter);
      for (const entry of changes.entries) if (entry.revision <= through) entries.push(entry);
      if (changes.isLast) break;
      at = Math.max(at + 1, changes.nextRevision);
    }
    return this.writeEntries(profile, entries, { revision: through, isLast: false });
  }

  /** A page of entries that somebody else has chosen; it is not kept. */
  writeEntries(
    profile: SrxProfile,
    entries: readonly Entry[],
    end: { readonly revision: number; readonly isLast: boolean },
  ): Page {
    const texts: string[] = [];
    for (const entry of entries) {
      const { text, flags } = profile.encodeEntry(entry);
      if (flags.length > 0) this.#onAltered(flags);
      texts.push(text);
    }
    const { between } = profile.frameBatch("", texts.length);
    const led = Buffer.from(`${between}${texts.join(between)}`, "utf8");
    const body = [led.subarray(Buffer.byteLength(between))];
    return { count: entries.length, body, led, newest: entries.slice(-NEWEST_MAX), ...end };
  }

  #keep(key: string, page: Page, { source, after }: PageQuestion): void {
    const before = this.#held.get(key);
    if (before !== undefined) {
      this.#held.delete(key);
      this.#bytes -= costOf(key, before.page);
    }
    if (!this.#isSweepDue) this.#sweepLater();
    this.#held.set(key, {
      page,
      usedAt: performance.now(),
      incarnation: source.incarnation,
      stamp: source.segmentStamp(after, page.revision),
      revision: page.isLast ? source.revision : null,
    });
    this.#bytes += costOf(key, page);
    for (const [oldest, held] of this.#held) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#held.delete(oldest);
      this.#bytes -= costOf(oldest, held.page);
    }
  }

  /** Runs only while something is kept, and keeps no process alive. */
  #sweepLater(): void {
    this.#isSweepDue = true;
    setTimeout(() => {
      this.#isSweepDue = false;
      const before = performance.now() - this.#idleMs;
      for (const [oldest, held] of this.#held) {
        if (held.usedAt > before) break;
        this.#held.delete(oldest);
        this.#bytes -= costOf(oldest, held.page);
      }
      if (this.#held.size > 0) this.#sweepLater();
    }, this.#idleMs / 2).unref();
  }

  #keyOf(question: PageQuestion): string {
    return `${question.after} ${question.limit} ${this.#groupOf(question)}`;
  }

  /** Who is told the same of the same entry. */
  #groupOf({ source, profile, filter }: PageQuestion): string {
    let sourceId = this.#sourceIds.get(source);
    if (sourceId === undefined) {
      sourceId = ++this.#sources;
      this.#sourceIds.set(source, sourceId);
    }
    let filterKey = this.#filterKeys.get(filter);
    if (filterKey === undefined) {
      filterKey = JSON.stringify(filter);
      this.#filterKeys.set(filter, filterKey);
    }
    return `${sourceId} ${profile.id} ${filterKey}`;
  }
}

/** One page of several, without a copy of any. */
function joined(parts: readonly Page[], end: { readonly revision: number; readonly isLast: boolean }): Page {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const body = parts
    .filter((part) => part.count > 0)
    .flatMap((part, at) => (at > 0 && part.led !== null ? [part.led] : part.body));
  const newest = parts.flatMap((part) => part.newest).slice(-NEWEST_MAX);
  return { count, body, led: null, newest, ...end };
}

function isRight(held: Held, { source, after }: PageQuestion): boolean {
  return (
    held.incarnation === source.incarnation &&
    (held.revision === null || held.revision === source.revision) &&
    held.page.revision <= source.revision &&
    held.stamp === source.segmentStamp(after, held.page.revision)
  );
}

/** The key holds the whole filter, which may be longer than the page. */
function costOf(key: string, page: Page): number {
  return key.length + page.body.reduce((sum, part) => sum + part.length, 0) + PAGE_OVERHEAD_BYTES;
}
