import type { Claim, KindState } from "./key-state.ts";
import type { EpochMs } from "./observation.ts";

/** Whether a Kerberos ticket needs a second sign to count as a logon: no, only shown, or yes. */
export type Corroboration = "off" | "detect" | "on";

/**
 * The rule of observations made from event 4768: a ticket-granting ticket was issued.
 * Source: the session law, docs/protocol/session-law.md, "Corroboration".
 */
export const LOGON_TICKET_RULE = "event:4768";

/**
 * Rules of observations that say "this person read a domain controller from there", which an interactive logon does
 * to process policy: a network logon (4624 type 3) *on a controller*, and a service ticket (4769) for `cifs` or `ldap`
 * *of a controller*. Other service tickets have the rule "event:4769" and corroborate nothing.
 */
export const CONTROLLER_READ_RULES: readonly string[] = ["event:4624-3", "event:4769-dc"];

/** The read follows the ticket within this time. */
export const CORROBORATION_MS = 120_000;
/** And may be written so much before it: two controllers have two clocks. */
const CLOCK_SLACK_MS = 5_000;
/**
 * Tickets of one person, and reads, are kept one for each such slot, by the time of the newest and of the oldest in it.
 * Because a slot is no longer than the window, those two times decide exactly whether any in it was corroborated.
 */
export const TICKET_SLOT_MS = CORROBORATION_MS;

export function isLogonTicket(claim: Claim): boolean {
  return claim.rule === LOGON_TICKET_RULE && claim.class === "B";
}

/** A read that came by a channel too weak to be believed (class D) supports nothing. */
export function isReadOfController(claim: Claim): boolean {
  return claim.class === "C" && CONTROLLER_READ_RULES.includes(claim.rule);
}

/** Of these the oldest and the newest of each slot are kept. */
export function isKeptBySlot(claim: Claim): boolean {
  return isLogonTicket(claim) || isReadOfController(claim);
}

/**
 * The tickets that nothing supports: no read of a controller by the same principal within two minutes.
 *
 * Shape:  claims of `state`, by identity; a function of what is kept, whatever order it came in.
 * Units:  epoch ms of effective times.
 */
export function uncorroborated(state: KindState, keyOf: (claim: Claim) => string): ReadonlySet<Claim> {
  const tickets = state.claims.filter(isLogonTicket);
  if (tickets.length === 0) return NONE;
  const readsByKey = new Map<string, EpochMs[]>();
  for (const claim of state.claims) {
    if (!isReadOfController(claim)) continue;
    const key = keyOf(claim);
    const times = readsByKey.get(key);
    if (times) times.push(...endsOf(claim, state.floor));
    else readsByKey.set(key, [...endsOf(claim, state.floor)]);
  }
  for (const times of readsByKey.values()) times.sort((a, b) => a - b);
  const bare = new Set<Claim>();
  for (const ticket of tickets) {
    const reads = readsByKey.get(keyOf(ticket)) ?? [];
    const isSupported = endsOf(ticket, state.floor).some((issuedAt) => {
      const readAt = firstFrom(reads, issuedAt - CLOCK_SLACK_MS);
      return readAt !== null && readAt <= issuedAt + CORROBORATION_MS;
    });
    if (!isSupported) bare.add(ticket);
  }
  return bare;
}

/** The first of sorted times that is not before `from`. */
function firstFrom(times: readonly EpochMs[], from: EpochMs): EpochMs | null {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return times[low] ?? null;
}

const NONE: ReadonlySet<Claim> = new Set();

/** The oldest and the newest time in the claim's slot. Where the floor cuts the slot, the oldest depends on what came first and is not used. */
function endsOf(claim: Claim, floor: EpochMs): readonly EpochMs[] {
  const slotBegins = Math.floor(claim.at / TICKET_SLOT_MS) * TICKET_SLOT_MS;
  return slotBegins <= floor || claim.firstAt === claim.at ? [claim.at] : [claim.firstAt, claim.at];
}
