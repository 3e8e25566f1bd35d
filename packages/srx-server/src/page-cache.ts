import type { Entry, EntryFilter, EntrySource } from "@rollcall/identity-core";
import type { CleaningFlag, SrxProfile } from "@rollcall/srx-protocol";
import { RecentTexts } from "./recent-texts.ts";

/** One page of changes as a profile tells it: written once, given to every firewall that asks the same. */
export interface Page {
  readonly count: number;
  /** The texts of its entries with what stands between them. */
  readonly body: Buffer;
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

/** How far back a firewall may stand whose entries are written once for all: several polls of a busy morning. */
const RECENT_REVISIONS = 20_000;
const IDLE_MS = 60_000;
const NEWEST_MAX = 20;
/** What a page costs beside its text: the entries told last, the key, the bookkeeping. About. */
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
  readonly #recent = new RecentTexts();
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
      this.#bytes -= costOf(held.page);
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
    const changes = source.changesSince(after, limit, filter);
    const end = { revision: Math.max(after, changes.nextRevision), isLast: changes.isLast };
    // Of several address spaces an address may be told differently at the same revision, once another space changes.
    const isOne = filter.addressSpaceIds.length === 1;
    // No stamp: what is told hangs on more than the entry (`CappedSource`), so no text is kept.
    const isSteady = !Number.isNaN(source.segmentStamp(after, end.revision));
    const isRecent = isSteady && isOne && after > source.revision - RECENT_REVISIONS;
    const group = isRecent ? `${source.incarnation} ${this.#groupOf(question)}` : null;
    if (group !== null && !this.#isSweepDue) this.#sweepLater();
    const page = this.#writePage(question.profile, changes.entries, end, group);
    this.#written += 1;
    if (isSteady && (!page.isLast || page.count >= LAST_PAGE_ENTRIES_MIN))
      this.#keep(this.#keyOf(question), page, question);
    return page;
  }

  /** A page of entries that somebody else has chosen; it is not kept. */
  writeEntries(
    profile: SrxProfile,
    entries: readonly Entry[],
    end: { readonly revision: number; readonly isLast: boolean },
  ): Page {
    return this.#writePage(profile, entries, end, null);
  }

  #writePage(
    profile: SrxProfile,
    entries: readonly Entry[],
    end: { readonly revision: number; readonly isLast: boolean },
    recentGroup: string | null,
  ): Page {
    const texts: string[] = [];
    for (const entry of entries) {
      const known = recentGroup && this.#recent.find(recentGroup, entry.ip, entry.revision);
      if (known) {
        texts.push(known);
        continue;
      }
      const { text, flags } = profile.encodeEntry(entry);
      if (flags.length > 0) this.#onAltered(flags);
      if (recentGroup) this.#recent.keep(recentGroup, entry.ip, { revision: entry.revision, text });
      texts.push(text);
    }
    const body = Buffer.from(texts.join(profile.frameBatch("", texts.length).between), "utf8");
    return { count: entries.length, body, newest: entries.slice(-NEWEST_MAX), ...end };
  }

  #keep(key: string, page: Page, { source, after }: PageQuestion): void {
    const before = this.#held.get(key);
    if (before !== undefined) {
      this.#held.delete(key);
      this.#bytes -= costOf(before.page);
    }
    if (!this.#isSweepDue) this.#sweepLater();
    this.#held.set(key, {
      page,
      usedAt: performance.now(),
      incarnation: source.incarnation,
      stamp: source.segmentStamp(after, page.revision),
      revision: page.isLast ? source.revision : null,
    });
    this.#bytes += costOf(page);
    for (const [oldest, held] of this.#held) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#held.delete(oldest);
      this.#bytes -= costOf(held.page);
    }
  }

  /** Runs only while something is kept, and keeps no process alive. */
  #sweepLater(): void {
    this.#isSweepDue = true;
    setTimeout(() => {
      this.#isSweepDue = false;
      const before = performance.now() - this.#idleMs;
      this.#recent.forget();
      for (const [oldest, held] of this.#held) {
        if (held.usedAt > before) break;
        this.#held.delete(oldest);
        this.#bytes -= costOf(held.page);
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

function isRight(held: Held, { source, after }: PageQuestion): boolean {
  return (
    held.incarnation === source.incarnation &&
    (held.revision === null || held.revision === source.revision) &&
    held.page.revision <= source.revision &&
    held.stamp === source.segmentStamp(after, held.page.revision)
  );
}

function costOf(page: Page): number {
  return page.body.length + PAGE_OVERHEAD_BYTES;
}
