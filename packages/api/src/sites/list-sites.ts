import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import type { siteList } from "./sites.schema.ts";

export async function listSites(ctx: TenantContext): Promise<z.infer<typeof siteList>> {
  return ctx.run(async ({ tx, tenantId }) => {
    const sites = await tx.site.findMany({
      where: { tenantId },
      orderBy: { createdAt: "asc" },
      include: { _count: { select: { agents: { where: { state: "active" } } } } },
    });
    const addressSpaces = await tx.addressSpace.findMany({
      where: { tenantId },
      select: { id: true, name: true, isDefault: true },
      orderBy: [{ isDefault: "desc" }, { name: "asc" }],
    });
    return {
      items: sites.map(({ id, slug, name, timeZone, subnets, createdAt, _count }) => ({
        id,
        slug,
        name,
        timeZone,
        subnets,
        createdAt,
        agents: _count.agents,
      })),
      addressSpaces,
    };
  });
}
