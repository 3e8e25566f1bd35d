import { isLive } from "./compose-entry.ts";
import type { Entry, EntryFilter } from "./entry.ts";
import { createIpSet, type IpSet } from "./ip-range.ts";

/** A filter made ready for many entries. */
export interface CompiledFilter {
  readonly wantsSpace: (addressSpaceId: string) => boolean;
  /** What the reader may see of this entry: itself, a tombstone where it saw more before, or null: nothing. */
  project(entry: Entry): Entry | null;
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
  const made: CompiledFilter = {
    wantsSpace,
    project(entry) {
      if (!wantsSpace(entry.addressSpaceId) || includesNothing) return null;
      if (!filter.ipv6 && entry.ip.includes(":")) return null;
      if (!include.isEmpty && !include.has(entry.ip)) return null;
      if (!exclude.isEmpty && exclude.has(entry.ip)) return null;
      if (domains.size === 0) return entry;
      const user = entry.user && isOf(entry.user) ? entry.user : null;
      const device = entry.device && isOf(entry.device) ? entry.device : null;
      if (user === entry.user && device === entry.device && isLive(entry)) return entry;
      const sawBefore = entry.domainsSeen.some((domain) => domains.has(domain));
      if (user === null && device === null && !sawBefore) return null;
      const { lastUser, ...rest } = entry;
      const mayNameLast = lastUser !== undefined && sawBefore;
      return {
        ...rest,
        user,
        device,
        ...(user === null ? { unknownBecause: entry.user ? "suppressed" : entry.unknownBecause } : {}),
        ...(mayNameLast ? { lastUser } : {}),
        domainsSeen: entry.domainsSeen.filter((domain) => domains.has(domain)),
      };
    },
  };
  compiled.set(filter, made);
  return made;
}
