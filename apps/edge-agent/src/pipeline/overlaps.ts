import type { EnforcementPointConfig } from "@rollcall/agent-protocol";
import { createIpSet, parseIp, type SessionTable } from "@rollcall/identity-core";

export interface Overlap {
  readonly ip: string;
  readonly addressSpaceIds: string[];
}

/**
 * Addresses at which somebody is known in more than one address space of one firewall: it cannot tell them apart, so it
 * is told of neither.
 * Shape: at most `limit`, in the order of the table. Addresses that a firewall is not told of anyway are left out.
 * Source: semantics 1, "Key".
 */
export function overlapsThatMatter(
  table: Pick<SessionTable, "overlaps" | "entryOf">,
  points: readonly EnforcementPointConfig[],
  limit: number,
): Overlap[] {
  const readers = points
    .filter((point) => point.addressSpaceIds.length > 1)
    .map((point) => ({
      spaces: point.addressSpaceIds,
      include: createIpSet(point.includeIp),
      exclude: createIpSet(point.excludeIp),
      ipv6: point.ipv6,
    }));
  if (readers.length === 0) return [];
  const found: Overlap[] = [];
  for (const text of table.overlaps()) {
    if (found.length >= limit) break;
    const ip = parseIp(text);
    if (ip === null) continue;
    const spaces = new Set<string>();
    for (const reader of readers) {
      if (!reader.ipv6 && ip.includes(":")) continue;
      if (!reader.include.isEmpty && !reader.include.has(ip)) continue;
      if (!reader.exclude.isEmpty && reader.exclude.has(ip)) continue;
      const live = reader.spaces.filter((space) => {
        const entry = table.entryOf(space, ip);
        return entry !== null && (entry.user !== null || entry.device !== null);
      });
      if (live.length > 1) for (const space of live) spaces.add(space);
    }
    if (spaces.size > 0) found.push({ ip, addressSpaceIds: [...spaces].sort() });
  }
  return found;
}
