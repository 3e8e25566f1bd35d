import { z } from "zod";
import { ruleIds } from "../event-sources/event-sources.schema.ts";
import { customerInput, ipRangeText } from "../input-fields.ts";
import { darkMinutes, whenSourcesDark } from "../points/points.schema.ts";

const account = z.string().trim().min(1).max(256);

/** The shape is `settings.detection` of the site's configuration. */
const detection = z.strictObject({
  mode: z.enum(["off", "detect", "on"]),
  suggestServiceAccountAt: z.number().int().min(3).max(1000),
  suppressServiceAccountAt: z.number().int().min(5).max(10_000),
  multiUserAt: z.number().int().min(2).max(100),
  natAt: z.number().int().min(2).max(100),
  /** Accounts (`name` or `domain\name`) that are never taken for service accounts. */
  exempt: z.array(account).max(100),
  /** People connected to one host by remote desktop at the same time. */
  remoteDesktopAt: z.number().int().min(2).max(100),
  /** Groups (`name` or `domain\name`) whose members are never taken for service accounts. */
  exemptGroups: z.array(account).max(100),
  /** Days from the first agent of a site on in which service accounts are suggested only, whatever the mode is. */
  learnDays: z.number().int().min(0).max(90),
});

/** No longer: who needs it still must say so again. The agent holds to it too. */
export const LEGACY_DAYS_MAX = 90;
/**
 * A listener of its own for firewalls that speak nothing newer than TLS 1.0 or 1.1, at every agent.
 * `until` in the past: it has switched itself off.
 */
const legacyListener = z.strictObject({
  until: z.date(),
  sources: z.array(ipRangeText).min(1).max(50),
  port: z.number().int().min(1).max(65_535),
});

export const customerSettings = z.strictObject({
  corroboration: z.enum(["off", "detect", "on"]),
  /** Addresses of domain controllers, Exchange servers, proxies and firewalls: no logon is ever placed there. */
  infrastructure: z.array(ipRangeText).max(500),
  /** Event rules that no source of the customer obeys, whatever it says itself. */
  eventRulesOff: ruleIds,
  detection,
  /** What a new firewall gets where nobody chooses. */
  pointDefaults: z.strictObject({ whenSourcesDark, darkMinutes }),
  /** How the agents' firewall listener speaks TLS. */
  listenerTls: z.enum(["modern", "compat"]),
  /** Null: it is off. */
  legacyListener: legacyListener.nullable(),
});
export type CustomerSettings = z.infer<typeof customerSettings>;

export const updateSettingsInput = customerInput.extend({
  changes: z.strictObject({
    corroboration: customerSettings.shape.corroboration.optional(),
    infrastructure: customerSettings.shape.infrastructure.optional(),
    eventRulesOff: customerSettings.shape.eventRulesOff.optional(),
    detection: detection.partial().optional(),
    pointDefaults: customerSettings.shape.pointDefaults.partial().optional(),
    listenerTls: customerSettings.shape.listenerTls.optional(),
    legacyListener: legacyListener
      .omit({ until: true })
      .extend({
        days: z.number().int().min(1).max(LEGACY_DAYS_MAX),
        port: legacyListener.shape.port.default(8446),
      })
      .nullable()
      .optional(),
  }),
});

export const settingsView = z.object({
  settings: customerSettings,
  asOf: z.date(),
});

/** What corroboration would have changed among the newest addresses that a ticket request names. */
export const corroborationPreview = z.object({
  looked: z.number().int(),
  changed: z.number().int(),
  examples: z.array(
    z.object({ ip: z.string(), addressSpaceId: z.string(), is: z.string(), would: z.string() }),
  ),
  asOf: z.date(),
});
