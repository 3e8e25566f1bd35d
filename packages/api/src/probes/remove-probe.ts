import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";

export type RemoveProbeOutcome = { readonly kind: "removed" } | { readonly kind: "not-found" };

/** Nobody at a site is asked any more. */
export async function removeProbe(ctx: TenantContext, siteId: string): Promise<RemoveProbeOutcome> {
  return change(ctx, async ({ tx, tenantId, record, configurationChanged }): Promise<RemoveProbeOutcome> => {
    const where = { tenantId_siteId: { tenantId, siteId } };
    const before = await tx.pcProbe.findUnique({ where, include: { site: { select: { name: true } } } });
    if (before === null) return { kind: "not-found" };
    await tx.pcProbe.delete({ where });
    record({
      action: "probe.remove",
      object: { kind: "probe", id: siteId, name: `PC probe, ${before.site.name}` },
      before: { enabled: before.enabled, include: before.include, exclude: before.exclude },
    });
    configurationChanged();
    return { kind: "removed" };
  });
}
