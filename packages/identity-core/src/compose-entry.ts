import type { Entry, EntryDevice, EntryUser } from "./entry.ts";
import type { Evaluation, Ownership } from "./evaluate-key.ts";
import type { KeyState } from "./key-state.ts";
import type { EpochMs } from "./observation.ts";
import type { PrincipalLookup } from "./principal-directory.ts";

const MAX_DOMAINS_SEEN = 8;

/**
 * Makes of an evaluation what a firewall may be told. The previous entry lends its memory: since when the same
 * person sits there, whom the address was last served with, and which domains it was served under.
 */
export function composeEntry(
  state: KeyState,
  evaluation: Evaluation,
  principals: PrincipalLookup,
  previous: Entry | null,
  revision: number,
  now: EpochMs,
): Entry {
  const user = evaluation.user.kind === "owned" ? userOf(evaluation.user, principals, previous) : null;
  const device =
    evaluation.device.kind === "owned" ? deviceOf(evaluation.device, principals, previous) : null;
  const lastUser = user
    ? null
    : previous?.user
      ? { domain: previous.user.domain, name: previous.user.name }
      : (previous?.lastUser ?? null);
  return {
    addressSpaceId: state.addressSpaceId,
    ip: state.ip,
    revision,
    changedAt: now,
    user,
    device,
    ...(evaluation.user.kind === "unknown" ? { unknownBecause: evaluation.user.because } : {}),
    ...(lastUser ? { lastUser } : {}),
    domainsSeen: remember(previous?.domainsSeen ?? [], [
      user?.domain,
      user?.netbiosDomain,
      device?.domain,
      device?.netbiosDomain,
    ]),
  };
}

function userOf(
  owned: Extract<Ownership, { kind: "owned" }>,
  principals: PrincipalLookup,
  previous: Entry | null,
): EntryUser {
  const { claim } = owned;
  const facts = principals.factsOf(owned.principalKey);
  const isSame = previous?.user?.principalKey === owned.principalKey;
  const written = splitName(claim.principal);
  return {
    principalKey: owned.principalKey,
    domain: (facts?.domain ?? written.domain).toLowerCase(),
    ...(facts?.netbiosDomain ? { netbiosDomain: facts.netbiosDomain.toLowerCase() } : {}),
    name: facts?.name ?? written.name,
    ...(facts?.upn ? { upn: facts.upn } : claim.principal.upn ? { upn: claim.principal.upn } : {}),
    ...(facts?.displayName ? { displayName: facts.displayName } : {}),
    groups: facts?.groups ?? [],
    since: isSame && previous?.user ? Math.min(previous.user.since, owned.since) : owned.since,
    lastSeenAt: owned.lastSeenAt,
    expiresAt: owned.expiresAt,
    class: claim.class,
    sourceId: claim.sourceId,
    sourceLabel: claim.sourceLabel ?? claim.sourceId,
    rule: claim.rule,
    observationId: claim.id,
  };
}

function deviceOf(
  owned: Extract<Ownership, { kind: "owned" }>,
  principals: PrincipalLookup,
  previous: Entry | null,
): EntryDevice {
  const facts = principals.factsOf(owned.principalKey);
  const written = splitName(owned.claim.principal);
  const isSame = previous?.device?.principalKey === owned.principalKey;
  return {
    principalKey: owned.principalKey,
    domain: (facts?.domain ?? written.domain).toLowerCase(),
    ...(facts?.netbiosDomain ? { netbiosDomain: facts.netbiosDomain.toLowerCase() } : {}),
    name: (facts?.name ?? written.name).replace(/\$$/, ""),
    groups: facts?.groups ?? [],
    since: isSame && previous?.device ? Math.min(previous.device.since, owned.since) : owned.since,
    expiresAt: owned.expiresAt,
    ...(facts?.device ?? {}),
    sourceId: owned.claim.sourceId,
  };
}

function splitName(principal: { name?: string; domain?: string; upn?: string; sid?: string }): {
  domain: string;
  name: string;
} {
  if (principal.name) return { domain: principal.domain ?? "", name: principal.name };
  const at = principal.upn?.lastIndexOf("@") ?? -1;
  if (principal.upn && at > 0)
    return { domain: principal.domain ?? principal.upn.slice(at + 1), name: principal.upn.slice(0, at) };
  return { domain: principal.domain ?? "", name: principal.upn ?? principal.sid ?? "" };
}

function remember(seen: readonly string[], domains: readonly (string | undefined)[]): readonly string[] {
  const fresh = domains.filter((domain): domain is string => domain !== undefined && domain !== "");
  if (fresh.every((domain) => seen.includes(domain))) return seen;
  return [...new Set([...fresh, ...seen])].slice(0, MAX_DOMAINS_SEEN);
}

/**
 * Whether a firewall would be told the same. A mere refresh (later expiry, later last seen, another source of the
 * same person) is no change; user, groups, device and the reason for nobody are.
 * `dark`: sources that cannot be heard. Whom one of them named may be kept from a reader, so it is a change when another
 * source takes over from one of them, or the other way round.
 */
export function sameEntry(a: Entry, b: Entry, dark: ReadonlySet<string> = NONE): boolean {
  if (
    dark.size > 0 &&
    (isDark(a.user, dark) !== isDark(b.user, dark) || isDark(a.device, dark) !== isDark(b.device, dark))
  )
    return false;
  return (
    a.addressSpaceId === b.addressSpaceId &&
    a.ip === b.ip &&
    a.unknownBecause === b.unknownBecause &&
    sameUser(a.user, b.user) &&
    sameDevice(a.device, b.device)
  );
}

const NONE: ReadonlySet<string> = new Set();

function isDark(one: { readonly sourceId?: string } | null, dark: ReadonlySet<string>): boolean {
  return one?.sourceId !== undefined && dark.has(one.sourceId);
}

function sameUser(a: EntryUser | null, b: EntryUser | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.principalKey === b.principalKey &&
    a.domain === b.domain &&
    a.name === b.name &&
    a.upn === b.upn &&
    a.displayName === b.displayName &&
    a.netbiosDomain === b.netbiosDomain &&
    sameList(a.groups, b.groups)
  );
}

function sameDevice(a: EntryDevice | null, b: EntryDevice | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.principalKey === b.principalKey &&
    a.domain === b.domain &&
    a.name === b.name &&
    a.os === b.os &&
    a.osVersion === b.osVersion &&
    a.category === b.category &&
    a.vendor === b.vendor &&
    a.model === b.model &&
    sameList(a.groups, b.groups)
  );
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((item, index) => item === b[index]));
}

export function isLive(entry: Entry): boolean {
  return entry.user !== null || entry.device !== null;
}
