import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";

export type RemoveSyslogSourceOutcome = { readonly kind: "removed" } | { readonly kind: "not-found" };

/** Removes a source and its rules. Sessions that it opened run out by themselves. */
export async function removeSyslogSource(ctx: TenantContext, id: string): Promise<RemoveSyslogSourceOutcome> {
  return change(
    ctx,
    async ({ tx, tenantId, record, configurationChanged }): Promise<RemoveSyslogSourceOutcome> => {
      const where = { tenantId_id: { tenantId, id } };
      const before = await tx.syslogSource.findUnique({ where });
      if (before === null) return { kind: "not-found" };
      await tx.syslogSource.delete({ where });
      const { name, senders, speaksFor, baseConfiguration } = before;
      record({
        action: "syslog-source.remove",
        object: { kind: "syslog-source", id, name },
        before: { name, senders, speaksFor, baseConfiguration },
      });
      configurationChanged();
      return { kind: "removed" };
    },
  );
}
