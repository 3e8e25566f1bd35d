import type { Entry, EntryFilter, EntrySource, EpochMs } from "@rollcall/identity-core";
import {
  type BatchRequest,
  type CursorCodec,
  type CursorContext,
  type CursorPosition,
  clientTag,
  isPruned,
  type NarrowedFilter,
} from "@rollcall/srx-protocol";
import { type ReaderMemory, readerFilter } from "./reader-memory.ts";
import type { ServedPoint } from "./served-point.ts";
import { revisionBefore } from "./time-index.ts";

export interface BatchAnswer {
  readonly entries: readonly Entry[];
  readonly cookie: string;
  /** Why the reader is sent everything again, where it is. */
  readonly resent: string | null;
}

export interface BatchContext {
  readonly source: EntrySource;
  readonly point: ServedPoint;
  readonly cursors: CursorCodec;
  readonly memory: ReaderMemory;
  readonly now: EpochMs;
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
 *         from the future begins a full resend: never an error, never an empty answer.
 * Units:  revisions; `now` is epoch ms by our clock.
 * Source: docs/protocol/srx-query.md, "where a batch begins" and "paging".
 */
export function answerBatch(request: BatchRequest, context: BatchContext): BatchAnswer {
  const { source, point, cursors, memory } = context;
  const { narrowed, hash } = readerFilter(memory, point.filter, request.filter);
  const owner: CursorContext = {
    issuer: source.issuer,
    incarnation: source.incarnation,
    clientTag: clientTag(point.tenantId, point.id),
    filterHash: hash,
  };
  const beginning = findBeginning(request, context, owner);
  const page = collect(source, narrowed, beginning, request.limit);
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
    entries: page.entries,
    cookie: cursors.encode({ revision: page.revision, resendSince }, owner),
    resent: beginning.resent,
  };
}

function findBeginning(request: BatchRequest, context: BatchContext, owner: CursorContext): Beginning {
  const { source, cursors, memory, now } = context;
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
      return {
        revision: isRepeat ? place.revision : revisionBefore(source, position.at),
        resendSince: isRepeat ? place.resendSince : now,
        changedAtMin: position.at,
        resent: null,
      };
    }
  }
}

interface CollectedPage {
  readonly entries: readonly Entry[];
  readonly revision: number;
  readonly isLast: boolean;
}

function collect(
  source: EntrySource,
  narrowed: NarrowedFilter,
  from: Beginning,
  limit: number,
): CollectedPage {
  if (narrowed.kind === "nothing") return { entries: [], revision: source.revision, isLast: true };
  if (from.changedAtMin === 0) return onePage(source, narrowed.filter, from.revision, limit);
  const entries: Entry[] = [];
  let revision = from.revision;
  for (;;) {
    const page = onePage(source, narrowed.filter, revision, limit - entries.length);
    for (const entry of page.entries) if (entry.changedAt >= from.changedAtMin) entries.push(entry);
    revision = page.revision;
    if (page.isLast || entries.length >= limit) return { entries, revision, isLast: page.isLast };
  }
}

function onePage(source: EntrySource, filter: EntryFilter, after: number, limit: number): CollectedPage {
  const page = source.changesSince(after, limit, filter);
  return { entries: page.entries, revision: Math.max(after, page.nextRevision), isLast: page.isLast };
}
