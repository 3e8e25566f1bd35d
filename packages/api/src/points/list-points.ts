import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import { readPointFacts } from "./point-rows.ts";
import type { pointList } from "./points.schema.ts";

export async function listPoints(ctx: TenantContext): Promise<z.infer<typeof pointList>> {
  const now = ctx.services.now();
  const { points } = await ctx.run(({ tx, tenantId }) => readPointFacts(tx, { tenantId, id: null, now }));
  return { items: points.map((point) => point.row), asOf: new Date(now) };
}
