import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import type { directoryList } from "./directories.schema.ts";
import { readDirectoryViews } from "./directory-views.ts";

export async function listDirectories(ctx: TenantContext): Promise<z.infer<typeof directoryList>> {
  const now = ctx.services.now();
  const items = await ctx.run(({ tx, tenantId }) => readDirectoryViews(tx, { tenantId, id: null, now }));
  return { items, asOf: new Date(now) };
}
