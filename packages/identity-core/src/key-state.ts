import { isLogonTicket, isReadOfController, TICKET_SLOT_MS } from "./corroboration.ts";
import type { IpAddress } from "./ip-address.ts";
import type {
  EndScope,
  EpochMs,
  EvidenceClass,
  Observation,
  PrincipalName,
  SourceFamily,
} from "./observation.ts";
import { tokensOf } from "./principal-directory.ts";

/**
 * What is kept of the observations of one address: enough to apply the law at any time, bounded, plain JSON.
 *
 * What is kept is a function of the *set* of observations seen, not of their order: every bound below keeps
 * "the greatest N by (time, id)", and what falls out leaves a floor behind that only grows. So two parties that
 * saw the same set hold the same state. Where a bound forgets, the law answers unknown rather than a runner-up.
 */
export interface KeyState {
  readonly addressSpaceId: string;
  readonly ip: IpAddress;
  readonly user: KindState;
  readonly device: KindState;
}

export interface KindState {
  readonly claims: readonly Claim[];
  readonly ends: readonly End[];
  /** Nothing at or below counts: the greatest time among forgotten principals. */
  readonly floor: EpochMs;
  /** Everything at or before is void: the greatest time among forgotten ends. */
  readonly endFloor: EpochMs;
}

/**
 * The newest observation of one principal spelling, source, class and correlator: of class C, of each quarter of an
 * hour; of tickets for a logon and of reads of a controller, of each two minutes (see corroboration.ts).
 */
export interface Claim {
  readonly id: string;
  readonly at: EpochMs;
  readonly seenAt: EpochMs;
  /** Time of the oldest observation that this one stands for. */
  readonly firstAt: EpochMs;
  readonly lifetimeMs: number;
  readonly class: EvidenceClass;
  readonly family: SourceFamily;
  readonly sourceId: string;
  readonly recordId: string;
  readonly principal: PrincipalName;
  readonly correlator: string | null;
  readonly rule: string;
  readonly sourceLabel?: string;
}

export interface End {
  readonly id: string;
  readonly at: EpochMs;
  /** Who said it: so that the end can be told on as an observation. */
  readonly sourceId: string;
  readonly family: SourceFamily;
  readonly principal: PrincipalName | null;
  readonly correlator: string | null;
  readonly scope: EndScope;
  readonly rule: string;
}

/** The greatest numbers a key keeps (the law, 2). */
export const MAX_PRINCIPALS = 8;
/** Of logons, and apart from them of uses: 48 quarters of an hour are the 12 h within which a logon supports a use. */
const MAX_STRONG = 48;
const MAX_USES = 49;
/** Two-minute slots of a person's tickets, and as many of reads of a controller: the same 12 h without a gap. */
const MAX_SLOTS = 362;
const MAX_INDIRECT = 16;
const MAX_ENDS = 64;
/** Of plain uses the newest of each such stretch is kept. */
export const USAGE_BUCKET_MS = 15 * 60_000;

const EMPTY: KindState = { claims: [], ends: [], floor: 0, endFloor: 0 };

export function emptyKeyState(addressSpaceId: string, ip: IpAddress): KeyState {
  return { addressSpaceId, ip, user: EMPTY, device: EMPTY };
}

/**
 * Adds one observation. Gives the same object when it has no effect: a repeat, or older than what is kept.
 * Shape:  the observation must be of this address and space; nothing else of it is checked here.
 */
export function applyObservation(state: KeyState, observation: Observation): KeyState {
  const kind = state[observation.kind];
  const next = observation.verb === "end" ? addEnd(kind, observation) : addClaim(kind, observation);
  return next === kind ? state : { ...state, [observation.kind]: next };
}

function addEnd(state: KindState, observation: Observation): KindState {
  if (observation.effectiveAt <= state.endFloor) return state;
  if (state.ends.some((end) => end.id === observation.id)) return state;
  const ends: End[] = [
    ...state.ends,
    {
      id: observation.id,
      at: observation.effectiveAt,
      sourceId: observation.sourceId,
      family: observation.family,
      principal: observation.principal,
      correlator: observation.correlator,
      scope: observation.endScope ?? { principal: "named", family: "same" },
      rule: observation.rule,
    },
  ];
  ends.sort(newestFirst);
  const forgotten = ends.splice(MAX_ENDS);
  return {
    ...state,
    ends,
    endFloor: forgotten.reduce((floor, end) => Math.max(floor, end.at), state.endFloor),
  };
}

function addClaim(state: KindState, observation: Observation): KindState {
  if (observation.principal === null || observation.effectiveAt <= state.floor) return state;
  const claim: Claim = {
    id: observation.id,
    at: observation.effectiveAt,
    seenAt: observation.receivedAt,
    firstAt: observation.effectiveAt,
    lifetimeMs: observation.lifetimeMs,
    class: observation.class,
    family: observation.family,
    sourceId: observation.sourceId,
    recordId: observation.recordId,
    principal: observation.principal,
    correlator: observation.correlator,
    rule: observation.rule,
    ...(observation.sourceLabel ? { sourceLabel: observation.sourceLabel } : {}),
  };
  const isSlotted = observation.kind === "user";
  const at = state.claims.findIndex((kept) => isOneGroup(kept, claim, isSlotted));
  const kept = state.claims[at];
  if (kept) {
    const firstAt = Math.min(kept.firstAt, claim.firstAt);
    const isNewer = newestFirst(claim, kept) < 0;
    if (!isNewer && firstAt === kept.firstAt) return state;
    const claims = [...state.claims];
    claims[at] = { ...(isNewer ? claim : kept), firstAt };
    return isNewer ? bound({ ...state, claims }, isSlotted) : { ...state, claims };
  }
  return bound({ ...state, claims: [...state.claims, claim] }, isSlotted);
}

/**
 * Whether the newer of two claims may stand for both. Uses, tickets and reads of one stretch are one whichever controller
 * wrote them: else many controllers would push a person's own logon out of what is kept, and a stranger's use would own.
 */
function isOneGroup(a: Claim, b: Claim, isSlotted: boolean): boolean {
  const isOfAnySource = a.class === "C" || (isSlotted && isLogonTicket(a));
  return (
    (isOfAnySource || a.sourceId === b.sourceId) &&
    a.family === b.family &&
    a.class === b.class &&
    a.correlator === b.correlator &&
    spanOf(a, isSlotted) === spanOf(b, isSlotted) &&
    spellingOf(a.principal) === spellingOf(b.principal)
  );
}

/** The stretch of time for which one claim of its kind is kept. */
function spanOf(claim: Claim, isSlotted: boolean): string {
  if (isSlotted && isLogonTicket(claim)) return `ticket ${Math.floor(claim.at / TICKET_SLOT_MS)}`;
  if (isSlotted && isReadOfController(claim)) return `read ${Math.floor(claim.at / TICKET_SLOT_MS)}`;
  return claim.class === "C" ? `use ${Math.floor(claim.at / USAGE_BUCKET_MS)}` : "";
}

/** One way of writing a principal; different spellings are unified only when the key is evaluated. */
export function spellingOf(name: PrincipalName): string {
  return tokensOf(name).join("\u0001");
}

function bound(state: KindState, isSlotted: boolean): KindState {
  const indirect = state.claims
    .filter((claim) => claim.class === "D")
    .sort(newestFirst)
    .slice(0, MAX_INDIRECT);
  const byPrincipal = new Map<string, Claim[]>();
  for (const claim of state.claims) {
    if (claim.class === "D") continue;
    const spelling = spellingOf(claim.principal);
    const list = byPrincipal.get(spelling);
    if (list) list.push(claim);
    else byPrincipal.set(spelling, [claim]);
  }
  let floor = state.floor;
  const ranked = [...byPrincipal.values()].map((list) => list.sort(newestFirst));
  for (const list of ranked) for (const dropped of cut(list, isSlotted)) floor = Math.max(floor, dropped.at);
  ranked.sort((a, b) => compareHeads(a[0], b[0]));
  for (const list of ranked.splice(MAX_PRINCIPALS)) floor = Math.max(floor, list[0]?.at ?? 0);
  // Nothing at or below the floor counts again, also of those who stay: else order would matter.
  const claims = [...ranked.flat(), ...indirect].filter((claim) => claim.at > floor).sort(canonical);
  return { ...state, claims, floor };
}

/** Takes out of one principal's claims, newest first, what is beyond the bounds. */
function cut(list: Claim[], isSlotted: boolean): Claim[] {
  if (list.length <= MAX_STRONG) return [];
  const left = { ticket: MAX_SLOTS, read: MAX_SLOTS, use: MAX_USES, strong: MAX_STRONG };
  const dropped: Claim[] = [];
  const stays = list.filter((claim) => {
    const sort =
      isSlotted && isLogonTicket(claim)
        ? "ticket"
        : isSlotted && isReadOfController(claim)
          ? "read"
          : claim.class === "C"
            ? "use"
            : "strong";
    left[sort] -= 1;
    if (left[sort] < 0) dropped.push(claim);
    return left[sort] >= 0;
  });
  list.splice(0, list.length, ...stays);
  return dropped;
}

function compareHeads(a: Claim | undefined, b: Claim | undefined): number {
  return a && b ? newestFirst(a, b) : 0;
}

/** Newest first; equal times by id, so that "the newest" is one thing for everybody. */
function newestFirst(a: { at: EpochMs; id: string }, b: { at: EpochMs; id: string }): number {
  return b.at - a.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function canonical(a: Claim, b: Claim): number {
  return newestFirst(a, b);
}

/** Whether `end` voids `claim`: at or before it, and in its scope (the law, 1). */
export function voids(
  end: End,
  claim: Claim,
  samePrincipal: (a: PrincipalName, b: PrincipalName) => boolean,
): boolean {
  if (claim.at > end.at) return false;
  if (
    end.scope.principal === "named" &&
    end.principal !== null &&
    !samePrincipal(end.principal, claim.principal) &&
    !isNamedWithoutDomain(end.principal, claim.principal)
  )
    return false;
  const sameCorrelator = end.correlator !== null && end.correlator === claim.correlator;
  if (end.scope.family === "same" && end.family !== claim.family && !sameCorrelator) return false;
  // An end that names a session ends that one; a claim that names none may have been it.
  return end.correlator === null || claim.correlator === null || sameCorrelator;
}

/** An end that gives a name and no domain means whoever of that name is there: ending too much is safe, naming the wrong user is not. */
function isNamedWithoutDomain(ended: PrincipalName, claimed: PrincipalName): boolean {
  if (!ended.name || ended.domain || ended.sid || ended.upn) return false;
  const name = claimed.name ?? claimed.upn?.split("@")[0];
  return name?.toLowerCase() === ended.name.toLowerCase();
}

/** Every token under which the principals of this state may be known: for "whose sessions does this fact touch?". */
export function tokensOfState(state: KeyState): string[] {
  const tokens = new Set<string>();
  for (const kind of [state.user, state.device])
    for (const claim of kind.claims) for (const token of tokensOf(claim.principal)) tokens.add(token);
  return [...tokens];
}
