import type { EpochMs } from "@rollcall/identity-core";

/** How far one firewall was told, and of which numbering. */
export interface PushProgress {
  /** Issuer and incarnation of the revisions. */
  readonly numbering: string;
  /** All up to here was told. */
  readonly revision: number;
  /** What the firewall is told of, and where it is: another one means telling everything again. */
  readonly fingerprint: string;
  /** Counts the times that everything was told. */
  readonly round: number;
  readonly roundBeganAt: EpochMs;
  /** Everything is being told, and not yet to its end. */
  readonly isResyncing: boolean;
  /** Ends are told even of addresses that are not known to be held. */
  readonly tellsAllEnds: boolean;
  /** No earlier time is said of any address. */
  readonly notBefore: EpochMs;
  /** When the firewall was last known to answer. */
  readonly heardAt: EpochMs;
  /** Whose turn it was to post: see `PushRunOptions.turn`. */
  readonly turn: number;
}

/**
 * What is remembered of one firewall over a restart, above all which addresses it may hold somebody at.
 *
 * Promises asked of it: what a call did is durable when its promise resolves. `willTell` comes before the firewall hears
 *         of an address and `forget` after it has taken the end, so the addresses kept are never fewer than those the
 *         firewall holds, whenever the process dies.
 * Errors: throws what its store says; nothing is posted then.
 */
export interface PushMemory {
  /** Null: nothing is remembered. */
  load(): Promise<PushProgress | null>;
  save(progress: PushProgress): Promise<void>;
  /** The firewall may hold somebody there from now on; `round` is when it was last told. */
  willTell(ips: readonly string[], round: number): Promise<void>;
  forget(ips: readonly string[]): Promise<void>;
  /** Those of `ips` at which the firewall may hold somebody. */
  mayHold(ips: readonly string[]): Promise<ReadonlySet<string>>;
  /** Addresses that the firewall may hold and that were last told in an earlier round than `round`; at most `limit`. */
  leftBehind(round: number, limit: number): Promise<readonly string[]>;
}

const NUMBERS = ["revision", "round", "roundBeganAt", "notBefore", "heardAt"] as const;

/** Reads a progress that was stored as JSON; null where it is none, as if nothing were remembered. */
export function readProgress(stored: unknown): PushProgress | null {
  if (typeof stored !== "object" || stored === null) return null;
  const fields = new Map<string, unknown>(Object.entries(stored));
  const number = (name: (typeof NUMBERS)[number] | "turn"): number => {
    const value = fields.get(name);
    return typeof value === "number" && Number.isFinite(value) ? value : Number.NaN;
  };
  const numbering = fields.get("numbering");
  const fingerprint = fields.get("fingerprint");
  const isResyncing = fields.get("isResyncing");
  const tellsAllEnds = fields.get("tellsAllEnds");
  if (typeof numbering !== "string" || typeof fingerprint !== "string") return null;
  if (typeof isResyncing !== "boolean" || typeof tellsAllEnds !== "boolean") return null;
  if (NUMBERS.some((name) => Number.isNaN(number(name)))) return null;
  if (fields.has("turn") && Number.isNaN(number("turn"))) return null;
  return {
    numbering,
    fingerprint,
    isResyncing,
    tellsAllEnds,
    revision: number("revision"),
    round: number("round"),
    roundBeganAt: number("roundBeganAt"),
    notBefore: number("notBefore"),
    heardAt: number("heardAt"),
    turn: fields.has("turn") ? number("turn") : 0,
  };
}
