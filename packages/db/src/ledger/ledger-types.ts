import type { Entry, Observation, PrincipalFacts } from "@rollcall/identity-core";

/** One sequenced item of an agent's stream. `unreadable`: the gateway could not parse it; it is kept with its reason. */
export type LedgerItem =
  | { readonly seq: number; readonly kind: "observation"; readonly observation: Observation }
  | { readonly seq: number; readonly kind: "principal"; readonly facts: PrincipalFacts }
  | { readonly seq: number; readonly kind: "unreadable"; readonly reason: string; readonly item: unknown };

export interface StreamKey {
  readonly tenantId: string;
  readonly agentId: string;
  readonly lane: string;
}

export interface OpenStream extends StreamKey {
  readonly spoolId: string;
  readonly bootId: string;
  /** 0 for an agent that never had one. */
  readonly epoch: number;
  readonly nextSeq: number;
  readonly oldestRetained: number;
}

/**
 * What the agent is to do. `because` says why a new epoch was given; it is written to the audit log as well
 * (not for `first`).
 */
export type OpenOutcome =
  | { readonly kind: "continue"; readonly epoch: number; readonly resumeFrom: number }
  | {
      readonly kind: "snapshot";
      readonly epoch: number;
      readonly resumeFrom: 1;
      readonly because: "first" | "new-spool" | "spool-rolled-back" | "older-epoch" | "newer-epoch" | "hole";
    }
  | { readonly kind: "locked"; readonly epoch: number };

export interface Batch extends StreamKey {
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
  /** Sequence numbers `first` to `last`, in order, none missing. */
  readonly items: readonly LedgerItem[];
}

export type CommitOutcome =
  | {
      readonly kind: "committed";
      /** All up to this number is in the ledger; the agent may forget it. */
      readonly ack: number;
      readonly epoch: number;
      readonly revision: number;
      readonly deadLetters: number;
      /** True: the change feed grew. Ring `feed:`. */
      readonly changed: boolean;
      /** True: the observation feed grew. Other agents have something to fetch. */
      readonly observed: boolean;
    }
  /** A newer epoch was given out: this sender is fenced off. Nothing happened. */
  | { readonly kind: "stale-epoch"; readonly epoch: number }
  /** The epoch was never given out (or the stream never opened): open it again. Nothing happened. */
  | { readonly kind: "unknown-epoch" }
  /** Something is missing before or within the batch. Nothing happened. */
  | { readonly kind: "gap"; readonly expected: number };

/** What became of observations that reached the cloud by themselves. */
export type OwnOutcome =
  | {
      readonly kind: "committed";
      readonly revision: number;
      /** True: the change feed grew. Ring `feed:`. */
      readonly changed: boolean;
      /** True: the observation feed grew. Agents have something to fetch. */
      readonly observed: boolean;
    }
  /** They cannot be taken. Nothing happened. */
  | { readonly kind: "refused"; readonly reason: string };

export interface SweepOutcome {
  readonly changed: boolean;
  readonly revision: number;
  /** When the next session will change by time alone; null: none will. Epoch ms. */
  readonly nextChangeAt: number | null;
  /** Sessions looked at. */
  readonly swept: number;
}

export interface LoadedTable {
  readonly incarnation: string;
  readonly revision: number;
  readonly floorRevision: number;
  /** Of all addresses, tombstones included, in no order. */
  readonly entries: Entry[];
}

export type FeedPage =
  | {
      readonly kind: "page";
      readonly incarnation: string;
      /** In revision order, no number missing. */
      readonly entries: Entry[];
      /** Revision of the last entry here, or `after` when there is none. */
      readonly revision: number;
      readonly floorRevision: number;
      /** False when the page was cut by the limit. */
      readonly isLast: boolean;
    }
  /** What came after `after` is no longer kept, or `after` is not of this numbering: load the table anew. */
  | { readonly kind: "reload" };

export type DownlinkItem =
  | { readonly kind: "observation"; readonly observation: Observation }
  | { readonly kind: "principal"; readonly facts: PrincipalFacts };

export interface DownlinkPage {
  /** Where to go on, also past what was left out. */
  readonly next: number;
  /** Never the agent's own. */
  readonly items: DownlinkItem[];
  readonly isLast: boolean;
}

export interface PruneOptions {
  readonly tenantId: string;
  /** Epoch ms. Changes, observations and tombstones older than this go; firewalls further behind get everything anew. */
  readonly before: number;
  /** Epoch ms. Logon history and dead letters older than this go. */
  readonly historyBefore: number;
}

export interface PruneOutcome {
  readonly changes: number;
  readonly observations: number;
  readonly tombstones: number;
  readonly history: number;
  readonly deadLetters: number;
  readonly floorRevision: number;
}
