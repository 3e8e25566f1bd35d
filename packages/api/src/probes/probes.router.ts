import { removed } from "../directories/directories.schema.ts";
import { siteOfCustomerInput } from "../forwarding/forwarding.schema.ts";
import { conflict, notFound, unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { readProbeViews } from "./probe-views.ts";
import { probeList, probeView, setProbeInput } from "./probes.schema.ts";
import { removeProbe } from "./remove-probe.ts";
import { setProbe } from "./set-probe.ts";

/** Asking Windows computers who sits at them. Off at every site until somebody switches it on there. */
export const probesRouter = router({
  list: tenantProcedure("source:read")
    .output(probeList)
    .query(async ({ ctx }) => {
      const now = ctx.services.now();
      const items = await ctx.run(({ tx, tenantId }) => readProbeViews(tx, { tenantId, siteId: null, now }));
      return { items, asOf: new Date(now) };
    }),

  set: tenantProcedure("source:write")
    .input(setProbeInput)
    .output(probeView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await setProbe(ctx, input);
      switch (outcome.kind) {
        case "set":
          return outcome.probe;
        case "site-not-found":
        case "space-not-found":
        case "credential-not-found":
          throw notFound();
        case "asks-nowhere":
          throw unacceptable(
            "include",
            "Say which addresses may be asked: without any, nothing is asked.",
            "asks-nowhere",
          );
        case "asks-as-nobody":
          throw unacceptable(
            "credentialIds",
            "Choose a login to ask with: without any, nobody is asked.",
            "asks-as-nobody",
          );
        case "changed-meanwhile":
          throw conflict(outcome.sentence, outcome.kind);
      }
    }),

  remove: tenantProcedure("source:write")
    .input(siteOfCustomerInput)
    .output(removed)
    .mutation(async ({ ctx, input }) => {
      const outcome = await removeProbe(ctx, input.siteId);
      switch (outcome.kind) {
        case "removed":
          return { id: input.siteId };
        case "not-found":
          throw notFound();
      }
    }),
});
