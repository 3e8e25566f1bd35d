import type { z } from "zod";
import { siteOf } from "../agents/agent-rows.ts";
import type { unknownSenderList } from "../agents/agents.schema.ts";
import { readSites } from "../agents/list-agents.ts";
import type { TenantContext } from "../context.ts";
import { readAgents } from "../facts/read-facts.ts";

/** Who sends to an agent and is not on its list, newest first. Raw lines only for those who may see them. */
export async function listUnknownSenders(ctx: TenantContext): Promise<z.infer<typeof unknownSenderList>> {
  const now = ctx.services.now();
  const maySeeLines = ctx.permissions.has("source:lines");
  return ctx.run(async ({ tx, tenantId }) => {
    const agents = await readAgents(tx, tenantId);
    const sites = await readSites(tx, tenantId);
    const items = agents
      .filter((agent) => agent.state === "active")
      .flatMap((agent) =>
        (agent.report?.health.unknownSenders ?? []).map(({ lastAt, sample, ...sender }) => ({
          ...sender,
          agent: { id: agent.id, name: agent.name },
          site: siteOf(agent.siteId, sites),
          lastAt: new Date(lastAt),
          sample: maySeeLines ? sample : null,
        })),
      )
      .sort((a, b) => b.lastAt.getTime() - a.lastAt.getTime());
    return { items, asOf: new Date(now) };
  });
}
