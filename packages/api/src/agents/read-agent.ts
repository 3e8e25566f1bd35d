import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import { sourceView } from "../facts/chain-facts.ts";
import { type AgentRecord, readAgents, type SourceRecord } from "../facts/read-facts.ts";
import { dateOf } from "../facts/stored-json.ts";
import { agentRowOf } from "./agent-rows.ts";
import type { agentDetail } from "./agents.schema.ts";
import { readConfigVersion, readSites } from "./list-agents.ts";

type Detail = z.infer<typeof agentDetail>;

/** One agent with what it last reported; null where there is none of that id. */
export async function readAgent(ctx: TenantContext, id: string): Promise<Detail | null> {
  const now = ctx.services.now();
  return ctx.run(async ({ tx, tenantId }) => {
    const agent = (await readAgents(tx, tenantId)).find((one) => one.id === id);
    if (agent === undefined) return null;
    const sites = await readSites(tx, tenantId);
    const configVersion = await readConfigVersion(tx, tenantId);
    const points = await tx.enforcementPoint.findMany({
      where: { tenantId },
      select: { id: true, name: true },
    });
    const certificates = await tx.agentCertificate.findMany({
      where: { tenantId, agentId: id },
      select: { serial: true, generation: true, state: true, notBefore: true, notAfter: true },
      orderBy: { generation: "desc" },
      take: 10,
    });
    return {
      ...agentRowOf(agent, { sites, configVersion, now }),
      ...reported(agent, points, now),
      sourceIp: agent.sourceIp,
      certificates,
    };
  });
}

/** What only its last report tells; empty before the first. */
function reported(
  agent: AgentRecord,
  points: readonly { readonly id: string; readonly name: string }[],
  now: number,
): Pick<Detail, "startedAt" | "sources" | "listeners" | "store" | "spool" | "firewalls"> {
  const health = agent.report?.health;
  if (health === undefined)
    return { startedAt: null, sources: [], listeners: [], store: null, spool: null, firewalls: [] };
  return {
    startedAt: new Date(health.startedAt),
    sources: health.sources.map((source) => ({
      id: source.id,
      kind: source.kind,
      name: source.name,
      health: sourceView(asRecord(source, agent), source.kind, [agent], now),
      lastActivityAt: dateOf(source.lastActivityAt),
      counters: source.counters,
    })),
    listeners: health.listeners,
    store: health.store,
    spool: { ...health.spool, oldestPendingAt: dateOf(health.spool.oldestPendingAt) },
    firewalls: health.firewalls.flatMap((contact) => {
      const point = points.find((one) => one.id === contact.enforcementPointId);
      if (point === undefined) return [];
      return [{ ...point, lastBatchAt: dateOf(contact.lastBatchAt), entriesSent: contact.entriesSent }];
    }),
  };
}

function asRecord(source: { readonly id: string; readonly name: string }, agent: AgentRecord): SourceRecord {
  return { id: source.id, name: source.name, siteId: agent.siteId, enabled: true };
}
