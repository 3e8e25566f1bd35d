import {
  CONTROLLER_READ_RULES,
  type Corroboration,
  LOGON_TICKET_RULE,
  uncorroborated,
} from "./corroboration.ts";
import {
  type Claim,
  type KeyState,
  type KindState,
  spellingOf,
  USAGE_BUCKET_MS,
  voids,
} from "./key-state.ts";
import type { EpochMs, EvidenceClass, PrincipalName } from "./observation.ts";
import type { PrincipalLookup } from "./principal-directory.ts";

export type Arbitration = "law" | "last-writer";

/** Who owns one address at one time, for one kind. */
export type Ownership =
  | {
      readonly kind: "owned";
      readonly principalKey: string;
      /** The claim that gave the principal its number. */
      readonly claim: Claim;
      readonly since: EpochMs;
      readonly lastSeenAt: EpochMs;
      readonly expiresAt: EpochMs;
    }
  | {
      readonly kind: "unknown";
      readonly because: "ended" | "expired" | "contested" | "disabled" | "never-seen";
    };

/** One step of the law, for explain. `rule` numbers are those of docs/protocol/session-law.md. */
export interface TraceLine {
  readonly rule: string;
  readonly sentence: string;
  readonly observationId: string | null;
}

export interface Evaluation {
  readonly user: Ownership;
  readonly device: Ownership;
  /** When time alone may change the answer; null: never. */
  readonly nextChangeAt: EpochMs | null;
}

export interface EvaluationOptions {
  readonly arbitration: Arbitration;
  /** `detect` decides like `off`; what `on` would decide is asked separately. Default: off. */
  readonly corroboration?: Corroboration;
  /** Filled with the steps that decided about the user. */
  readonly trace?: TraceLine[];
  /** And about the device. */
  readonly deviceTrace?: TraceLine[];
}

const USAGE_WINDOW_MS = 12 * 3_600_000;
const CONTESTED_MS = 10 * 60_000;
const STRENGTH: Readonly<Record<EvidenceClass, number>> = { A: 3, B: 2, C: 1, D: 0 };

/**
 * Applies the law to one address: a function of the kept observations, of what directories know and of `now`.
 * Units:  epoch ms.
 * Source: docs/protocol/session-law.md; numbers in comments are its rules.
 */
export function evaluateKey(
  state: KeyState,
  principals: PrincipalLookup,
  now: EpochMs,
  options: EvaluationOptions = { arbitration: "law" },
): Evaluation {
  const trace = options.trace ?? null;
  const weighed = options.corroboration === "on" ? weigh(state.user, principals, trace) : state.user;
  const user = evaluateKind(weighed, principals, now, options.arbitration, trace);
  const device = evaluateKind(
    state.device,
    principals,
    now,
    options.arbitration,
    options.deviceTrace ?? null,
  );
  return {
    user: user.ownership,
    device: device.ownership,
    nextChangeAt: earlier(user.nextChangeAt, device.nextChangeAt),
  };
}

/** A ticket for a logon that no read of a controller supports is only a use of an account: class C. */
function weigh(state: KindState, principals: PrincipalLookup, trace: TraceLine[] | null): KindState {
  const bare = uncorroborated(state, (claim) => principals.resolve(claim.principal));
  if (bare.size === 0) return state;
  if (trace)
    for (const claim of bare)
      trace.push({
        rule: "2b",
        sentence: "a ticket that no read of a domain controller within two minutes supports: class C",
        observationId: claim.id,
      });
  return {
    ...state,
    claims: state.claims.map((claim) => (bare.has(claim) ? { ...claim, class: "C" } : claim)),
  };
}

interface Candidate {
  readonly key: string;
  readonly claims: Claim[];
  readonly counting: Claim[];
  number: Claim;
}

interface Decided {
  readonly ownership: Ownership;
  readonly nextChangeAt: EpochMs | null;
}

function evaluateKind(
  state: KindState,
  principals: PrincipalLookup,
  now: EpochMs,
  arbitration: Arbitration,
  trace: TraceLine[] | null,
): Decided {
  if (state.claims.length === 0)
    return { ownership: { kind: "unknown", because: "never-seen" }, nextChangeAt: null };
  const keys = new Map<Claim, string>();
  for (const claim of state.claims) keys.set(claim, principals.resolve(claim.principal));
  const same = (a: PrincipalName, b: PrincipalName) => principals.resolve(a) === principals.resolve(b);
  const isVoid = (claim: Claim, asOf: EpochMs) =>
    claim.at <= state.endFloor || state.ends.some((end) => end.at <= asOf && voids(end, claim, same));

  const byKey = new Map<string, Claim[]>();
  for (const [claim, key] of keys) {
    const list = byKey.get(key);
    if (list) list.push(claim);
    else byKey.set(key, [claim]);
  }

  const isJudged = newestUses(state.claims);
  const strongByKey = new Map([...byKey].map(([key, claims]) => [key, claims.filter(isStrong)]));

  // 2 and 3: what counts, and each principal's number, voided claims included.
  const candidates: Candidate[] = [];
  for (const [key, claims] of byKey) {
    const counting = claims.filter((claim) => {
      const counts =
        claim.class === "A" ||
        claim.class === "B" ||
        (claim.class === "C" &&
          isJudged(claim) &&
          (arbitration === "last-writer" || usageCounts(claim, key, { byKey, strongByKey, isVoid })));
      if (trace && !counts && isJudged(claim))
        trace.push({
          rule: claim.class === "D" ? "2d" : "2c",
          sentence:
            claim.class === "D"
              ? sentenceOfSign(claim.rule)
              : "use of a ticket that nothing stronger of this principal supports: it does not count",
          observationId: claim.id,
        });
      return counts;
    });
    const number = counting.reduce<Claim | null>(
      (best, claim) => (best === null || beats(claim, best) ? claim : best),
      null,
    );
    if (number) candidates.push({ key, claims, counting, number });
  }
  const owner = candidates.reduce<Candidate | null>(
    (best, one) => (best === null || beats(one.number, best.number) ? one : best),
    null,
  );
  if (owner === null) return { ownership: { kind: "unknown", because: "never-seen" }, nextChangeAt: null };
  if (trace)
    for (const one of candidates)
      trace.push({
        rule: "3",
        sentence:
          one === owner
            ? `${owner.key} has the greatest number (class ${owner.number.class})`
            : `${one.key} has a smaller number`,
        observationId: one.number.id,
      });

  // 4: every counting claim ended -> unknown, never the runner-up.
  const live = owner.counting.filter((claim) => !isVoid(claim, Number.POSITIVE_INFINITY));
  if (live.length === 0) {
    trace?.push({
      rule: "4",
      sentence: `every claim of ${owner.key} was ended: unknown, not the one before`,
      observationId: owner.number.id,
    });
    return { ownership: { kind: "unknown", because: "ended" }, nextChangeAt: null };
  }

  // 6: expiry over everything of the owner that is not ended, indirect signs included.
  const heard = owner.claims.filter((claim) => !isVoid(claim, Number.POSITIVE_INFINITY));
  const expiresAt = heard.reduce((latest, claim) => Math.max(latest, claim.at + claim.lifetimeMs), 0);
  if (expiresAt <= now) {
    trace?.push({
      rule: "6",
      sentence: `the session of ${owner.key} expired`,
      observationId: owner.number.id,
    });
    return { ownership: { kind: "unknown", because: "expired" }, nextChangeAt: null };
  }

  // 5: a ticket soon after somebody else's boundary is contested until the boundary is ten minutes old.
  if (arbitration === "law") {
    const until = contestedUntil(owner, candidates, isVoid);
    if (until !== null && now < until) {
      trace?.push({
        rule: "5",
        sentence: `contested: a weaker claim of ${owner.key} follows another's logon by less than ten minutes`,
        observationId: owner.number.id,
      });
      return {
        ownership: { kind: "unknown", because: "contested" },
        nextChangeAt: Math.min(until, expiresAt),
      };
    }
  }

  const facts = principals.factsOf(owner.key);
  if (facts && !facts.enabled) {
    trace?.push({
      rule: "7",
      sentence: `${owner.key} is disabled in the directory`,
      observationId: owner.number.id,
    });
    return { ownership: { kind: "unknown", because: "disabled" }, nextChangeAt: expiresAt };
  }

  const beganAt = (claim: Claim) =>
    isVoid({ ...claim, at: claim.firstAt }, Number.POSITIVE_INFINITY) ? claim.at : claim.firstAt;
  const since = heard.reduce((first, claim) => Math.min(first, beganAt(claim)), owner.number.at);
  return {
    ownership: {
      kind: "owned",
      principalKey: owner.key,
      claim: owner.number,
      since,
      lastSeenAt: heard.reduce((latest, claim) => Math.max(latest, claim.at), 0),
      expiresAt,
    },
    nextChangeAt: expiresAt,
  };
}

/** What an indirect sign does. Two of them are the ways in which a session outlives its time (docs/adr/0026). */
function sentenceOfSign(rule: string): string {
  if (rule.startsWith("probe:verifying"))
    return "the session is served for a minute more while its computer is asked";
  if (rule.startsWith("probe:hold"))
    return "the session is held for one more period: its computer is alive and could not be asked";
  return "an indirect sign: it only moves when the principal was last seen";
}

/** The total order of numbers: time, then class, then source id, then record id. */
function beats(a: Claim, b: Claim): boolean {
  if (a.at !== b.at) return a.at > b.at;
  if (a.class !== b.class) return STRENGTH[a.class] > STRENGTH[b.class];
  if (a.sourceId !== b.sourceId) return a.sourceId < b.sourceId;
  if (a.recordId !== b.recordId) return a.recordId < b.recordId;
  return a.id < b.id;
}

/**
 * Whether a use (class C) counts, judged by what was so at its own time: ends after it do not change that.
 * It counts when its principal has a not-ended A or B of the last twelve hours and nobody else has a younger
 * not-ended A; else only on an address where nobody has a live A or B, and never after its own principal was ended.
 */
function usageCounts(usage: Claim, key: string, { byKey, strongByKey, isVoid }: Said): boolean {
  const before = (claim: Claim) => claim.at <= usage.at;
  let latestOwn = -1;
  let isOwnEnded = false;
  for (const claim of strongByKey.get(key) ?? []) {
    if (!before(claim) || usage.at - claim.at > USAGE_WINDOW_MS) continue;
    if (isVoid(claim, usage.at)) isOwnEnded = true;
    else if (claim.at > latestOwn) latestOwn = claim.at;
  }
  if (latestOwn >= 0) {
    for (const [other, strong] of strongByKey)
      if (
        other !== key &&
        strong.some(
          (claim) => claim.class === "A" && before(claim) && claim.at > latestOwn && !isVoid(claim, usage.at),
        )
      )
        return false;
    return true;
  }
  // A ticket that outlives its principal's logoff must not bring the session back.
  if (isOwnEnded) return false;
  for (const [one, strong] of strongByKey) {
    if (!strong.some((claim) => before(claim) && !isVoid(claim, usage.at))) continue;
    const expiresAt = (byKey.get(one) ?? [])
      .filter((claim) => before(claim) && claim !== usage && !isVoid(claim, usage.at))
      .reduce((latest, claim) => Math.max(latest, claim.at + claim.lifetimeMs), 0);
    if (expiresAt > usage.at) return false;
  }
  return true;
}

/** What was said of one address, by principal. */
interface Said {
  readonly byKey: ReadonlyMap<string, readonly Claim[]>;
  /** Of that, class A and B. */
  readonly strongByKey: ReadonlyMap<string, readonly Claim[]>;
  readonly isVoid: (claim: Claim, asOf: EpochMs) => boolean;
}

function isStrong(claim: Claim): boolean {
  return claim.class === "A" || claim.class === "B";
}

/**
 * Of uses that are kept closer together than a quarter of an hour (tickets, reads of a controller), the newest of each
 * quarter is judged and stands for the rest: hundreds of them must not be weighed against each other.
 */
function newestUses(claims: readonly Claim[]): (claim: Claim) => boolean {
  const close = claims.filter((claim) => claim.class === "C" && isKeptClosely(claim));
  if (close.length === 0) return () => true;
  const newest = new Map<string, Claim>();
  for (const claim of close) {
    const stretch = useOf(claim);
    const before = newest.get(stretch);
    if (before === undefined || beats(claim, before)) newest.set(stretch, claim);
  }
  const judged = new Set(newest.values());
  return (claim) => claim.class !== "C" || judged.has(claim) || !isKeptClosely(claim);
}

function isKeptClosely(claim: Claim): boolean {
  return claim.rule === LOGON_TICKET_RULE || CONTROLLER_READ_RULES.includes(claim.rule);
}

function useOf(claim: Claim): string {
  const quarter = Math.floor(claim.at / USAGE_BUCKET_MS);
  return [
    spellingOf(claim.principal),
    claim.sourceId,
    claim.family,
    claim.rule,
    claim.correlator,
    quarter,
  ].join("\u0000");
}

function contestedUntil(
  owner: Candidate,
  candidates: readonly Candidate[],
  isVoid: (claim: Claim, asOf: EpochMs) => boolean,
): EpochMs | null {
  if (owner.number.class === "A") return null;
  let latest: Claim | null = null;
  for (const other of candidates) {
    if (other === owner) continue;
    for (const claim of other.counting)
      if (
        claim.class === "A" &&
        !isVoid(claim, Number.POSITIVE_INFINITY) &&
        (latest === null || claim.at > latest.at)
      )
        latest = claim;
  }
  if (latest === null) return null;
  const boundary = latest.at;
  // The owner's own boundary after the other's settles it.
  if (
    owner.counting.some(
      (claim) => claim.class === "A" && claim.at > boundary && !isVoid(claim, Number.POSITIVE_INFINITY),
    )
  )
    return null;
  return owner.number.at - boundary < CONTESTED_MS ? boundary + CONTESTED_MS : null;
}

function earlier(a: EpochMs | null, b: EpochMs | null): EpochMs | null {
  if (a === null) return b;
  return b === null ? a : Math.min(a, b);
}
