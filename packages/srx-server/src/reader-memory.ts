import type { EntryFilter, EntrySource, EpochMs, FormerFilter } from "@rollcall/identity-core";
import { filterHash, type NarrowedFilter, narrowFilter, type RequestFilter } from "@rollcall/srx-protocol";
import type { PreparedAnswer } from "./prepared-answer.ts";
import type { ServedPoint } from "./served-point.ts";

/** The last empty answer of one reader, to be given again while the question and the table are the same. */
export interface SameAnswer {
  readonly url: string;
  readonly cookieHeader: string | undefined;
  readonly point: ServedPoint;
  readonly source: EntrySource;
  readonly incarnation: string;
  readonly revision: number;
  readonly floorRevision: number;
  readonly answer: PreparedAnswer;
}

/** Where a reader that repeats its timestamp stands after a full page. */
export interface TimestampPlace {
  readonly at: EpochMs;
  readonly filterHash: number;
  readonly incarnation: string;
  readonly revision: number;
  readonly resendSince: EpochMs | null;
}

/** What a reader may see with the filter of its questions: worked out once, because the table prepares each filter object once. */
export interface ReaderFilter {
  readonly pointFilter: EntryFilter;
  readonly requestKey: string;
  readonly narrowed: NarrowedFilter;
  /** The same for a full resend, which takes back what former filters showed. */
  readonly resend: NarrowedFilter;
  readonly formerly: readonly FormerFilter[];
  readonly hash: number;
}

/** What is remembered of one reader between two questions. It may be lost at any time. */
export interface ReaderMemory {
  sameAnswer: SameAnswer | null;
  timestampPlace: TimestampPlace | null;
  filter: ReaderFilter | null;
  /** The warnings about its questions that the log holds already. */
  warned: string;
  /** The greatest revision that a batch has told it under the present profile; 0: none that is known. */
  toldRevision: number;
  /** What its last admitted question came over, as `transportOf` writes it; null: none came. */
  transport: string | null;
}

export function createReaderMemory(): ReaderMemory {
  return {
    sameAnswer: null,
    timestampPlace: null,
    filter: null,
    warned: "",
    toldRevision: 0,
    transport: null,
  };
}

/** The reader's filter; the one used last where nothing about it has changed. */
export function readerFilter(
  memory: ReaderMemory,
  pointFilter: EntryFilter,
  request: RequestFilter,
  formerly: readonly FormerFilter[] = NONE,
): ReaderFilter {
  const requestKey = JSON.stringify(request);
  const last = memory.filter;
  if (last !== null && last.pointFilter === pointFilter && last.requestKey === requestKey) {
    if (formerly === NONE || last.formerly === formerly) return last;
  }
  const narrowed = narrowFilter(pointFilter, request);
  const resend = takingBack(narrowed, request, formerly);
  memory.filter = {
    pointFilter,
    requestKey,
    narrowed,
    resend,
    formerly,
    hash: filterHash(pointFilter, request),
  };
  return memory.filter;
}

const NONE: readonly FormerFilter[] = [];

function takingBack(
  narrowed: NarrowedFilter,
  request: RequestFilter,
  formerly: readonly FormerFilter[],
): NarrowedFilter {
  const seen = formerly.flatMap(({ filter, until }) => {
    const former = narrowFilter(filter, request);
    return former.kind === "nothing" ? [] : [{ filter: former.filter, until }];
  });
  if (narrowed.kind === "nothing" || seen.length === 0) return narrowed;
  return { kind: "filter", filter: { ...narrowed.filter, formerly: seen } };
}
