import { z } from "zod";

/**
 * Every kind of work that may be late: one queue each, named as the job. Payloads carry ids and facts, are parsed
 * on both sides, and a handler may run twice without harm.
 */
export const jobs = {
  /** Ends what has run out, over all tenants. */
  "expiry-sweep": { payload: z.object({}), attempts: 1 },
  /** Marks commands whose deadline has passed. */
  "command-expiry": { payload: z.object({}), attempts: 1 },
  /** Retention, pruning of feeds, the horizon of history partitions. */
  upkeep: { payload: z.object({}), attempts: 3 },
  /** Writes a tenant's audit chain into its row of `job`. Times are epoch ms, both inclusive. */
  "audit-export": {
    payload: z.object({
      tenantId: z.uuid(),
      jobId: z.uuid(),
      from: z.number().int().nullable().default(null),
      to: z.number().int().nullable().default(null),
      format: z.enum(["jsonl", "csv"]).default("jsonl"),
    }),
    attempts: 3,
  },
} as const;

export type JobName = keyof typeof jobs;
export type JobInput<N extends JobName> = z.input<(typeof jobs)[N]["payload"]>;
export type JobPayload<N extends JobName> = z.output<(typeof jobs)[N]["payload"]>;
