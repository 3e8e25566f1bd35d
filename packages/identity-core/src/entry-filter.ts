import { isLive } from "./compose-entry.ts";
import type { Entry, EntryFilter, FormerFilter } from "./entry.ts";
import { createIpSet, type IpSet } from "./ip-range.ts";

/** A filter made ready for many entries. */
export interface CompiledFilter {
  readonly wantsSpace: (addressSpaceId: string) => boolean;
  /** What the reader may see of this entry: itself, a tombstone where it saw more before, or null: nothing. */
  project(entry: Entry): Entry | null;
  /** The end of an entry that `project` keeps from the reader and that a former filter showed; null: none showed it. */
  readonly takeBack: ((entry: Entry) => Entry | null) | null;
  /** Whether a former filter showed IPv6 addresses. */
  readonly takesBackIpv6: boolean;
}

const compiled = new WeakMap<EntryFilter, CompiledFilter>();

/** Compiles once per filter object; the same object gives the same compiled filter. */
export function compileFilter(filter: EntryFilter): CompiledFilter {
  const known = compiled.get(filter);
  if (known) return known;
  const spaces = new Set(filter.addressSpaceIds);
  const domains = new Set(filter.domains.map((domain) => domain.toLowerCase()));
  const include: IpSet = createIpSet(filter.includeIp);
  const exclude: IpSet = createIpSet(filter.excludeIp);
  // An include list in which nothing could be read must not mean "everything".
  const includesNothing = filter.includeIp.length > 0 && include.isEmpty;
  const isOf = (one: { domain: string; netbiosDomain?: string }) =>
    domains.has(one.domain) || (one.netbiosDomain !== undefined && domains.has(one.netbiosDomain));
  const wantsSpace = (id: string) => spaces.size === 0 || spaces.has(id);
  const dark = new Set(filter.darkSourceIds ?? []);
  const isDark = (one: { sourceId?: string } | null) => one?.sourceId !== undefined && dark.has(one.sourceId);
  const formerly = filter.formerly ?? [];
  const made: CompiledFilter = {
    wantsSpace,
    takeBack: formerly.length === 0 ? null : (entry) => endOf(entry, formerly),
    takesBackIpv6: formerly.some((former) => former.filter.ipv6),
    project(entry) {
      if (!wantsSpace(entry.addressSpaceId) || includesNothing) return null;
      if (!filter.ipv6 && entry.ip.includes(":")) return null;
      if (!include.isEmpty && !include.has(entry.ip)) return null;
      if (!exclude.isEmpty && exclude.has(entry.ip)) return null;
      const heard = dark.size === 0 ? entry : withoutDark(entry, isDark);
      if (domains.size === 0) return heard;
      const user = heard.user && isOf(heard.user) ? heard.user : null;
      const device = heard.device && isOf(heard.device) ? heard.device : null;
      if (user === heard.user && device === heard.device && isLive(heard)) return heard;
      const sawBefore = entry.domainsSeen.some((domain) => domains.has(domain));
      if (user === null && device === null && !sawBefore) return null;
      const { lastUser, ...rest } = heard;
      const mayNameLast = lastUser !== undefined && sawBefore;
      return {
        ...rest,
        user,
        device,
        ...(user === null ? { unknownBecause: heard.user ? "suppressed" : heard.unknownBecause } : {}),
        ...(mayNameLast ? { lastUser } : {}),
        domainsSeen: entry.domainsSeen.filter((domain) => domains.has(domain)),
      };
    },
  };
  compiled.set(filter, made);
  return made;
}

function endOf(entry: Entry, formerly: readonly FormerFilter[]): Entry | null {
  for (const { filter, until } of formerly) {
    const shown = compileFilter(filter).project(entry);
    if (shown === null) continue;
    const { lastUser, unknownBecause = "suppressed", user, ...rest } = shown;
    const gone = user ?? (entry.changedAt <= until ? lastUser : undefined);
    const isNamed = gone !== undefined && (user === null || user.since <= until);
    return {
      ...rest,
      user: null,
      device: null,
      unknownBecause,
      ...(isNamed ? { lastUser: { domain: gone.domain, name: gone.name } } : {}),
    };
  }
  return null;
}

/** The entry without whom a dark source named: nobody, and whose session that ends for the reader. */
function withoutDark(entry: Entry, isDark: (one: { sourceId?: string } | null) => boolean): Entry {
  const noUser = isDark(entry.user);
  const noDevice = isDark(entry.device);
  if (!noUser && !noDevice) return entry;
  return {
    ...entry,
    ...(noUser && entry.user
      ? {
          user: null,
          unknownBecause: "source-dark",
          lastUser: { domain: entry.user.domain, name: entry.user.name },
        }
      : {}),
    ...(noDevice ? { device: null } : {}),
  };
}

/** Which part of a filter keeps an entry from its reader. */
export type KeptFromReader =
  | "address-space"
  | "ipv6"
  | "include-ip"
  | "exclude-ip"
  | "domain"
  | "source-dark";

/**
 * Says why a reader is not told of whom an entry names; null: it is told.
 * Shape: the first reason, in the order in which the filter is applied. An entry without a user is judged by its device.
 */
export function whyKeptFrom(entry: Entry, filter: EntryFilter): KeptFromReader | null {
  if (filter.addressSpaceIds.length > 0 && !filter.addressSpaceIds.includes(entry.addressSpaceId))
    return "address-space";
  if (!filter.ipv6 && entry.ip.includes(":")) return "ipv6";
  if (filter.includeIp.length > 0 && !createIpSet(filter.includeIp).has(entry.ip)) return "include-ip";
  if (createIpSet(filter.excludeIp).has(entry.ip)) return "exclude-ip";
  const shown = compileFilter(filter).project(entry);
  if (entry.user !== null ? shown?.user : (shown?.device ?? !isLive(entry))) return null;
  return filter.darkSourceIds?.includes((entry.user ?? entry.device)?.sourceId ?? "")
    ? "source-dark"
    : "domain";
}
