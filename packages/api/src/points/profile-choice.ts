import type { TenantHandle } from "@rollcall/db";
import { builtInProfile } from "@rollcall/srx-protocol";

interface Place {
  readonly tx: TenantHandle["tx"];
  readonly tenantId: string;
}

/** The name of a profile that this tenant's firewalls may be answered by: a built-in one, or one of its own; null: there is none. */
export async function profileName({ tx, tenantId }: Place, id: string): Promise<string | null> {
  const builtIn = builtInProfile(id);
  if (builtIn !== null) return builtIn.name;
  // The column takes ids only: anything else would be a fault of the database, not an answer.
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return null;
  const own = await tx.srxProfile.findUnique({
    where: { tenantId_id: { tenantId, id } },
    select: { name: true },
  });
  return own?.name ?? null;
}
