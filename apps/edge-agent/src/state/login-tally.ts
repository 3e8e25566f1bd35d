/** How often in a row one name is shown with one password that may be wrong. A third would begin to lock accounts. */
export const SHOWN_MAX = 2;
/**
 * A login that was shown without an answer, and only that, is shown once more after this long: domains forget wrong passwords after
 * ten to thirty minutes as a rule. Source: "Reset account lockout counter after" (documented).
 */
export const HELD_MS = 30 * 60_000;

/** What is known of one name with one password since it was last let in. */
export interface LoginTally {
  /** So often it was refused. */
  readonly refusals: number;
  /** So often it was shown, and nobody knows what came of it. */
  readonly doubts: number;
  /** When it was last shown for nothing, epoch ms: a domain counts from the last wrong password. */
  readonly doubtAt: number;
  /** Why it was refused, in a server's words. */
  readonly refusal: string;
  /** Why it is not known what came of it. */
  readonly doubt: string;
}

/** What came of one attempt. `known`: let in by tickets from before. `not-shown`: nobody saw the password. */
export type LoginOutcomeNote =
  | { readonly kind: "accepted" | "known" | "not-shown" }
  | { readonly kind: "refused" | "unanswered"; readonly reason: string };

/**
 * Whether it may be shown now.
 * `paused`: not before a person says so, or another password is set. `held`: not before `until`, epoch ms.
 */
export type LoginStanding =
  | { readonly kind: "free"; readonly refusal: string | null }
  | { readonly kind: "paused"; readonly refusal: string }
  | { readonly kind: "held"; readonly until: number; readonly doubt: string };

export const CLEAR: LoginTally = { refusals: 0, doubts: 0, doubtAt: 0, refusal: "", doubt: "" };

/** Nobody knows how often it was shown: as often as it may be. */
export function heldFor(since: number, doubt: string): LoginTally {
  return { ...CLEAR, doubts: SHOWN_MAX, doubtAt: since, doubt };
}

export function standingOf({ refusals, doubts, doubtAt, refusal, doubt }: LoginTally): LoginStanding {
  if (refusals >= SHOWN_MAX) return { kind: "paused", refusal };
  if (refusals + doubts >= SHOWN_MAX) return { kind: "held", until: doubtAt + HELD_MS, doubt };
  return { kind: "free", refusal: refusals > 0 ? refusal : null };
}

/** The same as of `now`: who was held back long enough has one attempt. A clock that was set back makes nobody wait for longer. */
export function tallyAt(tally: LoginTally, now: number): LoginTally {
  const { refusals, doubts } = tally;
  const doubtAt = Math.min(tally.doubtAt, now);
  const isOver = refusals < SHOWN_MAX && refusals + doubts >= SHOWN_MAX && doubtAt + HELD_MS <= now;
  return { ...tally, doubtAt, doubts: isOver ? SHOWN_MAX - 1 - refusals : doubts };
}

/** With so many attempts under way, each of which may be refused without anybody being there to hear it. */
export function withAttempts(tally: LoginTally, attempts: number, at: number, doubt: string): LoginTally {
  if (attempts === 0) return tally;
  return { ...tally, doubts: tally.doubts + attempts, doubtAt: at, doubt };
}

/** After an attempt, which is not among the doubts any more. */
export function tallyAfter(tally: LoginTally, note: LoginOutcomeNote, now: number): LoginTally {
  switch (note.kind) {
    case "accepted":
      return CLEAR;
    // Tickets outlive a password that was changed: nothing was proved of it.
    case "known":
    case "not-shown":
      return tally;
    case "refused":
      return { ...tally, refusals: tally.refusals + 1, doubtAt: now, refusal: note.reason };
    case "unanswered":
      return { ...tally, doubts: tally.doubts + 1, doubtAt: now, doubt: note.reason };
  }
}

/** One attempt, not two: whoever resumes it may be mistaken as well. */
export function resumedTally(tally: LoginTally): LoginTally {
  const refusals = Math.min(tally.refusals, SHOWN_MAX - 1);
  return { ...tally, refusals, doubts: SHOWN_MAX - 1 - refusals };
}
