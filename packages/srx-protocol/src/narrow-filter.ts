import type { EntryFilter } from "@rollcall/identity-core";
import { formatIp } from "@rollcall/identity-core/ip-address";
import { type IpRange, parseIpRange } from "@rollcall/identity-core/ip-range";
import { hash32 } from "./cursor.ts";
import type { RequestFilter } from "./filters.ts";

/** `nothing`: the two filters have nothing in common; an empty list in an `EntryFilter` would mean the opposite. */
export type NarrowedFilter =
  | { readonly kind: "filter"; readonly filter: EntryFilter }
  | { readonly kind: "nothing" };

/**
 * Narrows what a point may see by what its firewall asks to be limited to. It can only narrow.
 *
 * Shape:  where both name domains or addresses, what both contain. Excluded addresses add up. A NetBIOS name and a DNS name that
 *         begins with it are taken for the same domain; the DNS name stays.
 * Source: session law, filters (14).
 */
export function narrowFilter(point: EntryFilter, request: RequestFilter): NarrowedFilter {
  if (request.domains.length + request.includeIp.length + request.excludeIp.length === 0) {
    return { kind: "filter", filter: point };
  }
  const domains = both(point.domains, request.domains, commonDomains);
  const includeIp = both(point.includeIp, request.includeIp, commonRanges);
  if (domains === null || includeIp === null) return { kind: "nothing" };
  return {
    kind: "filter",
    filter: { ...point, domains, includeIp, excludeIp: [...point.excludeIp, ...request.excludeIp] },
  };
}

/** A number that differs when anything differs that decides what is seen; order and repeats do not matter. */
export function filterHash(point: EntryFilter, request: RequestFilter): number {
  const sorted = (texts: readonly string[]): string[] =>
    [...new Set(texts.map((text) => text.toLowerCase()))].sort();
  const canonical = [
    sorted(point.addressSpaceIds),
    sorted(point.domains),
    sorted(point.includeIp),
    sorted(point.excludeIp),
    point.ipv6,
    sorted(request.domains),
    sorted(request.includeIp),
    sorted(request.excludeIp),
    // Only where there are any: a cursor of a quiet day stays good.
    ...(point.darkSourceIds?.length ? [["dark", ...sorted(point.darkSourceIds)]] : []),
  ];
  return hash32(JSON.stringify(canonical));
}

function both(
  ours: readonly string[],
  theirs: readonly string[],
  common: (ours: readonly string[], theirs: readonly string[]) => readonly string[],
): readonly string[] | null {
  if (ours.length === 0) return theirs;
  if (theirs.length === 0) return ours;
  const shared = common(ours, theirs);
  return shared.length === 0 ? null : shared;
}

function commonDomains(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const shared = new Set<string>();
  for (const our of ours) {
    for (const their of theirs) {
      const [a, b] = [our.toLowerCase(), their.toLowerCase()];
      if (a === b || isDnsNameOf(a, b)) shared.add(a);
      else if (isDnsNameOf(b, a)) shared.add(b);
    }
  }
  return [...shared];
}

/** A NetBIOS name has no dot: `corp.example.net` is no subdomain of `corp.example`, and not the same domain either. */
function isDnsNameOf(dns: string, netbios: string): boolean {
  return !netbios.includes(".") && dns.startsWith(`${netbios}.`);
}

function commonRanges(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const ourRanges = readable(ours);
  return readable(theirs).flatMap((their) =>
    ourRanges.flatMap((our) => {
      const shared = overlap(our, their);
      return shared === null ? [] : [spell(shared)];
    }),
  );
}

function readable(texts: readonly string[]): readonly IpRange[] {
  return texts.flatMap((text) => parseIpRange(text) ?? []);
}

function overlap(a: IpRange, b: IpRange): IpRange | null {
  if (a.family === 4 && b.family === 4) {
    const [first, last] = [Math.max(a.first, b.first), Math.min(a.last, b.last)];
    return first <= last ? { family: 4, first, last } : null;
  }
  if (a.family === 6 && b.family === 6) {
    const first = a.first > b.first ? a.first : b.first;
    const last = a.last < b.last ? a.last : b.last;
    return first <= last ? { family: 6, first, last } : null;
  }
  return null;
}

function spell(range: IpRange): string {
  return range.family === 4
    ? `${formatIp({ family: 4, value: range.first })}-${formatIp({ family: 4, value: range.last })}`
    : `${formatIp({ family: 6, value: range.first })}-${formatIp({ family: 6, value: range.last })}`;
}
