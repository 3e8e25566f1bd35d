import { router, tenantProcedure } from "../trpc.ts";
import { auditExportInput, auditListInput, auditPage, startedJob } from "./audit.schema.ts";
import { exportAudit } from "./export-audit.ts";
import { listAudit } from "./list-audit.ts";

/** Who did what. Append-only and hash-chained; an export can be checked by anybody with `audit-verify`. */
export const auditRouter = router({
  list: tenantProcedure("audit:read")
    .input(auditListInput)
    .output(auditPage)
    .query(({ ctx, input }) => listAudit(ctx, input)),

  export: tenantProcedure("audit:export", "costly")
    .input(auditExportInput)
    .output(startedJob)
    .mutation(({ ctx, input }) => exportAudit(ctx, input)),
});
