import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import { chainView } from "../facts/chain-facts.ts";
import { readFacts } from "../facts/read-facts.ts";
import { setupProgress } from "../setup/setup-steps.ts";
import { countOpenSuggestions } from "../suggestions/suggestion-rows.ts";
import type { customerOverview } from "./customers.schema.ts";

const RECENT_CHANGES = 8;

/** One customer today: chain, counts, last changes, and what the person asking may do here. */
export async function readOverview(ctx: TenantContext): Promise<z.infer<typeof customerOverview>> {
  return ctx.run(async (handle) => {
    const { tx, tenantId } = handle;
    const facts = await readFacts(handle, ctx.services.now());
    const customer = await tx.customer.findUniqueOrThrow({
      where: { id: tenantId },
      select: {
        slug: true,
        name: true,
        hue: true,
        adDomain: true,
        timeZone: true,
        confidentiality: true,
        createdAt: true,
      },
    });
    const agents = facts.agents.filter((agent) => agent.state !== "revoked");
    const lastWord = Math.max(0, ...agents.map((agent) => agent.lastSeenAt?.getTime() ?? 0));
    const [counted] = await tx.$queryRaw<{ devices: bigint; unknown: bigint }[]>`
      SELECT count(*) FILTER (WHERE is_live AND jsonb_typeof(entry -> 'device') = 'object') AS devices,
             count(*) FILTER (WHERE NOT is_live) AS unknown
      FROM session WHERE tenant_id = ${tenantId}::uuid`;
    return {
      customer,
      chain: chainView(facts),
      counts: {
        sites: facts.sites.length,
        agents: agents.length,
        directories: facts.directories.length,
        syslogSources: facts.syslogSources.length,
        eventSources: facts.eventSources.length,
        credentials: await tx.credential.count({ where: { tenantId } }),
        enforcementPoints: facts.points.length,
        filters: await tx.filter.count({ where: { tenantId } }),
        profiles: await tx.srxProfile.count({ where: { tenantId } }),
        openSuggestions: ctx.permissions.has("session:read") ? await countOpenSuggestions(tx, tenantId) : 0,
        people: facts.people.live,
        devices: Number(counted?.devices ?? 0),
        unknownAddresses: Number(counted?.unknown ?? 0),
      },
      setup: setupProgress(facts),
      configVersion: facts.configVersion,
      lastWordAt: lastWord === 0 ? null : new Date(lastWord),
      recentChanges: ctx.permissions.has("audit:read") ? await recentChanges(tx, tenantId) : [],
      may: [...ctx.permissions].sort(),
      asOf: new Date(facts.now),
    };
  });
}

async function recentChanges(tx: Parameters<Parameters<TenantContext["run"]>[0]>[0]["tx"], tenantId: string) {
  const entries = await tx.auditEntry.findMany({
    where: { tenantId },
    orderBy: { n: "desc" },
    take: RECENT_CHANGES,
    select: { at: true, actorName: true, action: true, objectName: true },
  });
  return entries.map((entry) => ({
    at: entry.at,
    actor: entry.actorName,
    action: entry.action,
    object: entry.objectName,
  }));
}
