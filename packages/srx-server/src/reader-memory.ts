import type { EntrySource, EpochMs } from "@rollcall/identity-core";
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

/** What is remembered of one reader between two questions. It may be lost at any time. */
export interface ReaderMemory {
  sameAnswer: SameAnswer | null;
  timestampPlace: TimestampPlace | null;
}

export function createReaderMemory(): ReaderMemory {
  return { sameAnswer: null, timestampPlace: null };
}
