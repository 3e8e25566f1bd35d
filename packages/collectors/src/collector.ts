import type { EpochMs, Observation, PrincipalFacts } from "@rollcall/identity-core";

/** Records that yielded nothing, by reason. `sample` is one of them, cut and escaped. */
export interface RejectedRecords {
  readonly sourceId: string;
  readonly reason: string;
  readonly count: number;
  readonly sample: string | null;
}

/**
 * What a collector hands over at once, oldest first.
 *
 * `bookmark` says where to go on; it is saved in the transaction that keeps `observations` and `facts`.
 * `ack`, where present, is called after that transaction: only then does the collector let go of the records and
 * read on. A batch that is never acknowledged is handed out again by the next `collect`.
 */
export interface CollectedBatch {
  readonly observations: readonly Observation[];
  readonly facts: readonly PrincipalFacts[];
  readonly rejected: readonly RejectedRecords[];
  readonly bookmark: string | null;
  /** Further bookmarks of the same transaction, by key: of each computer that forwards, one. */
  readonly marks?: readonly { readonly key: string; readonly value: string }[];
  readonly ack?: () => void;
}

/** `never`: nothing was heard yet. `off`: not asked to run. The sentence is for a person. */
export type SourceState = "ok" | "degraded" | "broken" | "off" | "never";

export type SourceKind = "directory" | "syslog" | "event-log" | "wef" | "pc-probe";

export interface SourceHealth {
  readonly id: string;
  readonly kind: SourceKind;
  readonly name: string;
  readonly state: SourceState;
  readonly sentence: string;
  /** Since when the state is what it is. */
  readonly since: EpochMs;
  readonly lastActivityAt: EpochMs | null;
  readonly counters: Readonly<Record<string, number>>;
}

/**
 * One step of a test of a source, in order: the first that is not `ok` is what to mend. One that is `ok` and has a remedy is
 * advice: it works, and could be better.
 */
export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly remedy?: string;
}

export interface CollectOptions {
  /** The bookmark of the last committed batch; null at the first start. */
  readonly after: string | null;
  readonly signal: AbortSignal;
}

/**
 * Reads one kind of source. Pulled: it does not run ahead of its reader by more than its bound.
 *
 * `collect` ends when `signal` aborts; it does not throw for a source that is away, it waits and says so in `health`.
 */
export interface Collector {
  readonly id: string;
  readonly kind: SourceKind;
  collect(options: CollectOptions): AsyncIterable<CollectedBatch>;
  /** One entry for each source that this collector reads. */
  health(): readonly SourceHealth[];
}
