import { z } from "zod";

/** What a customer's administrators are handed: files to save, and what is to be said beside them. No secret is in it. */
export const handoverView = z.object({
  site: z.object({ id: z.uuid(), name: z.string() }),
  files: z.array(z.object({ name: z.string(), text: z.string() })),
  openings: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      protocol: z.enum(["TCP", "UDP", "TCP and UDP"]),
      ports: z.string(),
      why: z.string(),
    }),
  ),
  notes: z.array(z.string()),
  asOf: z.date(),
});
