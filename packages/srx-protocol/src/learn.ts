import type { EpochMs } from "@rollcall/identity-core";

/**
 * How far learning has come with one firewall.
 *
 * Holds    the profiles to try in their order, which one is being tried, and the signs seen since it is.
 * Promises at most one switch a minute; each profile once; after the last one the first again, and no more switching.
 */
export interface LearnState {
  /** Keys of profiles, the one that is set for the firewall first. */
  readonly candidates: readonly string[];
  readonly current: number;
  readonly phase: "trying" | "understood" | "exhausted";
  /** When it came to this phase or this profile. */
  readonly since: EpochMs;
  /** Answers to batches under this profile that a question has not yet shown to be understood. */
  readonly answers: number;
  /** The time the last question named, and the newest time that the answers since have told. */
  readonly lastBegin: EpochMs | null;
  readonly toldUpTo: EpochMs | null;
  /** When addresses were asked for although they had been told. */
  readonly askedAgain: readonly EpochMs[];
}

export type LearnEvent =
  /** A batch is asked for: before it is answered. */
  | {
      readonly kind: "batch";
      readonly at: EpochMs;
      readonly cookie: "parameter" | "header" | "none";
      readonly begin: EpochMs | null;
    }
  /** A batch was answered; `newest`: the newest time it told, null for an empty one. */
  | { readonly kind: "answered"; readonly newest: EpochMs | null }
  /** An address is asked for; `wasTold`: the firewall had it in a batch a while ago, and did not ask for a fresh look. */
  | { readonly kind: "ip"; readonly at: EpochMs; readonly wasTold: boolean };

/** A question with a timestamp and no cookie counts from the second answer on. */
const ANSWERS_UNHEARD = 2;
const SWITCH_MS_MIN = 60_000;
const ASKED_AGAIN_MS = 10 * 60_000;
const ASKED_AGAIN_COUNT = 5;

/** Begins with the firewall's own profile and goes on with the others, each once. */
export function beginLearning(own: string, others: readonly string[], at: EpochMs): LearnState {
  return {
    candidates: [...new Set([own, ...others])],
    current: 0,
    phase: "trying",
    since: at,
    answers: 0,
    lastBegin: null,
    toldUpTo: null,
    askedAgain: [],
  };
}

/**
 * Takes one sign of a firewall and says what learning has come to.
 *
 * Shape:  understood is who gives the cookie back as a parameter, or without naming a time; or who moves his time to
 *         exactly what the last answer told. A cookie that an HTTP client sends along beside the same old time shows
 *         nothing. Not understood is who still names a time and no cookie after two answers, or who asks for addresses
 *         that he was told: the latter also after the cookie came back, because a cookie may be found where an entry is not.
 * Units:  epoch ms by our clock; `begin` by what the firewall sent.
 * Source: docs/protocol/srx-query.md, "learning" (that the cookie is given back is documented; the rest is assumed).
 */
export function learnStep(state: LearnState, event: LearnEvent): LearnState {
  switch (event.kind) {
    case "answered":
      return {
        ...state,
        answers: state.answers + 1,
        toldUpTo: event.newest === null ? state.toldUpTo : Math.max(event.newest, state.toldUpTo ?? 0),
      };
    case "batch":
      return afterBatch(state, event);
    case "ip":
      return afterAddress(state, event);
  }
}

function afterBatch(state: LearnState, event: Extract<LearnEvent, { kind: "batch" }>): LearnState {
  const { at, cookie, begin } = event;
  const hasMoved = begin !== null && begin !== state.lastBegin && isSameSecond(begin, state.toldUpTo);
  const isUnderstood = cookie === "parameter" || (cookie === "header" && begin === null) || hasMoved;
  const seen = { ...state, lastBegin: begin };
  if (isUnderstood) {
    // A cookie of an earlier profile may still come along: it counts once this one has answered.
    return state.phase === "understood" || state.answers === 0
      ? { ...seen, answers: state.answers }
      : { ...seen, phase: "understood", since: at, answers: 0 };
  }
  if (cookie === "header" || state.phase !== "trying" || state.answers < ANSWERS_UNHEARD) return seen;
  return next(seen, at);
}

function afterAddress(state: LearnState, event: Extract<LearnEvent, { kind: "ip" }>): LearnState {
  if (!event.wasTold || state.phase === "exhausted") return state;
  const askedAgain = [
    ...state.askedAgain.filter((at) => event.at - at < ASKED_AGAIN_MS).slice(1 - ASKED_AGAIN_COUNT),
    event.at,
  ];
  const seen = { ...state, askedAgain };
  return askedAgain.length < ASKED_AGAIN_COUNT ? seen : next(seen, event.at);
}

function next(state: LearnState, at: EpochMs): LearnState {
  if (at - state.since < SWITCH_MS_MIN && state.current > 0) return state;
  const isLast = state.current + 1 >= state.candidates.length;
  return {
    ...state,
    current: isLast ? 0 : state.current + 1,
    phase: isLast ? "exhausted" : "trying",
    since: at,
    answers: 0,
    lastBegin: null,
    toldUpTo: null,
    askedAgain: [],
  };
}

function isSameSecond(a: EpochMs, b: EpochMs | null): boolean {
  return b !== null && Math.floor(a / 1000) === Math.floor(b / 1000);
}

/** The profile a firewall is answered with now. */
export function learnedProfile(state: LearnState): string {
  return state.candidates[state.current] ?? state.candidates[0] ?? "";
}

/** Those that were tried so far, the present one last. */
export function triedProfiles(state: LearnState): readonly string[] {
  return state.phase === "exhausted" ? state.candidates : state.candidates.slice(0, state.current + 1);
}

/** What a person is to know of it, and to do. */
export function learnSentence(state: LearnState): string {
  const profile = learnedProfile(state);
  switch (state.phase) {
    case "trying":
      return `Trying profile "${profile}": the firewall has not yet shown that it understands it.`;
    case "understood":
      return `The firewall understands profile "${profile}": choose it for this enforcement point and end learning.`;
    case "exhausted":
      return `The firewall has understood none of ${state.candidates.length} profiles; it is answered with "${profile}". Record its questions and write a profile of its own.`;
  }
}
