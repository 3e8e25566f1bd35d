import { z } from "zod";
import { customerInput, displayName, ipRangeText, timeZone } from "../input-fields.ts";

export const site = z.object({
  id: z.uuid(),
  slug: z.string(),
  name: z.string(),
  timeZone: z.string(),
  subnets: z.array(z.string()),
  agents: z.number().int(),
  createdAt: z.date(),
});
export const siteList = z.object({
  items: z.array(site),
  /** Routing domains of the customer; one by default. */
  addressSpaces: z.array(z.object({ id: z.uuid(), name: z.string(), isDefault: z.boolean() })),
});

export const addSiteInput = customerInput.extend({
  name: displayName,
  timeZone: timeZone.default("UTC"),
  subnets: z.array(ipRangeText).max(200).default([]),
});
