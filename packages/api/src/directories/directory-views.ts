import type { TenantHandle } from "@rollcall/db";
import { siteOf } from "../agents/agent-rows.ts";
import { readSites } from "../agents/list-agents.ts";
import { sourceActivity, sourceView } from "../facts/chain-facts.ts";
import { type AgentRecord, readAgents, type SiteRecord } from "../facts/read-facts.ts";
import { versionOf } from "../meanwhile.ts";
import type { DirectoryView } from "./directories.schema.ts";
import { storedSealed } from "./sealed-password.ts";

type Tx = TenantHandle["tx"];

/** The tenant's directories as they leave the API; of one id, or all with `null`. */
export async function readDirectoryViews(
  tx: Tx,
  { tenantId, id, now }: { readonly tenantId: string; readonly id: string | null; readonly now: number },
): Promise<DirectoryView[]> {
  const rows = await findDirectories(tx, tenantId, id);
  const agents = await readAgents(tx, tenantId);
  const sites = await readSites(tx, tenantId);
  return rows.map((row) => viewOf(row, { agents, sites, now }));
}

function findDirectories(tx: Tx, tenantId: string, id: string | null) {
  return tx.directory.findMany({
    where: id === null ? { tenantId } : { tenantId, id },
    include: {
      secret: { select: { sealed: true, setAt: true } },
      credential: { select: { id: true, name: true, user: true, sealed: true, setAt: true } },
    },
    orderBy: { createdAt: "asc" },
  });
}

const EDITED = [
  "name",
  "host",
  "port",
  "tls",
  "caPem",
  "dangerouslyTrustAnyCertificate",
  "bindUser",
  "credentialId",
  "baseDn",
  "domain",
  "netbiosDomain",
  "pollSeconds",
  "enabled",
  "passwordSetAt",
] as const;
type Edited = Pick<DirectoryRow, Exclude<(typeof EDITED)[number], "passwordSetAt">>;

/** The state of a directory's form. A password of its own that was typed anew is another state, the credential's is not. */
export function directoryVersion(row: Edited & { readonly secret: { readonly setAt: Date } | null }): string {
  return versionOf({ ...row, passwordSetAt: row.secret?.setAt ?? null }, EDITED);
}

type DirectoryRow = Awaited<ReturnType<typeof findDirectories>>[number];

function viewOf(
  row: DirectoryRow,
  facts: {
    readonly agents: readonly AgentRecord[];
    readonly sites: readonly SiteRecord[];
    readonly now: number;
  },
): DirectoryView {
  const { agents, sites, now } = facts;
  const password = row.credential ?? row.secret;
  if (password === null) throw new Error(`directory ${row.id} has no login: the database allows none such`);
  const opened = new Set(storedSealed(password.sealed).map((one) => one.agentId));
  const atSite = agents.filter((agent) => agent.siteId === row.siteId && agent.state === "active");
  return {
    id: row.id,
    site: siteOf(row.siteId, sites),
    name: row.name,
    host: row.host,
    port: row.port,
    tls: row.tls === "starttls" || row.tls === "none" ? row.tls : "ldaps",
    caPem: row.caPem,
    dangerouslyTrustAnyCertificate: row.dangerouslyTrustAnyCertificate,
    bindUser: row.bindUser,
    credential: row.credential && {
      id: row.credential.id,
      name: row.credential.name,
      user: row.credential.user,
    },
    baseDn: row.baseDn,
    domain: row.domain,
    netbiosDomain: row.netbiosDomain,
    pollSeconds: row.pollSeconds,
    enabled: row.enabled,
    passwordSetAt: password.setAt,
    agentsWithoutPassword: atSite.filter((agent) => !opened.has(agent.id)).map((agent) => agent.name),
    health: sourceView(row, "directory", agents, now),
    ...sourceActivity(row, "directory", agents),
    version: directoryVersion(row),
  };
}
