import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import type { syslogSourceList } from "./syslog.schema.ts";
import { readSyslogViews } from "./syslog-views.ts";

export async function listSyslogSources(ctx: TenantContext): Promise<z.infer<typeof syslogSourceList>> {
  const now = ctx.services.now();
  const items = await ctx.run(({ tx, tenantId }) => readSyslogViews(tx, { tenantId, id: null, now }));
  return { items, asOf: new Date(now) };
}
