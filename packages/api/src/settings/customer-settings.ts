import { LEARN_DAYS, siteConfig } from "@rollcall/agent-protocol";
import type { TenantHandle } from "@rollcall/db";
import { z } from "zod";
import { type CustomerSettings, customerSettings } from "./settings.schema.ts";

/** As the site's configuration has it: an instant in epoch ms. */
const storedLegacy = z
  .object({ until: z.number().int(), sources: z.array(z.string()), port: z.number().int() })
  .transform(({ until, ...listener }) => ({ ...listener, until: new Date(until) }))
  .nullable();

interface Place {
  readonly tx: TenantHandle["tx"];
  readonly tenantId: string;
}

/**
 * What holds for the whole customer, with the defaults of the agents' configuration where nothing was chosen.
 * A stored value that a later version does not allow any more is as if it had not been chosen.
 */
export async function readSettings(place: Place): Promise<CustomerSettings> {
  return settingsOf(await storedSettings(place));
}

/** The column as it is: it holds settings of other pages too. */
export async function storedSettings({ tx, tenantId }: Place): Promise<Record<string, unknown>> {
  const { settings } = await tx.customer.findUniqueOrThrow({
    where: { id: tenantId },
    select: { settings: true },
  });
  return recordOf(settings);
}

export function settingsOf(stored: Readonly<Record<string, unknown>>): CustomerSettings {
  const { corroboration, infrastructure, eventRulesOff, ...defaults } = siteConfig.shape.settings.parse({});
  const detection = { ...defaults.detection, learnDays: LEARN_DAYS };
  const { shape } = customerSettings;
  return {
    corroboration: shape.corroboration.catch(corroboration).parse(stored.corroboration),
    infrastructure: shape.infrastructure.catch(infrastructure).parse(stored.infrastructure),
    eventRulesOff: shape.eventRulesOff.catch(eventRulesOff).parse(stored.eventRulesOff),
    detection: shape.detection.catch(detection).parse({ ...detection, ...recordOf(stored.detection) }),
    pointDefaults: shape.pointDefaults
      .catch({ whenSourcesDark: "shorten", darkMinutes: 30 })
      .parse(stored.pointDefaults),
    listenerTls: shape.listenerTls.catch("compat").parse(stored.listenerTls),
    legacyListener: storedLegacy.catch(null).parse(stored.legacyListener ?? null),
  };
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
