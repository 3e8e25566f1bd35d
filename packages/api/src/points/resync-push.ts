import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";

export type ResyncPushOutcome =
  | { readonly kind: "asked" }
  | { readonly kind: "not-found" }
  | { readonly kind: "not-by-cloud" };

/** Asks the gateway that posts to a firewall to tell it everything anew; agents are asked with the command `push-resync`. */
export async function resyncPush(ctx: TenantContext, id: string): Promise<ResyncPushOutcome> {
  return change(ctx, async ({ tx, tenantId, now, record }): Promise<ResyncPushOutcome> => {
    const point = await tx.enforcementPoint.findUnique({
      where: { tenantId_id: { tenantId, id } },
      select: { name: true, push: true, pushFrom: true },
    });
    if (point === null) return { kind: "not-found" };
    if (point.push === null || point.pushFrom !== "cloud") return { kind: "not-by-cloud" };
    await tx.pushProgress.upsert({
      where: { tenantId_enforcementPointId: { tenantId, enforcementPointId: id } },
      create: { tenantId, enforcementPointId: id, resyncAskedAt: now },
      update: { resyncAskedAt: now },
    });
    record({
      action: "point.push.resync",
      object: { kind: "enforcement-point", id, name: point.name },
      after: { askedAt: now },
    });
    return { kind: "asked" };
  });
}
