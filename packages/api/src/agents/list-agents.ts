import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import { readAgents, type SiteRecord } from "../facts/read-facts.ts";
import { agentRowOf } from "./agent-rows.ts";
import type { agentList } from "./agents.schema.ts";

export async function listAgents(ctx: TenantContext): Promise<z.infer<typeof agentList>> {
  const now = ctx.services.now();
  return ctx.run(async ({ tx, tenantId }) => {
    const agents = await readAgents(tx, tenantId);
    const sites = await readSites(tx, tenantId);
    const configVersion = await readConfigVersion(tx, tenantId);
    return {
      items: agents.map((agent) => agentRowOf(agent, { sites, configVersion, now })),
      asOf: new Date(now),
    };
  });
}

type Tx = Parameters<typeof readAgents>[0];

export async function readSites(tx: Tx, tenantId: string): Promise<SiteRecord[]> {
  return tx.site.findMany({
    where: { tenantId },
    select: { id: true, slug: true, name: true },
    orderBy: { createdAt: "asc" },
  });
}

export async function readConfigVersion(tx: Tx, tenantId: string): Promise<number> {
  const customer = await tx.customer.findUniqueOrThrow({
    where: { id: tenantId },
    select: { configVersion: true },
  });
  return customer.configVersion;
}
