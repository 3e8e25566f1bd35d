import { z } from "zod";

export const SETUP_STEPS = [
  "file-made",
  "file-read",
  "connected",
  "source-answering",
  "first-person",
  "first-firewall",
] as const;

/** Ticks come from data, never from clicks. */
export const setupView = z.object({
  steps: z.array(
    z.object({
      key: z.enum(SETUP_STEPS),
      /** `current` is the first that is not done; `failed` is current and says why it does not go on. */
      state: z.enum(["done", "current", "failed", "waiting"]),
      sentence: z.string(),
      at: z.date().nullable(),
    }),
  ),
  startedAt: z.date(),
  /** When the last step was done. */
  doneAt: z.date().nullable(),
  /** "HQ-FW1 was told: MERIDIAN\ana at 10.20.31.77, group Finance"; null without the right to see people. */
  firstTold: z
    .object({
      at: z.date(),
      firewall: z.string(),
      ip: z.string(),
      user: z.string().nullable(),
      domain: z.string().nullable(),
      groups: z.array(z.string()),
    })
    .nullable(),
  /** What stands already, so that the page offers the next thing to add. */
  has: z.object({
    sites: z.array(z.object({ id: z.uuid(), name: z.string() })),
    enrolments: z.number().int(),
    agents: z.number().int(),
    directories: z.number().int(),
    syslogSources: z.number().int(),
    eventSources: z.number().int(),
    enforcementPoints: z.number().int(),
  }),
  asOf: z.date(),
});
