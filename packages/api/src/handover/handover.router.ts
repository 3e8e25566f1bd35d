import { siteOfCustomerInput } from "../forwarding/forwarding.schema.ts";
import { notFound } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { handoverView } from "./handover.schema.ts";
import { readHandover } from "./read-handover.ts";

/** The pack for the administrators of a customer's Active Directory and network. */
export const handoverRouter = router({
  get: tenantProcedure("source:read")
    .input(siteOfCustomerInput)
    .output(handoverView)
    .query(async ({ ctx, input }) => {
      const outcome = await readHandover(ctx, input.siteId);
      switch (outcome.kind) {
        case "made":
          return outcome.pack;
        case "site-not-found":
          throw notFound();
      }
    }),
});
