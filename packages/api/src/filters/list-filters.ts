import type { TenantHandle } from "@rollcall/db";
import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import { FILTER_KINDS, type filterList, type filterView } from "./filters.schema.ts";

type FilterRow = NonNullable<Awaited<ReturnType<TenantHandle["tx"]["filter"]["findFirst"]>>>;

export async function listFilters(ctx: TenantContext): Promise<z.infer<typeof filterList>> {
  const rows = await ctx.run(({ tx, tenantId }) =>
    tx.filter.findMany({ where: { tenantId }, orderBy: [{ kind: "asc" }, { createdAt: "asc" }], take: 1000 }),
  );
  return { items: rows.map(filterViewOf) };
}

export function filterViewOf(row: FilterRow): z.infer<typeof filterView> {
  const kind = FILTER_KINDS.find((one) => one === row.kind);
  if (kind === undefined) throw new Error(`read filter ${row.id}: "${row.kind}" is no kind of filter`);
  const { id, value, domain, note, enabled, createdAt } = row;
  return { id, kind, value, domain, note, enabled, createdAt };
}
