import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import type { auditExportInput, startedJob } from "./audit.schema.ts";

/** Starts a job that writes the chain into a file. That somebody exported it is an entry of its own. */
export async function exportAudit(
  ctx: TenantContext,
  { from, to, format }: z.output<typeof auditExportInput>,
): Promise<z.infer<typeof startedJob>> {
  const jobId = randomUUID();
  const tenantId = ctx.tenant.id;
  await change(ctx, async ({ tx, now, record }) => {
    await tx.job.create({
      data: { tenantId, id: jobId, kind: "audit-export", createdById: ctx.principal.userId, createdAt: now },
    });
    record({
      action: "audit.export",
      object: { kind: "job", id: jobId, name: "audit export" },
      after: { from: from ?? null, to: to ?? null, format },
    });
  });
  const times = { from: from?.getTime() ?? null, to: to?.getTime() ?? null };
  try {
    await ctx.services.queues.enqueue("audit-export", { tenantId, jobId, ...times, format }, { id: jobId });
  } catch (cause) {
    await ctx.run(({ tx }) =>
      tx.job.update({
        where: { tenantId_id: { tenantId, id: jobId } },
        data: {
          state: "failed",
          message: "The queue did not take it. Try again.",
          finishedAt: new Date(ctx.services.now()),
        },
      }),
    );
    throw new Error("enqueue the audit export", { cause });
  }
  return { jobId };
}
