import type { TenantHandle } from "@rollcall/db";
import type { IpAddress } from "@rollcall/identity-core";

export interface FoundAddress {
  readonly space: { readonly id: string; readonly name: string };
  /** Entry and key state as they are stored; null: no source has ever spoken of the address there. */
  readonly row: { readonly entry: unknown; readonly state: unknown } | null;
}

/** What is stored of an address, in the space asked for or else the customer's default one. Null where there is no such space. */
export async function findAddress(
  { tx, tenantId }: Pick<TenantHandle, "tx" | "tenantId">,
  { ip, addressSpaceId }: { readonly ip: IpAddress; readonly addressSpaceId: string | undefined },
): Promise<FoundAddress | null> {
  const space = await tx.addressSpace.findFirst({
    where: { tenantId, ...(addressSpaceId === undefined ? { isDefault: true } : { id: addressSpaceId }) },
    select: { id: true, name: true },
  });
  if (space === null) return null;
  const row = await tx.session.findUnique({
    where: { tenantId_addressSpaceId_ip: { tenantId, addressSpaceId: space.id, ip } },
    select: { entry: true, state: true },
  });
  return { space, row };
}
