import type { z } from "zod";
import { change, difference } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { settingsOf, storedSettings } from "./customer-settings.ts";
import type { CustomerSettings, updateSettingsInput } from "./settings.schema.ts";

export type UpdateSettingsOutcome =
  | { readonly kind: "updated"; readonly settings: CustomerSettings }
  | { readonly kind: "thresholds-crossed" };

/** Changes what is named and leaves the rest, also settings that this page does not know. */
export async function updateSettings(
  ctx: TenantContext,
  { changes }: z.output<typeof updateSettingsInput>,
): Promise<UpdateSettingsOutcome> {
  return change(
    ctx,
    async ({ tx, tenantId, record, configurationChanged }): Promise<UpdateSettingsOutcome> => {
      const stored = await storedSettings({ tx, tenantId });
      const before = settingsOf(stored);
      const after: CustomerSettings = {
        corroboration: changes.corroboration ?? before.corroboration,
        detection: { ...before.detection, ...changes.detection },
        pointDefaults: { ...before.pointDefaults, ...changes.pointDefaults },
        listenerTls: changes.listenerTls ?? before.listenerTls,
      };
      if (after.detection.suppressServiceAccountAt < after.detection.suggestServiceAccountAt)
        return { kind: "thresholds-crossed" };
      const changed = difference<Record<string, unknown>>({ ...before }, { ...after });
      if (changed !== null) {
        const settings = JSON.parse(JSON.stringify({ ...stored, ...changed.after }));
        await tx.customer.update({ where: { id: tenantId }, data: { settings } });
        record({
          action: "customer.settings",
          object: { kind: "customer", id: tenantId, name: ctx.tenant.name },
          ...changed,
        });
        configurationChanged();
      }
      return { kind: "updated", settings: after };
    },
  );
}
