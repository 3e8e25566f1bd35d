import type { TenantHandle } from "@rollcall/db";
import { siteOf } from "../agents/agent-rows.ts";
import { readSites } from "../agents/list-agents.ts";
import { sourceActivity, sourceView } from "../facts/chain-facts.ts";
import { readAgents } from "../facts/read-facts.ts";
import { versionOf } from "../meanwhile.ts";
import { type EventSourceView, eventSourceKind } from "./event-sources.schema.ts";

type Tx = TenantHandle["tx"];

/** What its form edits. */
export const EVENT_SOURCE_EDITED = [
  "kind",
  "name",
  "host",
  "credentialId",
  "addressSpaceId",
  "channelPath",
  "query",
  "catchUpMinutes",
  "lifetimeMinutes",
  "rulesOff",
  "rulesOn",
  "shares",
  "endpointMapperPort",
  "headerSigning",
  "enabled",
] as const;

/** The tenant's event logs as they leave the API; of one id, or all with `null`. */
export async function readEventSourceViews(
  tx: Tx,
  { tenantId, id, now }: { readonly tenantId: string; readonly id: string | null; readonly now: number },
): Promise<EventSourceView[]> {
  const rows = await tx.eventSource.findMany({
    where: id === null ? { tenantId } : { tenantId, id },
    include: {
      addressSpace: { select: { id: true, name: true } },
      credential: { select: { id: true, name: true, user: true } },
    },
    orderBy: { createdAt: "asc" },
  });
  const agents = await readAgents(tx, tenantId);
  const sites = await readSites(tx, tenantId);
  return rows.map((row) => ({
    id: row.id,
    site: siteOf(row.siteId, sites),
    addressSpace: row.addressSpace,
    credential: row.credential,
    name: row.name,
    kind: eventSourceKind.parse(row.kind),
    host: row.host,
    channelPath: row.channelPath,
    query: row.query,
    catchUpMinutes: row.catchUpMinutes,
    lifetimeMinutes: row.lifetimeMinutes,
    rulesOff: row.rulesOff,
    rulesOn: row.rulesOn,
    shares: row.shares,
    endpointMapperPort: row.endpointMapperPort,
    headerSigning: row.headerSigning,
    enabled: row.enabled,
    health: sourceView(row, "event-log", agents, now),
    ...sourceActivity(row, "event-log", agents),
    version: versionOf(row, EVENT_SOURCE_EDITED),
  }));
}
