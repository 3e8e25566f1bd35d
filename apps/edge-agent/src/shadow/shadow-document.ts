import { z } from "zod";
import { DIFFERENCE_KINDS } from "./compare-tables.ts";

export const SHADOW_SCHEMA = "rollcall.shadow/v1";

const at = z.number().int();

/** What the status says of a comparison; no person's name or address is in it. */
export const shadowSummary = z.object({
  state: z.enum(["waiting", "comparing", "failing"]),
  sentence: z.string(),
  url: z.string(),
  /** Of the last comparison; null before the first. */
  comparedAt: at.nullable(),
  same: z.number().int(),
  differences: z.record(z.enum(DIFFERENCE_KINDS), z.number().int()),
  /** Differences younger than a minute: one side is only ahead of the other. */
  settling: z.number().int(),
});
export type ShadowSummary = z.infer<typeof shadowSummary>;

const difference = z.object({
  ip: z.string(),
  kind: z.enum(DIFFERENCE_KINDS),
  here: z.string(),
  there: z.string(),
  source: z.string(),
  since: at,
});

/** How the two tables differ: for those who may ask who is where. */
export const shadowDocument = shadowSummary.extend({
  schema: z.literal(SHADOW_SCHEMA),
  at,
  here: z.number().int(),
  there: z.number().int(),
  /** Part of all addresses known on either side at which both say the same, 0 to 1; null where there are none. */
  agreement: z.number().nullable(),
  pulledAt: at.nullable(),
  rejected: z.number().int(),
  kinds: z.array(
    z.object({
      kind: z.enum(DIFFERENCE_KINDS),
      /** Without those that are settling. */
      count: z.number().int(),
      settling: z.number().int(),
      oldestSince: at.nullable(),
      meaning: z.string(),
      /** The other server's sources of these, the most frequent first. */
      sources: z.array(z.object({ source: z.string(), count: z.number().int() })),
      examples: z.array(difference.extend({ explanation: z.array(z.string()) })),
    }),
  ),
  /** All of them, where they were asked for; cut at 200,000. */
  all: z.array(difference).optional(),
});
export type ShadowDocument = z.infer<typeof shadowDocument>;
