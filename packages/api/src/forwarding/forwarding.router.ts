import { removed } from "../directories/directories.schema.ts";
import { conflict, notFound, unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import {
  forwardingList,
  forwardingView,
  setForwardingInput,
  siteOfCustomerInput,
} from "./forwarding.schema.ts";
import { readForwardingViews } from "./forwarding-views.ts";
import { removeForwarding } from "./remove-forwarding.ts";
import { setForwarding } from "./set-forwarding.ts";

/** Where a site's Windows computers forward their events to: its agents, over HTTPS with client certificates. */
export const forwardingRouter = router({
  list: tenantProcedure("source:read")
    .output(forwardingList)
    .query(async ({ ctx }) => {
      const now = ctx.services.now();
      return ctx.run(async ({ tx, tenantId }) => {
        const items = await readForwardingViews(tx, { tenantId, siteId: null, now });
        const customer = await tx.customer.findUniqueOrThrow({
          where: { id: tenantId },
          select: { srxCaCertPem: true },
        });
        return { items, serverCaPem: customer.srxCaCertPem, asOf: new Date(now) };
      });
    }),

  set: tenantProcedure("source:write")
    .input(setForwardingInput)
    .output(forwardingView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await setForwarding(ctx, input);
      switch (outcome.kind) {
        case "set":
          return outcome.receiver;
        case "site-not-found":
        case "space-not-found":
          throw notFound();
        case "rule-on-and-off":
          throw unacceptable("rulesOn", `${outcome.rule} is switched on and off at once.`, "rule-on-and-off");
        case "changed-meanwhile":
          throw conflict(outcome.sentence, outcome.kind);
      }
    }),

  remove: tenantProcedure("source:write")
    .input(siteOfCustomerInput)
    .output(removed)
    .mutation(async ({ ctx, input }) => {
      const outcome = await removeForwarding(ctx, input.siteId);
      switch (outcome.kind) {
        case "removed":
          return { id: outcome.id };
        case "not-found":
          throw notFound();
      }
    }),
});
