import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";

export type RemovePointOutcome = { readonly kind: "removed" } | { readonly kind: "not-found" };

/** Removes a firewall with its secrets, tokens and contacts: from the next question on it is not answered. */
export async function removePoint(ctx: TenantContext, id: string): Promise<RemovePointOutcome> {
  return change(ctx, async ({ tx, tenantId, record, configurationChanged }): Promise<RemovePointOutcome> => {
    const where = { tenantId_id: { tenantId, id } };
    const before = await tx.enforcementPoint.findUnique({ where });
    if (before === null) return { kind: "not-found" };
    await tx.enforcementToken.deleteMany({ where: { tenantId, enforcementPointId: id } });
    await tx.enforcementContact.deleteMany({ where: { tenantId, enforcementPointId: id } });
    await tx.clientDirectory.deleteMany({ where: { tenantId, enforcementPointId: id } });
    await tx.enforcementPoint.delete({ where });
    if (before.pushSecretId !== null)
      await tx.sealedSecret.delete({ where: { tenantId_id: { tenantId, id: before.pushSecretId } } });
    const { name, clientId, sourceAddresses, domains, includeIp, excludeIp } = before;
    record({
      action: "point.remove",
      object: { kind: "enforcement-point", id, name },
      before: { name, clientId, sourceAddresses, domains, includeIp, excludeIp },
    });
    configurationChanged();
    return { kind: "removed" };
  });
}
