import { z } from "zod";
import { chain, linkState } from "../chain.schema.ts";
import { cursor, displayName, hostText, slug, timeZone } from "../input-fields.ts";

export const customerListInput = z
  .strictObject({
    /** Part of the name, slug or domain. */
    search: z.string().trim().max(100).default(""),
    states: z.array(linkState).max(7).default([]),
    limit: z.number().int().min(1).max(500).default(200),
    cursor,
  })
  .prefault({});

export const customerRow = z.object({
  slug,
  name: z.string(),
  hue: z.number().int(),
  adDomain: z.string().nullable(),
  chain,
  sites: z.number().int(),
  agents: z.object({ ok: z.number().int(), all: z.number().int() }),
  firewalls: z.object({ ok: z.number().int(), all: z.number().int() }),
  /** Live addresses with a person. */
  peopleNow: z.number().int(),
  /** The newest word from any agent. */
  lastWordAt: z.date().nullable(),
  setup: z.object({ done: z.number().int(), of: z.number().int() }),
  createdAt: z.date(),
});
/** Worst first. `failed` names customers that did not answer; their rows are missing. */
export const customerPage = z.object({
  items: z.array(customerRow),
  failed: z.array(z.object({ slug, name: z.string() })),
  total: z.number().int(),
  next: z.string().nullable(),
  asOf: z.date(),
});

export const addCustomerInput = z.strictObject({
  name: displayName,
  adDomain: hostText.optional(),
  /** Made from the name where absent. */
  slug: slug.optional(),
  siteName: displayName.default("Main site"),
  timeZone: timeZone.default("UTC"),
});
export const addedCustomer = z.object({ slug, name: z.string(), siteId: z.uuid() });

export const customerOverview = z.object({
  customer: z.object({
    slug,
    name: z.string(),
    hue: z.number().int(),
    adDomain: z.string().nullable(),
    timeZone: z.string(),
    confidentiality: z.string(),
    createdAt: z.date(),
  }),
  chain,
  counts: z.object({
    sites: z.number().int(),
    agents: z.number().int(),
    directories: z.number().int(),
    syslogSources: z.number().int(),
    eventSources: z.number().int(),
    credentials: z.number().int(),
    enforcementPoints: z.number().int(),
    filters: z.number().int(),
    profiles: z.number().int(),
    /** What detection found and nobody has decided on; 0 without the right to see people. */
    openSuggestions: z.number().int(),
    /** Live addresses with a person, with a device, and those where nobody is known any more. */
    people: z.number().int(),
    devices: z.number().int(),
    unknownAddresses: z.number().int(),
  }),
  setup: z.object({ done: z.number().int(), of: z.number().int() }),
  configVersion: z.number().int(),
  lastWordAt: z.date().nullable(),
  /** The newest audited changes; empty for those who may not read the audit log. */
  recentChanges: z.array(
    z.object({ at: z.date(), actor: z.string(), action: z.string(), object: z.string() }),
  ),
  /** What the person asking may do here. */
  may: z.array(z.string()),
  asOf: z.date(),
});
