import { syslogPattern } from "@rollcall/agent-protocol";
import type { TenantHandle } from "@rollcall/db";
import { z } from "zod";
import { siteOf } from "../agents/agent-rows.ts";
import { readSites } from "../agents/list-agents.ts";
import { sourceActivity, sourceView } from "../facts/chain-facts.ts";
import { type AgentRecord, readAgents, type SiteRecord } from "../facts/read-facts.ts";
import { versionOf } from "../meanwhile.ts";
import type { sequenceView, syslogSourceDetail, syslogSourceRow } from "./syslog.schema.ts";

type Tx = TenantHandle["tx"];
type Row = z.infer<typeof syslogSourceRow>;
type Detail = z.infer<typeof syslogSourceDetail>;

/** What the form of its settings edits. */
export const SYSLOG_SETTINGS = [
  "name",
  "senders",
  "transport",
  "speaksFor",
  "defaultDomain",
  "timeZone",
  "lifetimeMinutes",
  "maxLinesPerSecond",
  "enabled",
] as const;

const storedPatterns = z.array(syslogPattern);

/** The tenant's syslog sources as they leave the API; of one id, or all with `null`. */
export async function readSyslogViews(
  tx: Tx,
  { tenantId, id, now }: { readonly tenantId: string; readonly id: string | null; readonly now: number },
): Promise<Detail[]> {
  const rows = await findSources(tx, tenantId, id);
  const agents = await readAgents(tx, tenantId);
  const sites = await readSites(tx, tenantId);
  const spaces = await tx.addressSpace.findMany({ where: { tenantId }, select: { id: true, name: true } });
  return rows.map((row) => ({
    ...rowOf(row, { agents, sites, spaces, now }),
    sequences: row.sequences.map(sequenceOf),
    version: versionOf(row, ["sequences"]),
  }));
}

function findSources(tx: Tx, tenantId: string, id: string | null) {
  return tx.syslogSource.findMany({
    where: id === null ? { tenantId } : { tenantId, id },
    include: { sequences: { orderBy: { ordinal: "asc" } } },
    orderBy: { createdAt: "asc" },
  });
}
type SourceRow = Awaited<ReturnType<typeof findSources>>[number];

function rowOf(
  row: SourceRow,
  facts: {
    readonly agents: readonly AgentRecord[];
    readonly sites: readonly SiteRecord[];
    readonly spaces: readonly { readonly id: string; readonly name: string }[];
    readonly now: number;
  },
): Row {
  const { agents, sites, spaces, now } = facts;
  const space = spaces.find((one) => one.id === row.addressSpaceId);
  return {
    id: row.id,
    site: siteOf(row.siteId, sites),
    addressSpace: { id: row.addressSpaceId, name: space?.name ?? "" },
    name: row.name,
    senders: row.senders,
    transport: row.transport === "udp" || row.transport === "tcp" ? row.transport : "any",
    speaksFor: row.speaksFor,
    defaultDomain: row.defaultDomain,
    timeZone: row.timeZone,
    lifetimeMinutes: row.lifetimeMinutes,
    maxLinesPerSecond: row.maxLinesPerSecond,
    baseConfiguration: row.baseConfiguration,
    enabled: row.enabled,
    sequenceCount: row.sequences.length,
    health: sourceView(row, "syslog", agents, now),
    ...sourceActivity(row, "syslog", agents),
    settingsVersion: versionOf(row, SYSLOG_SETTINGS),
  };
}

function sequenceOf(row: SourceRow["sequences"][number]): z.infer<typeof sequenceView> {
  return {
    id: row.id,
    ordinal: row.ordinal,
    description: row.description,
    kind: row.kind === "end" ? "end" : "begin",
    trigger: row.trigger,
    patterns: storedPatterns.parse(row.patterns),
    matchSourceIp: row.matchSourceIp,
    startingTimeMinutes: row.startingTimeMinutes,
    positiveSamples: row.positiveSamples,
    negativeSamples: row.negativeSamples,
  };
}
