import { removed } from "../directories/directories.schema.ts";
import { objectInput } from "../input-fields.ts";
import { notFound, unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { addFilter, removeFilter, updateFilter } from "./change-filters.ts";
import { addFilterInput, filterList, filterView, updateFilterInput } from "./filters.schema.ts";
import { listFilters } from "./list-filters.ts";

/** What is kept or dropped at receipt, and which groups firewalls are told. */
export const filtersRouter = router({
  list: tenantProcedure("filter:read")
    .output(filterList)
    .query(({ ctx }) => listFilters(ctx)),

  add: tenantProcedure("filter:write")
    .input(addFilterInput)
    .output(filterView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await addFilter(ctx, input);
      switch (outcome.kind) {
        case "added":
          return outcome.filter;
        case "bad-value":
          throw unacceptable("value", outcome.sentence, "bad-value");
      }
    }),

  update: tenantProcedure("filter:write")
    .input(updateFilterInput)
    .output(filterView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await updateFilter(ctx, input);
      switch (outcome.kind) {
        case "updated":
          return outcome.filter;
        case "not-found":
          throw notFound();
        case "bad-value":
          throw unacceptable("changes.value", outcome.sentence, "bad-value");
      }
    }),

  remove: tenantProcedure("filter:write")
    .input(objectInput)
    .output(removed)
    .mutation(async ({ ctx, input }) => {
      const outcome = await removeFilter(ctx, input.id);
      switch (outcome.kind) {
        case "removed":
          return { id: input.id };
        case "not-found":
          throw notFound();
      }
    }),
});
