import type { EpochMs } from "@rollcall/identity-core";

export interface Reannouncement {
  readonly periodMs: number;
  /** Different for each firewall: spreads them over the period. */
  readonly tag: number;
  /** When the last full table was begun, or when the firewall was first seen. */
  readonly lastAt: EpochMs;
  readonly now: EpochMs;
}

/**
 * Says whether a firewall that lets entries age out is due to be told everything again.
 *
 * Shape: each firewall has its own moment in the period, fixed by the clock and its tag: it stays the same over a restart,
 *        and a thousand firewalls do not come at once. True from that moment until a full table was begun after it.
 */
export function isReannounceDue({ periodMs, tag, lastAt, now }: Reannouncement): boolean {
  if (periodMs <= 0) return false;
  const turn = (at: EpochMs): number => Math.floor((at - (tag % periodMs)) / periodMs);
  return turn(now) > turn(lastAt);
}
