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
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<UpdateSettingsOutcome> => {
      const stored = await storedSettings({ tx, tenantId });
      const before = settingsOf(stored);
      const after: CustomerSettings = {
        corroboration: changes.corroboration ?? before.corroboration,
        infrastructure: changes.infrastructure ?? before.infrastructure,
        eventRulesOff: changes.eventRulesOff ?? before.eventRulesOff,
        detection: { ...before.detection, ...changes.detection },
        pointDefaults: { ...before.pointDefaults, ...changes.pointDefaults },
        listenerTls: changes.listenerTls ?? before.listenerTls,
        legacyListener:
          changes.legacyListener === undefined
            ? before.legacyListener
            : legacyOf(changes.legacyListener, now),
      };
      if (after.detection.suppressServiceAccountAt < after.detection.suggestServiceAccountAt)
        return { kind: "thresholds-crossed" };
      const changed = difference<Record<string, unknown>>({ ...before }, { ...after });
      if (changed !== null) {
        const { legacyListener, ...fields } = after;
        const until = legacyListener?.until.getTime();
        const settings = JSON.parse(
          JSON.stringify({
            ...stored,
            ...pick(fields, changed.after),
            ...("legacyListener" in changed.after
              ? { legacyListener: legacyListener && { ...legacyListener, until } }
              : {}),
          }),
        );
        await tx.customer.update({ where: { id: tenantId }, data: { settings } });
        // Who owns an address may be another now: every address is due, as it is at an agent that takes up the setting.
        if (after.corroboration !== before.corroboration)
          await tx.session.updateMany({ where: { tenantId }, data: { nextChangeAt: new Date(0) } });
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

const DAY_MS = 86_400_000;

function legacyOf(
  asked: NonNullable<z.output<typeof updateSettingsInput>["changes"]["legacyListener"]> | null,
  now: Date,
): CustomerSettings["legacyListener"] {
  if (asked === null) return null;
  const { days, ...listener } = asked;
  return { ...listener, until: new Date(now.getTime() + days * DAY_MS) };
}

/** What was chosen, without what was not: a default that changes one day changes for those who never chose. */
function pick(
  fields: Readonly<Record<string, unknown>>,
  named: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name in named));
}
