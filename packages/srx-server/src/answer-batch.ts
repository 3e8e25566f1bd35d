import type { Entry, EntryFilter, EntrySource, EpochMs, FormerFilter } from "@rollcall/identity-core";
import {
  type BatchRequest,
  type CursorCodec,
  type CursorContext,
  type CursorPosition,
  clientTag,
  isPruned,
  type NarrowedFilter,
} from "@rollcall/srx-protocol";
import type { LoopShare } from "./loop-share.ts";
import type { Page, PageCache } from "./page-cache.ts";
import { type ReaderMemory, readerFilter } from "./reader-memory.ts";
import type { ServedPoint } from "./served-point.ts";
import { revisionBefore } from "./time-index.ts";

export interface BatchAnswer {
  readonly page: Page;
  readonly cookie: string;
  /** Why the reader is sent everything again, where it is. */
  readonly resent: string | null;
}

/** What decides where a batch begins. */
export interface BeginningContext {
  readonly source: EntrySource;
  readonly point: ServedPoint;
  readonly cursors: CursorCodec;
  readonly memory: ReaderMemory;
  readonly now: EpochMs;
  /** The firewall lets entries age out and is due to be told everything again. */
  readonly isReannounceDue?: boolean;
  /** Filters through which the point was told before. */
  readonly formerly?: readonly FormerFilter[];
}

export interface BatchContext extends BeginningContext {
  readonly pages: PageCache;
  readonly turns: LoopShare;
}

interface Beginning extends CursorPosition {
  /** Entries that changed earlier are passed over. */
  readonly changedAtMin: EpochMs;
  readonly resent: string | null;
}

/** A firewall whose clock is ahead would be told nothing of what is there: beyond this its time is not believed. */
const AHEAD_MS_MAX = 60_000;

/**
 * Answers a batch query from one source.
 *
 * Shape:  at most `limit` entries in order of revision, and always a cookie. A cookie that is foreign, forged, pruned or
 *         from the future begins a full resend: never an error, never an empty answer. Null: its page has to be written,
 *         and this turn of the event loop has had its share; ask again in a later turn, nothing was changed.
 * Units:  revisions; `now` is epoch ms by our clock.
 * Source: docs/protocol/srx-query.md, "where a batch begins" and "paging".
 */
export function answerBatch(request: BatchRequest, context: BatchContext): BatchAnswer | null {
  const { source, point, cursors, memory } = context;
  const reader = readerFilter(memory, point.filter, request.filter, context.formerly);
  const owner = ownerOf(context, reader.hash);
  const beginning = findBeginning(request, context, owner);
  const isResend = beginning.resendSince !== null && beginning.changedAtMin === 0;
  const page = findPage(context, isResend ? reader.resend : reader.narrowed, beginning, request.limit);
  if (page === null) return null;
  const resendSince = page.isLast ? null : beginning.resendSince;
  memory.timestampPlace =
    request.position.kind === "since" && !page.isLast
      ? {
          at: request.position.at,
          filterHash: owner.filterHash,
          incarnation: source.incarnation,
          revision: page.revision,
          resendSince,
        }
      : null;
  return {
    page,
    cookie: cursors.encode({ revision: page.revision, resendSince }, owner),
    resent: beginning.resent,
  };
}

/** Says whether the answer would begin the table anew. */
export function beginsAnew(request: BatchRequest, context: BeginningContext): boolean {
  if (request.position.kind === "since") return request.position.at > context.now + AHEAD_MS_MAX;
  const { hash } = readerFilter(context.memory, context.point.filter, request.filter);
  return findBeginning(request, context, ownerOf(context, hash)).resent !== null;
}

function ownerOf({ source, point }: BeginningContext, filterHash: number): CursorContext {
  const { issuer, incarnation } = source;
  return { issuer, incarnation, clientTag: clientTag(point.tenantId, point.id), filterHash };
}

function findBeginning(request: BatchRequest, context: BeginningContext, owner: CursorContext): Beginning {
  const { source, cursors, memory, now, isReannounceDue = false } = context;
  const { position } = request;
  const everything = (resent: string | null): Beginning => ({
    revision: 0,
    resendSince: now,
    changedAtMin: 0,
    resent,
  });
  switch (position.kind) {
    case "start":
      return everything("first batch");
    case "cookie": {
      const reading = cursors.read(position.cookie, owner);
      if (reading.kind === "foreign") return everything(`cursor: ${reading.because}`);
      if (reading.position.revision > source.revision) return everything("cursor: future");
      if (isPruned(reading.position, source.floorRevision, now)) return everything("cursor: pruned");
      // Never in the middle of a running resend: it would begin anew for ever.
      if (isReannounceDue && reading.position.resendSince === null) return everything("re-announced");
      return { ...reading.position, changedAtMin: 0, resent: null };
    }
    case "since": {
      if (position.at > now + AHEAD_MS_MAX) return everything("begins in the future");
      // More entries than fit a page can share one second, so a repeated timestamp after a full page goes on from there.
      const place = memory.timestampPlace;
      const isRepeat =
        place !== null &&
        place.at === position.at &&
        place.filterHash === owner.filterHash &&
        place.incarnation === source.incarnation &&
        place.revision <= source.revision;
      if (isReannounceDue && !isRepeat) return everything("re-announced");
      return {
        revision: isRepeat ? place.revision : revisionBefore(source, position.at),
        resendSince: isRepeat ? place.resendSince : now,
        changedAtMin: position.at,
        resent: null,
      };
    }
  }
}

function findPage(
  { source, point, pages, turns }: BatchContext,
  narrowed: NarrowedFilter,
  from: Beginning,
  limit: number,
): Page | null {
  if (narrowed.kind === "nothing")
    return pages.writeEntries(point.profile, [], { revision: source.revision, isLast: true });
  const { profile } = point;
  const { filter } = narrowed;
  if (from.changedAtMin > 0)
    return turns.isOver
      ? null
      : turns.work(() => {
          const { entries, ...end } = collectSince(source, filter, from, limit);
          return pages.writeEntries(profile, entries, end);
        });
  const question = { source, profile, filter, after: from.revision, limit };
  return pages.find(question) ?? (turns.isOver ? null : turns.work(() => pages.write(question)));
}

interface CollectedPage {
  readonly entries: readonly Entry[];
  readonly revision: number;
  readonly isLast: boolean;
}

/** A page of the entries that changed at or after a time; those before it are passed over. */
function collectSince(
  source: EntrySource,
  filter: EntryFilter,
  from: Beginning,
  limit: number,
): CollectedPage {
  const entries: Entry[] = [];
  let revision = from.revision;
  for (;;) {
    const page = source.changesSince(revision, limit - entries.length, filter);
    for (const entry of page.entries) if (entry.changedAt >= from.changedAtMin) entries.push(entry);
    revision = Math.max(revision, page.nextRevision);
    if (page.isLast || entries.length >= limit) return { entries, revision, isLast: page.isLast };
  }
}
