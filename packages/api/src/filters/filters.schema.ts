import { z } from "zod";
import { customerInput, objectInput, uuid } from "../input-fields.ts";

export const FILTER_KINDS = [
  "ip-include",
  "ip-exclude",
  "principal-exclude",
  "dn-exclude",
  "group-include",
] as const;

/** `value` is a range for the ip kinds, else a pattern in RE2 syntax. `domain` narrows `group-include` only. */
export const filterFields = z.strictObject({
  kind: z.enum(FILTER_KINDS),
  value: z.string().trim().min(1).max(1000),
  domain: z.string().trim().max(255).nullable().default(null),
  note: z.string().trim().max(200).default(""),
  enabled: z.boolean().default(true),
});

export const addFilterInput = customerInput.extend(filterFields.shape);
export const updateFilterInput = objectInput.extend({
  changes: z.strictObject({
    value: z.string().trim().min(1).max(1000).optional(),
    domain: z.string().trim().max(255).nullable().optional(),
    note: z.string().trim().max(200).optional(),
    enabled: z.boolean().optional(),
  }),
});

export const filterView = filterFields.extend({ id: uuid, createdAt: z.date() }).strip();
export const filterList = z.object({ items: z.array(filterView) });
