import { removed } from "../directories/directories.schema.ts";
import { objectInput } from "../input-fields.ts";
import { notFound, unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { addMark, removeMark, updateMark } from "./change-marks.ts";
import { readMarks } from "./mark-rows.ts";
import { addMarkInput, markList, markView, updateMarkInput } from "./marks.schema.ts";

/** Addresses with more than one person behind them: shared hosts and translated networks. */
export const marksRouter = router({
  list: tenantProcedure("filter:read")
    .output(markList)
    .query(({ ctx }) =>
      ctx.run(async ({ tx, tenantId }) => ({ items: await readMarks(tx, { tenantId, id: null }) })),
    ),

  add: tenantProcedure("filter:write")
    .input(addMarkInput)
    .output(markView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await addMark(ctx, input);
      switch (outcome.kind) {
        case "added":
          return outcome.mark;
        case "space-not-found":
          throw notFound();
        case "bad-mark":
          throw unacceptable(outcome.field, outcome.sentence, "bad-mark");
      }
    }),

  update: tenantProcedure("filter:write")
    .input(updateMarkInput)
    .output(markView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await updateMark(ctx, input);
      switch (outcome.kind) {
        case "updated":
          return outcome.mark;
        case "not-found":
          throw notFound();
        case "bad-mark":
          throw unacceptable(`changes.${outcome.field}`, outcome.sentence, "bad-mark");
      }
    }),

  remove: tenantProcedure("filter:write")
    .input(objectInput)
    .output(removed)
    .mutation(async ({ ctx, input }) => {
      const outcome = await removeMark(ctx, input.id);
      switch (outcome.kind) {
        case "removed":
          return { id: input.id };
        case "not-found":
          throw notFound();
      }
    }),
});
