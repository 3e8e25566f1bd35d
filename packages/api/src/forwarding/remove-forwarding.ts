import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";

export type RemoveForwardingOutcome =
  | { readonly kind: "removed"; readonly id: string }
  | { readonly kind: "not-found" };

/** Agents stop listening for a site's computers; these keep what they would have sent, as long as their logs hold it. */
export async function removeForwarding(ctx: TenantContext, siteId: string): Promise<RemoveForwardingOutcome> {
  return change(
    ctx,
    async ({ tx, tenantId, record, configurationChanged }): Promise<RemoveForwardingOutcome> => {
      const where = { tenantId_siteId: { tenantId, siteId } };
      const before = await tx.wefReceiver.findUnique({
        where,
        include: { site: { select: { name: true } } },
      });
      if (before === null) return { kind: "not-found" };
      await tx.wefReceiver.delete({ where });
      const { id, name, host, port } = before;
      record({
        action: "forwarding.remove",
        object: { kind: "forwarding", id, name: `${name}, ${before.site.name}` },
        before: { host, port },
      });
      configurationChanged();
      return { kind: "removed", id };
    },
  );
}
