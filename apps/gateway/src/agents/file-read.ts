import type { Database } from "@rollcall/db";
import type { DeviceRings } from "../process/device-rings.ts";

const TOKEN_ID = /^[\w-]{8,64}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * An agent that asks for a nonce names its token: so the portal can say "file read" before anything is enrolled.
 * It gives nothing away: the answer is the same for a token that exists and for one that does not.
 */
export async function noteFileRead(
  deps: { readonly database: Database; readonly rings: DeviceRings; readonly now: () => number },
  query: URLSearchParams,
): Promise<void> {
  const tokenId = query.get("token") ?? "";
  const tenantId = query.get("tenant") ?? "";
  if (!TOKEN_ID.test(tokenId) || !UUID.test(tenantId)) return;
  const noted = await deps.database.withTenant(tenantId, ({ tx }) =>
    tx.enrolmentToken.updateMany({
      where: { tenantId, id: tokenId, fileReadAt: null },
      data: { fileReadAt: new Date(deps.now()) },
    }),
  );
  if (noted.count > 0) deps.rings.portal(tenantId);
}
