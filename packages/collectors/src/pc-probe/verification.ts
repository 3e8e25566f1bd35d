import type { Claim, Entry, EpochMs, KeyState, Observation, PrincipalName } from "@rollcall/identity-core";
import { PROBE_SOURCE_ID } from "./probe-observations.ts";

/** How long a session whose time is over is still served while its computer is asked. */
export const VERIFYING_MS = 60_000;
/** Periods that a session may be held for a computer that is alive and cannot be asked. */
export const HOLDS_MAX = 2;

/**
 * A session that is about to end of itself.
 *
 * What prolongs it is an observation like any other: class D of the same person, one millisecond behind the newest that was
 * heard of him. So it opens nothing, decides nothing, moves his "last seen" by nothing that matters, and every end that
 * comes late for the session it prolongs ends it too. Agent and cloud apply the same law to it and need know no state.
 * Source: semantics 6; docs/adr/0026-verification-as-observations.md.
 */
export interface EndingSession {
  readonly addressSpaceId: string;
  readonly ip: Entry["ip"];
  readonly principal: PrincipalName;
  readonly claim: Claim;
  /** The newest that was heard of the person there, what prolonged the session before included. */
  readonly lastHeardAt: EpochMs;
  readonly expiresAt: EpochMs;
  /** Periods for which it was held already. */
  readonly holds: number;
  /** It is being verified already, here or by another agent. */
  readonly isVerifying: boolean;
}

const PROLONGED = /^probe:(verifying|hold)(?:-(\d))?$/;

/** The session that an entry names, as far as it can be verified; null where its claims are not there. */
export function endingSession(
  { addressSpaceId, ip, user }: Entry,
  state: KeyState,
  resolve: (name: PrincipalName) => string,
): EndingSession | null {
  if (user === null) return null;
  const claim = state.user.claims.find(({ id }) => id === user.observationId);
  if (claim === undefined) return null;
  let newest = claim;
  for (const one of state.user.claims)
    if (one.at > newest.at && resolve(one.principal) === user.principalKey) newest = one;
  const prolonged = newest.family === "probe" ? PROLONGED.exec(newest.rule) : null;
  return {
    addressSpaceId,
    ip,
    principal: claim.principal,
    claim,
    lastHeardAt: newest.at,
    expiresAt: user.expiresAt,
    holds: Number(prolonged?.[2] ?? 0),
    isVerifying: prolonged?.[1] === "verifying",
  };
}

/** Keeps the session for the minute in which its computer is asked. */
export function verifyingObservation(session: EndingSession, now: EpochMs): Observation {
  return prolonging(session, {
    rule: session.holds === 0 ? "probe:verifying" : `probe:verifying-${session.holds}`,
    at: session.lastHeardAt + 1,
    until: session.expiresAt + VERIFYING_MS,
    now,
  });
}

/** Keeps the session for one more of its periods: its computer is alive and cannot be asked. */
export function holdObservation(session: EndingSession, now: EpochMs): Observation {
  return prolonging(session, {
    rule: `probe:hold-${session.holds + 1}`,
    at: session.lastHeardAt + 2,
    until: session.expiresAt + session.claim.lifetimeMs,
    now,
  });
}

/**
 * Ends the session that could not be verified, at the moment up to which it was known: what is newer, even what comes late,
 * or another agent's answer, is not touched.
 */
export function unverifiedEnd(session: EndingSession, why: string, now: EpochMs): Observation {
  const rule = `probe:${why}`;
  return {
    ...identityOf(rule, session),
    sourceId: PROBE_SOURCE_ID,
    family: "probe",
    addressSpaceId: session.addressSpaceId,
    ip: session.ip,
    kind: "user",
    verb: "end",
    class: "A",
    effectiveAt: session.lastHeardAt + 1,
    receivedAt: now,
    lifetimeMs: VERIFYING_MS,
    principal: session.principal,
    correlator: null,
    endScope: { principal: "named", family: "any" },
    rule,
  };
}

function prolonging(
  session: EndingSession,
  {
    rule,
    at,
    until,
    now,
  }: { readonly rule: string; readonly at: EpochMs; readonly until: EpochMs; readonly now: EpochMs },
): Observation {
  return {
    ...identityOf(rule, session),
    sourceId: PROBE_SOURCE_ID,
    family: "probe",
    addressSpaceId: session.addressSpaceId,
    ip: session.ip,
    kind: "user",
    verb: "refresh",
    class: "D",
    effectiveAt: at,
    receivedAt: now,
    lifetimeMs: until - at,
    principal: session.principal,
    correlator: session.claim.correlator,
    rule,
  };
}

/** The same session about to end at the same moment gives every agent the same identity. */
function identityOf(
  rule: string,
  { claim, expiresAt, ip }: EndingSession,
): { readonly id: string; readonly recordId: string } {
  const follows = `${ip}|${expiresAt}|${claim.id.replaceAll("#", ".")}`;
  const recordId = `${rule}|${follows}`.slice(0, 190);
  return { id: `${recordId}#0`, recordId };
}
