import { agentView, clockOffsetMs } from "../facts/chain-facts.ts";
import type { AgentRecord, SiteRecord } from "../facts/read-facts.ts";
import type { AgentRow } from "./agents.schema.ts";

export function agentRowOf(
  agent: AgentRecord,
  {
    sites,
    configVersion,
    now,
  }: { readonly sites: readonly SiteRecord[]; readonly configVersion: number; readonly now: number },
): AgentRow {
  const health = agent.report?.health ?? null;
  return {
    id: agent.id,
    name: agent.name,
    site: siteOf(agent.siteId, sites),
    state: agent.state,
    health: agentView(agent, configVersion, now),
    hostname: agent.hostname,
    os: agent.os,
    version: health?.version ?? agent.version,
    firewallNames: [...agent.firewallNames],
    enrolledAt: agent.enrolledAt,
    lastSeenAt: agent.lastSeenAt,
    config: { wanted: configVersion, applied: agent.appliedConfigVersion, refused: agent.refused },
    sessions: health?.sessions ?? null,
    pending: health?.spool.pending ?? null,
    clockOffsetMs: clockOffsetMs(agent),
    certificateExpiresAt: agent.certificateExpiresAt,
  };
}

export function siteOf(siteId: string, sites: readonly SiteRecord[]): { id: string; name: string } {
  const site = sites.find((one) => one.id === siteId);
  return { id: siteId, name: site?.name ?? "" };
}
