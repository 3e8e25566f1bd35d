import type { TrackedEnvelope } from "@trpc/server";
import { z } from "zod";
import { slug } from "../input-fields.ts";

/** Without a customer: every customer the person may see. `lastEventId` is what the last tick was tracked with. */
export const liveInput = z.strictObject({
  customer: slug.optional(),
  lastEventId: z.string().max(100).nullish(),
});

/** Says that something changed, not what: the page asks again. At most two a second per customer. */
export const liveTick = z.object({
  topic: z.enum(["portal", "feed", "config", "commands"]),
  customer: slug,
  at: z.date(),
});

/** A stream of ticks, each with an id to resume from. Each tick is parsed with `liveTick` when it is yielded. */
export const liveStream = z.custom<AsyncIterable<TrackedEnvelope<z.infer<typeof liveTick>>, void>>(
  (value) => typeof value === "object" && value !== null && Symbol.asyncIterator in value,
);
