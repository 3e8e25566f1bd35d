import { removed } from "../directories/directories.schema.ts";
import { objectInput } from "../input-fields.ts";
import { notFound, unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { addHostMark, removeHostMark, updateHostMark } from "./change-host-marks.ts";
import { readHostMarks } from "./host-mark-rows.ts";
import { addHostMarkInput, hostMarkList, hostMarkView, updateHostMarkInput } from "./marks.schema.ts";

/** Computers that are shared hosts by where their accounts stand in a directory. */
export const hostMarksRouter = router({
  list: tenantProcedure("filter:read")
    .output(hostMarkList)
    .query(({ ctx }) =>
      ctx.run(async ({ tx, tenantId }) => ({ items: await readHostMarks(tx, { tenantId, id: null }) })),
    ),

  add: tenantProcedure("filter:write")
    .input(addHostMarkInput)
    .output(hostMarkView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await addHostMark(ctx, input);
      switch (outcome.kind) {
        case "added":
          return outcome.mark;
        case "bad-mark":
          throw unacceptable(outcome.field, outcome.sentence, "bad-mark");
      }
    }),

  update: tenantProcedure("filter:write")
    .input(updateHostMarkInput)
    .output(hostMarkView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await updateHostMark(ctx, input);
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
      const outcome = await removeHostMark(ctx, input.id);
      switch (outcome.kind) {
        case "removed":
          return { id: input.id };
        case "not-found":
          throw notFound();
      }
    }),
});
