import type { TenantHandle } from "@rollcall/db";
import { siteOf } from "../agents/agent-rows.ts";
import { readSites } from "../agents/list-agents.ts";
import { sourceActivity, sourceView } from "../facts/chain-facts.ts";
import { PROBE_NAME, PROBE_SOURCE_ID, readAgents } from "../facts/read-facts.ts";
import { versionOf } from "../meanwhile.ts";
import { type ProbeView, probeMethod } from "./probes.schema.ts";

type Tx = TenantHandle["tx"];

const EDITED = [
  "addressSpaceId",
  "enabled",
  "credentialIds",
  "include",
  "exclude",
  "allowPublic",
  "methods",
  "verifyAtExpiry",
  "onUnknownAddress",
  "onEventWithoutUser",
  "holdIfAlive",
  "workers",
  "lifetimeMinutes",
] as const;
type Stored = Exclude<Awaited<ReturnType<Tx["pcProbe"]["findUnique"]>>, null>;

/** The state of a probe's form. `credentials` in the order in which they are tried. */
export function probeVersion(
  row: Pick<Stored, Exclude<(typeof EDITED)[number], "credentialIds">> & {
    readonly credentials: readonly { readonly credentialId: string }[];
  },
): string {
  return versionOf(
    { ...row, credentialIds: row.credentials.map(({ credentialId }) => credentialId) },
    EDITED,
  );
}

/** The probes of a customer's sites; of one site, or of all with `null`. */
export async function readProbeViews(
  tx: Tx,
  {
    tenantId,
    siteId,
    now,
  }: { readonly tenantId: string; readonly siteId: string | null; readonly now: number },
): Promise<ProbeView[]> {
  const rows = await tx.pcProbe.findMany({
    where: siteId === null ? { tenantId } : { tenantId, siteId },
    include: {
      addressSpace: { select: { id: true, name: true } },
      credentials: {
        include: { credential: { select: { id: true, name: true, user: true } } },
        orderBy: { ordinal: "asc" },
      },
    },
    orderBy: { createdAt: "asc" },
  });
  const agents = await readAgents(tx, tenantId);
  const sites = await readSites(tx, tenantId);
  return rows.map((row) => {
    const record = { id: PROBE_SOURCE_ID, siteId: row.siteId, name: PROBE_NAME, enabled: row.enabled };
    return {
      site: siteOf(row.siteId, sites),
      addressSpace: row.addressSpace,
      enabled: row.enabled,
      credentials: row.credentials.map(({ credential }) => credential),
      include: row.include,
      exclude: row.exclude,
      allowPublic: row.allowPublic,
      methods: row.methods.map((method) => probeMethod.parse(method)),
      verifyAtExpiry: row.verifyAtExpiry,
      onUnknownAddress: row.onUnknownAddress,
      onEventWithoutUser: row.onEventWithoutUser,
      holdIfAlive: row.holdIfAlive,
      workers: row.workers,
      lifetimeMinutes: row.lifetimeMinutes,
      health: sourceView(record, "pc-probe", agents, now),
      ...sourceActivity(record, "pc-probe", agents),
      version: probeVersion(row),
    };
  });
}
