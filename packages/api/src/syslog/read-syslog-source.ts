import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import type { syslogSourceDetail } from "./syslog.schema.ts";
import { readSyslogViews } from "./syslog-views.ts";

/** One source with its sequences; null where there is none of that id. */
export async function readSyslogSource(
  ctx: TenantContext,
  id: string,
): Promise<z.infer<typeof syslogSourceDetail> | null> {
  const now = ctx.services.now();
  const [source] = await ctx.run(({ tx, tenantId }) => readSyslogViews(tx, { tenantId, id, now }));
  return source ?? null;
}
