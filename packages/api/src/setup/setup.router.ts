import { router, tenantProcedure } from "../trpc.ts";
import { readSetup } from "./read-setup.ts";
import { setupView } from "./setup.schema.ts";

/** How far a new customer has come, told by data. */
export const setupRouter = router({
  get: tenantProcedure("customer:read")
    .output(setupView)
    .query(({ ctx }) => readSetup(ctx)),
});
