import { unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { addSite } from "./add-site.ts";
import { listSites } from "./list-sites.ts";
import { addSiteInput, site, siteList } from "./sites.schema.ts";

export const sitesRouter = router({
  list: tenantProcedure("customer:read")
    .output(siteList)
    .query(({ ctx }) => listSites(ctx)),

  add: tenantProcedure("site:write")
    .input(addSiteInput)
    .output(site)
    .mutation(async ({ ctx, input }) => {
      const outcome = await addSite(ctx, input);
      switch (outcome.kind) {
        case "added":
          return outcome.site;
        case "name-taken":
          throw unacceptable("name", `There is a site "${input.name}" already.`, "name-taken");
      }
    }),
});
