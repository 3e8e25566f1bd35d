import type { TenantHandle } from "@rollcall/db";
import { createIpSet, parseIp } from "@rollcall/identity-core";
import type { z } from "zod";
import type { overlapList } from "./sessions.schema.ts";

type Overlap = z.infer<typeof overlapList>["items"][number];

const OVERLAPS_MAX = 200;

/**
 * Addresses at which somebody is known in more than one address space of one firewall. A firewall has one table: it
 * cannot tell the two apart, so neither is served.
 *
 * Shape: by address, at most 200, without those that the firewall is not told of anyway; `isComplete` says whether that
 *        is all. Nothing is looked for where no firewall is told of more than one space, as it is at most customers.
 */
export async function findOverlaps(
  { tx, tenantId }: Pick<TenantHandle, "tx" | "tenantId">,
  now: Date,
): Promise<{ items: Overlap[]; isComplete: boolean }> {
  const points = await tx.enforcementPoint.findMany({
    where: { tenantId, enabled: true },
    select: { id: true, name: true, addressSpaceIds: true, includeIp: true, excludeIp: true, ipv6: true },
    orderBy: { name: "asc" },
  });
  const mixed = points
    .filter((point) => new Set(point.addressSpaceIds).size > 1)
    .map((point) => ({ ...point, isTold: toldOf(point) }));
  if (mixed.length === 0) return { items: [], isComplete: true };
  const wanted = [...new Set(mixed.flatMap((point) => point.addressSpaceIds))];
  const rows = await tx.$queryRaw<{ ip: string; spaces: string[] }[]>`
    SELECT ip, array_agg(address_space_id::text ORDER BY address_space_id) AS spaces
    FROM session
    WHERE tenant_id = ${tenantId}::uuid AND address_space_id = ANY(${wanted}::uuid[])
      AND is_live AND (expires_at IS NULL OR expires_at > ${now}::timestamptz)
    GROUP BY ip HAVING count(*) > 1
    ORDER BY ip::inet`;
  const names = new Map(
    (await tx.addressSpace.findMany({ where: { tenantId }, select: { id: true, name: true } })).map(
      ({ id, name }) => [id, name],
    ),
  );
  const overlaps = rows.flatMap(({ ip, spaces }): Overlap[] => {
    const told = mixed.filter(
      (point) =>
        point.isTold(ip) && spaces.filter((space) => point.addressSpaceIds.includes(space)).length > 1,
    );
    if (told.length === 0) return [];
    return [
      {
        ip,
        addressSpaces: spaces.map((id) => ({ id, name: names.get(id) ?? "" })),
        firewalls: told.map(({ id, name }) => ({ id, name })),
      },
    ];
  });
  return { items: overlaps.slice(0, OVERLAPS_MAX), isComplete: overlaps.length <= OVERLAPS_MAX };
}

/** Whether a firewall's own filter lets an address through. */
function toldOf(point: {
  readonly includeIp: readonly string[];
  readonly excludeIp: readonly string[];
  readonly ipv6: boolean;
}): (text: string) => boolean {
  const include = createIpSet(point.includeIp);
  const exclude = createIpSet(point.excludeIp);
  return (text) => {
    const ip = parseIp(text);
    if (ip === null || (!point.ipv6 && ip.includes(":"))) return false;
    return (include.isEmpty || include.has(ip)) && !exclude.has(ip);
  };
}
