import type { IpAddress } from "@rollcall/identity-core";
import type { TenantHandle } from "../database.ts";

/**
 * By which of the customer's rules for computers the one is a shared host that is at an address, as agents said last; null: by
 * none, or no computer is known there. The rule may be gone since.
 */
export async function hostMarkAt(
  { tx, tenantId }: Pick<TenantHandle, "tx" | "tenantId">,
  { addressSpaceId, ip }: { readonly addressSpaceId: string; readonly ip: IpAddress },
): Promise<string | null> {
  const session = await tx.session.findUnique({
    where: { tenantId_addressSpaceId_ip: { tenantId, addressSpaceId, ip } },
    select: { entry: true },
  });
  const key = textIn(fieldIn(session?.entry, "device"), "principalKey");
  if (key === null) return null;
  const known = await tx.principalFact.findUnique({
    where: { tenantId_key: { tenantId, key } },
    select: { facts: true },
  });
  return textIn(known?.facts, "hostMarkId");
}

/** JSON columns are input too: what does not fit is as if it were not there. */
function fieldIn(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function textIn(value: unknown, name: string): string | null {
  const field = fieldIn(value, name);
  return typeof field === "string" ? field : null;
}
