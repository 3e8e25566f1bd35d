import type { EntryFilter, EntrySource, EpochMs } from "@rollcall/identity-core";
import type { PushProgress } from "./push-memory.ts";

/** Why a firewall is told everything from the beginning. */
export type RoundCause =
  | "first"
  | "turn"
  | "away"
  | "filter"
  | "numbering"
  | "pruned"
  | "outage"
  | "demand"
  | "reannounce";

export const ROUND_WORDS: Readonly<Record<RoundCause, string>> = {
  first: "it is told for the first time",
  turn: "another agent posted to it before",
  away: "nothing was posted for a while",
  filter: "what it is told of has changed",
  numbering: "the table was begun anew",
  pruned: "it was away for longer than ended sessions are kept",
  outage: "it was not reached for a while and may have lost its table",
  demand: "somebody asked for it",
  reannounce: "it is told everything from time to time",
};

/** A firewall that was not reached for so long may have started anew, with an empty table. */
export const OUTAGE_MS = 60_000;
/** The same for a sender that was stopped: its last word is noted once a minute. */
export const AWAY_MS = 180_000;
/** Ended sessions are kept for at least a day: so long may a round take and still have missed none. */
const ROUND_TRUST_MS = 12 * 3_600_000;

export interface RoundContext {
  readonly progress: PushProgress | null;
  readonly source: Pick<EntrySource, "issuer" | "incarnation" | "revision" | "floorRevision">;
  readonly fingerprint: string;
  readonly turn: number;
  readonly now: EpochMs;
  readonly reannounceMs: number;
  /** True only before the first post of this process. */
  readonly isBeginning: boolean;
  readonly wasDown: boolean;
  readonly isDemanded: boolean;
}

/** Says why everything must be told, or null: going on from where it was left is enough. */
export function causeOfRound(context: RoundContext): RoundCause | null {
  const { progress, source, now, reannounceMs } = context;
  if (progress === null) return "first";
  if (progress.turn !== context.turn) return "turn";
  if (context.isDemanded) return "demand";
  if (progress.numbering !== numberingOf(source) || progress.revision > source.revision) return "numbering";
  if (progress.fingerprint !== context.fingerprint) return "filter";
  if (context.isBeginning && now - progress.heardAt > AWAY_MS) return "away";
  if (context.wasDown) return "outage";
  // In a round old revisions are passed through: what was pruned meanwhile had ended before the round began.
  if (progress.isResyncing) return now - progress.roundBeganAt > ROUND_TRUST_MS ? "pruned" : null;
  if (progress.revision < source.floorRevision) return "pruned";
  return reannounceMs > 0 && now - progress.roundBeganAt >= reannounceMs ? "reannounce" : null;
}

export function numberingOf({ issuer, incarnation }: Pick<EntrySource, "issuer" | "incarnation">): string {
  return `${issuer}:${incarnation}`;
}

/** The same text for the same place and the same filter, whatever the order of its lists. */
export function fingerprintOf(place: string, filter: EntryFilter): string {
  return JSON.stringify([
    place,
    ...[
      filter.addressSpaceIds,
      filter.domains,
      filter.includeIp,
      filter.excludeIp,
      filter.darkSourceIds ?? [],
    ].map((list) => list.toSorted()),
    filter.ipv6,
  ]);
}
