import { type Arbitration, evaluateKey, type TraceLine } from "./evaluate-key.ts";
import { type KeyState, voids } from "./key-state.ts";
import type { EpochMs, PrincipalName } from "./observation.ts";
import type { PrincipalLookup } from "./principal-directory.ts";

export interface ExplainedClaim {
  readonly observationId: string;
  readonly rule: string;
  readonly sourceId: string;
  readonly principalKey: string;
  readonly class: "A" | "B" | "C" | "D";
  readonly at: EpochMs;
  readonly expiresAt: EpochMs;
  readonly state: "speaks" | "ended" | "expired";
  /** The end that voided it. */
  readonly endedBy: string | null;
}

export interface Explanation {
  /** Newest first. */
  readonly claims: readonly ExplainedClaim[];
  readonly trace: readonly TraceLine[];
  /** One sentence a day for the person at 02:00. */
  readonly answer: string;
  readonly nextChangeAt: EpochMs | null;
}

/** Says which observations are kept of an address, what became of each, and which rule of the law decided. */
export function explainKey(
  state: KeyState,
  principals: PrincipalLookup,
  now: EpochMs,
  arbitration: Arbitration = "law",
): Explanation {
  const trace: TraceLine[] = [];
  const evaluation = evaluateKey(state, principals, now, { arbitration, trace });
  const same = (a: PrincipalName, b: PrincipalName) => principals.resolve(a) === principals.resolve(b);
  const claims = state.user.claims.map((claim): ExplainedClaim => {
    const end = state.user.ends.find((one) => voids(one, claim, same));
    const isFloored = claim.at <= state.user.endFloor;
    const expiresAt = claim.at + claim.lifetimeMs;
    return {
      observationId: claim.id,
      rule: claim.rule,
      sourceId: claim.sourceId,
      principalKey: principals.resolve(claim.principal),
      class: claim.class,
      at: claim.at,
      expiresAt,
      state: end || isFloored ? "ended" : expiresAt <= now ? "expired" : "speaks",
      endedBy: end?.id ?? null,
    };
  });
  const { user } = evaluation;
  const answer =
    user.kind === "owned"
      ? `${user.principalKey}, by ${user.claim.rule} (class ${user.claim.class})`
      : {
          ended: "nobody: the session was ended",
          expired: "nobody: the session expired",
          contested: "nobody: two claims contradict each other",
          disabled: "nobody: the account is disabled",
          "never-seen": "nobody: no source has opened a session here",
        }[user.because];
  return { claims: claims.sort((a, b) => b.at - a.at), trace, answer, nextChangeAt: evaluation.nextChangeAt };
}
