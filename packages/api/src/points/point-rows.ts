import type { TenantHandle } from "@rollcall/db";
import { siteOf } from "../agents/agent-rows.ts";
import { readSites } from "../agents/list-agents.ts";
import { contactTimes, pointView } from "../facts/chain-facts.ts";
import {
  type AgentRecord,
  type ContactRecord,
  cloudPushColumns,
  cloudPushOf,
  readAgents,
  readContacts,
  type SiteRecord,
} from "../facts/read-facts.ts";
import { versionOf } from "../meanwhile.ts";
import { junosOptions } from "./junos-options.schema.ts";
import { type PointRow, whenSourcesDark } from "./points.schema.ts";

type Tx = TenantHandle["tx"];

/** What its form edits; push, learning and Junos choices have forms of their own. */
export const POINT_EDITED = [
  "name",
  "siteId",
  "sourceAddresses",
  "addressSpaceIds",
  "profile",
  "ipv6",
  "tokenTtlSeconds",
  "domains",
  "includeIp",
  "excludeIp",
  "mayReport",
  "whenSourcesDark",
  "darkMinutes",
  "reannounceMinutes",
  "enabled",
] as const;

/** A point with everything that is told of it. */
export interface PointFacts {
  readonly row: PointRow;
  readonly stored: StoredPoint;
  readonly junos: ReturnType<typeof storedJunosOptions>;
  readonly contacts: readonly ContactRecord[];
}

/** The tenant's enforcement points; of one id, or all with `null`. */
export async function readPointFacts(
  tx: Tx,
  { tenantId, id, now }: { readonly tenantId: string; readonly id: string | null; readonly now: number },
): Promise<{ points: PointFacts[]; agents: AgentRecord[] }> {
  const rows = await findPoints(tx, tenantId, id);
  const agents = await readAgents(tx, tenantId);
  const sites = await readSites(tx, tenantId);
  const contacts = await readContacts(tx, tenantId, id);
  const points = rows.map((row) => {
    const own = contacts.get(row.id) ?? [];
    return {
      row: rowOf(row, own, { agents, sites, now }),
      stored: row,
      junos: storedJunosOptions(row.junos),
      contacts: own,
    };
  });
  return { points, agents };
}

function findPoints(tx: Tx, tenantId: string, id: string | null) {
  return tx.enforcementPoint.findMany({
    where: id === null ? { tenantId } : { tenantId, id },
    include: { pushSecret: { select: { sealed: true, setAt: true } }, pushProgress: cloudPushColumns },
    orderBy: { name: "asc" },
  });
}
export type StoredPoint = Awaited<ReturnType<typeof findPoints>>[number];

function rowOf(
  row: StoredPoint,
  contacts: readonly ContactRecord[],
  facts: {
    readonly agents: readonly AgentRecord[];
    readonly sites: readonly SiteRecord[];
    readonly now: number;
  },
): PointRow {
  const { id, name, enabled } = row;
  return {
    id,
    name,
    site: row.siteId === null ? null : siteOf(row.siteId, facts.sites),
    clientId: row.clientId,
    sourceAddresses: row.sourceAddresses,
    addressSpaceIds: row.addressSpaceIds,
    profile: row.profile,
    ipv6: row.ipv6,
    tokenTtlSeconds: row.tokenTtlSeconds,
    domains: row.domains,
    includeIp: row.includeIp,
    excludeIp: row.excludeIp,
    mayReport: row.mayReport,
    whenSourcesDark: whenSourcesDark.catch("shorten").parse(row.whenSourcesDark),
    darkMinutes: row.darkMinutes,
    reannounceMinutes: row.reannounceMinutes,
    learnUntil: row.learnUntil !== null && row.learnUntil.getTime() > facts.now ? row.learnUntil : null,
    pushedFrom: row.push === null ? null : row.pushFrom === "cloud" ? "cloud" : "agent",
    enabled,
    health: pointView(
      { id, name, enabled, isPushed: row.push !== null, cloudPush: cloudPushOf(row), contacts },
      facts.agents,
      facts.now,
    ),
    ...contactTimes(contacts),
    createdAt: row.createdAt,
    version: versionOf(row, POINT_EDITED),
  };
}

/** The kept choices; the defaults where they were made for a version that allowed other ones. */
function storedJunosOptions(value: unknown) {
  const parsed = junosOptions.safeParse(value ?? {});
  return parsed.success ? parsed.data : junosOptions.parse({});
}
