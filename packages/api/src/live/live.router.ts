import { tracked } from "@trpc/server";
import { notFound } from "../refusals.ts";
import { grantedProcedure, router } from "../trpc.ts";
import { liveInput, liveStream, liveTick } from "./live.schema.ts";
import { audience, liveTicks } from "./live-ticks.ts";

/** One stream per browser: ticks that say "ask again", never data. */
export const liveRouter = router({
  changes: grantedProcedure("customer:list")
    .input(liveInput)
    .output(liveStream)
    .subscription(async function* ({ ctx, input, signal }) {
      const listening = await audience(ctx, input.customer ?? null);
      if (listening === null) throw notFound();
      const { stopping } = ctx.services;
      const ends = signal === undefined ? stopping : AbortSignal.any([signal, stopping]);
      const isResumed = input.lastEventId !== undefined && input.lastEventId !== null;
      for await (const { id, tick } of liveTicks(ctx, listening, { signal: ends, isResumed }))
        yield tracked(id, liveTick.parse(tick));
    }),
});
