import type { TenantHandle } from "@rollcall/db";

export type PlacesOutcome =
  | { readonly kind: "found"; readonly addressSpaceIds: string[] }
  | { readonly kind: "site-not-found" }
  | { readonly kind: "space-not-found" };

/**
 * Checks that the site and the address spaces that a point names are this tenant's. The list of spaces is an array
 * column without a foreign key, so that this check is the wall. An empty list means the customer's default space.
 */
export async function findPlaces(
  { tx, tenantId }: { readonly tx: TenantHandle["tx"]; readonly tenantId: string },
  wanted: { readonly siteId: string | null; readonly addressSpaceIds: readonly string[] },
): Promise<PlacesOutcome> {
  if (wanted.siteId !== null) {
    const site = await tx.site.findUnique({
      where: { tenantId_id: { tenantId, id: wanted.siteId } },
      select: { id: true },
    });
    if (site === null) return { kind: "site-not-found" };
  }
  const spaces = await tx.addressSpace.findMany({
    where: { tenantId },
    select: { id: true, isDefault: true },
  });
  const chosen = [...new Set(wanted.addressSpaceIds)];
  if (chosen.some((id) => !spaces.some((space) => space.id === id))) return { kind: "space-not-found" };
  if (chosen.length > 0) return { kind: "found", addressSpaceIds: chosen };
  return {
    kind: "found",
    addressSpaceIds: spaces.filter((space) => space.isDefault).map((space) => space.id),
  };
}
