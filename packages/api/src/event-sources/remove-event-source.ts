import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";

export type RemoveEventSourceOutcome = { readonly kind: "removed" } | { readonly kind: "not-found" };

/** Stops reading a log. Who it named stays until he expires. */
export async function removeEventSource(ctx: TenantContext, id: string): Promise<RemoveEventSourceOutcome> {
  return change(
    ctx,
    async ({ tx, tenantId, record, configurationChanged }): Promise<RemoveEventSourceOutcome> => {
      const where = { tenantId_id: { tenantId, id } };
      const before = await tx.eventSource.findUnique({ where });
      if (before === null) return { kind: "not-found" };
      await tx.eventSource.delete({ where });
      const { name, kind, host, channelPath } = before;
      record({
        action: "event-source.remove",
        object: { kind: "event-source", id, name },
        before: { name, kind, host, channelPath },
      });
      configurationChanged();
      return { kind: "removed" };
    },
  );
}
