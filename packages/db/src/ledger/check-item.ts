import { createHash } from "node:crypto";
import { type Observation, type PrincipalFacts, parseIp } from "@rollcall/identity-core";
import { isStorableText, storableText } from "../storable-text.ts";
import type { LedgerItem } from "./ledger-types.ts";

/** Times outside are no times of a logon, and the database's range is finite. 2000-01-01 and 2100-01-01. */
const TIME_MS_MIN = 946_684_800_000;
const TIME_MS_MAX = 4_102_444_800_000;
const LIFETIME_MS_MAX = 1440 * 60_000;

/** Why an item cannot be taken, or null when it can. What the wire's schema cannot know is checked here. */
export function faultOf(item: LedgerItem, addressSpaceIds: ReadonlySet<string>): string | null {
  if (item.kind === "unreadable") return item.reason;
  if (item.kind === "principal") return faultOfFacts(item.facts);
  return faultOfObservation(item.observation, addressSpaceIds);
}

function faultOfObservation(observation: Observation, addressSpaceIds: ReadonlySet<string>): string | null {
  if (!addressSpaceIds.has(observation.addressSpaceId)) return "address space: not one of this customer";
  if (parseIp(observation.ip) !== observation.ip) return "ip: not an address in its canonical form";
  for (const name of ["effectiveAt", "receivedAt"] as const) {
    const at = observation[name];
    if (!Number.isSafeInteger(at) || at < TIME_MS_MIN || at > TIME_MS_MAX)
      return `${name}: not a time between 2000 and 2100`;
  }
  if (observation.effectiveAt > observation.receivedAt + 5000)
    return "effectiveAt: later than it was received";
  if (observation.lifetimeMs < 1 || observation.lifetimeMs > LIFETIME_MS_MAX)
    return "lifetimeMs: not between 1 ms and 1440 min";
  if (
    observation.principal === null &&
    !(observation.verb === "end" && observation.endScope?.principal === "any")
  )
    return "principal: missing";
  return isStorable(observation) ? null : "text: holds a NUL or half a surrogate pair";
}

function faultOfFacts(facts: PrincipalFacts): string | null {
  if (facts.key === "") return "key: empty";
  if (!Number.isSafeInteger(facts.asOf) || facts.asOf < TIME_MS_MIN || facts.asOf > TIME_MS_MAX)
    return "asOf: not a time between 2000 and 2100";
  return isStorable(facts) ? null : "text: holds a NUL or half a surrogate pair";
}

/** Postgres takes neither NUL nor half a surrogate pair in text or JSON. */
function isStorable(value: unknown): boolean {
  if (typeof value === "string") return isStorableText(value);
  if (Array.isArray(value)) return value.every(isStorable);
  if (value !== null && typeof value === "object")
    return Object.entries(value).every(([key, member]) => isStorable(key) && isStorable(member));
  return true;
}

const MAX_LETTER_BYTES = 16_384;

/** An item as it is kept among the dead letters: whole where it can be, else what the database can hold of it. */
export function letterOf(item: LedgerItem): string {
  const value = item.kind === "unreadable" ? item.item : item;
  const text = JSON.stringify(storable(value)) ?? "null";
  return text.length <= MAX_LETTER_BYTES
    ? text
    : JSON.stringify({ cut: storableText(text.slice(0, MAX_LETTER_BYTES)) });
}

function storable(value: unknown, depth = 0): unknown {
  if (depth > 8) return "…";
  if (typeof value === "string") return storableText(value);
  if (Array.isArray(value)) return value.map((member) => storable(member, depth + 1));
  if (value !== null && typeof value === "object")
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [storable(key), storable(member, depth + 1)]),
    );
  return value;
}

/**
 * What two deliveries of one record must agree in. Left out is what the one who delivers adds (receive time, and with
 * it the effective time of a record without a clock, lifetime, class and label, which follow his configuration).
 */
export function bodyHash(observation: Observation): string {
  const { principal } = observation;
  const body = [
    observation.family,
    observation.addressSpaceId,
    observation.ip,
    observation.kind,
    observation.verb,
    principal && [
      principal.sid ?? null,
      principal.name ?? null,
      principal.domain ?? null,
      principal.upn ?? null,
    ],
    observation.correlator,
  ];
  return createHash("sha256").update(JSON.stringify(body)).digest("base64url").slice(0, 22);
}
