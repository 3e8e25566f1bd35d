import type { Database } from "@rollcall/db";
import type { DeviceRings } from "./device-rings.ts";

/**
 * Ends secrets whose overlap while rotating is over, so that agents are told: an agent's configuration says which
 * secrets are valid, and time alone would not give it a new version. Gives how many ended.
 */
export async function retireExpiredSecrets(
  deps: { readonly database: Database; readonly rings: DeviceRings; readonly now: () => number },
  tenantId: string,
): Promise<number> {
  const now = new Date(deps.now());
  const ended = await deps.database.withTenant(tenantId, async (handle) => {
    const { tx } = handle;
    const rows = await tx.enforcementSecret.updateManyAndReturn({
      where: { tenantId, revokedAt: null, expiresAt: { lte: now } },
      data: { revokedAt: now },
      include: { point: { select: { id: true, name: true } } },
    });
    if (rows.length === 0) return 0;
    await tx.customer.update({ where: { id: tenantId }, data: { configVersion: { increment: 1 } } });
    for (const { id, point } of rows)
      handle.audit({
        actor: { kind: "system", id: null, name: "Rollcall" },
        action: "point.secret-expire",
        object: { kind: "enforcement-point", id: point.id, name: point.name },
        result: "done",
        detail: { after: { secret: id } },
      });
    return rows.length;
  });
  if (ended > 0) {
    deps.rings.config(tenantId);
    deps.rings.portal(tenantId);
  }
  return ended;
}
