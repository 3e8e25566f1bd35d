import type { TenantHandle } from "@rollcall/db";
import { siteOf } from "../agents/agent-rows.ts";
import { readSites } from "../agents/list-agents.ts";
import { storedSealed } from "../directories/sealed-password.ts";
import { type AgentRecord, readAgents, type SiteRecord } from "../facts/read-facts.ts";
import { dateOf } from "../facts/stored-json.ts";
import { versionOf } from "../meanwhile.ts";
import type { CredentialUser, CredentialView } from "./credentials.schema.ts";

type Tx = TenantHandle["tx"];

/** What its form edits. A password that was typed anew is another state: another must not be written over it unseen. */
export const CREDENTIAL_EDITED = ["name", "user", "realm", "kdcs", "allowNtlm", "setAt"] as const;

/** The tenant's logins as they leave the API; of one id, or all with `null`. */
export async function readCredentialViews(
  tx: Tx,
  { tenantId, id }: { readonly tenantId: string; readonly id: string | null },
): Promise<CredentialView[]> {
  const rows = await findCredentials(tx, tenantId, id);
  const agents = await readAgents(tx, tenantId);
  const sites = await readSites(tx, tenantId);
  return rows.map((row) => viewOf(row, agents, sites));
}

function findCredentials(tx: Tx, tenantId: string, id: string | null) {
  const user = { select: { id: true, name: true, siteId: true }, orderBy: { createdAt: "asc" } } as const;
  return tx.credential.findMany({
    where: id === null ? { tenantId } : { tenantId, id },
    include: {
      directories: user,
      eventSources: user,
      probes: { select: { siteId: true }, orderBy: { siteId: "asc" } },
    },
    orderBy: { createdAt: "asc" },
  });
}
type CredentialRow = Awaited<ReturnType<typeof findCredentials>>[number];

/** Who uses a login: what would stop without it. */
export function usersOf(
  row: Pick<CredentialRow, "directories" | "eventSources" | "probes">,
  sites: readonly SiteRecord[],
): CredentialUser[] {
  return [
    ...row.directories.map(({ id, name, siteId }) => ({
      kind: "directory" as const,
      id,
      name,
      site: siteOf(siteId, sites),
    })),
    ...row.eventSources.map(({ id, name, siteId }) => ({
      kind: "event-log" as const,
      id,
      name,
      site: siteOf(siteId, sites),
    })),
    ...row.probes.map(({ siteId }) => ({
      kind: "pc-probe" as const,
      id: siteId,
      name: "PC probe",
      site: siteOf(siteId, sites),
    })),
  ];
}

const ORDER = ["paused", "ok", "never"] as const;

function viewOf(
  row: CredentialRow,
  agents: readonly AgentRecord[],
  sites: readonly SiteRecord[],
): CredentialView {
  const usedBy = usersOf(row, sites);
  const usedAt = new Set(usedBy.map(({ site }) => site.id));
  const active = agents.filter((agent) => agent.state === "active");
  const opened = new Set(storedSealed(row.sealed).map((one) => one.agentId));
  const said = active
    .flatMap(({ id, name, report }) => {
      const state = report?.health.credentials.find((one) => one.credentialId === row.id);
      if (state === undefined) return [];
      const { lastSuccessAt, lastFailureAt, sentence, successes, failures } = state;
      return [
        {
          id,
          name,
          state: state.state,
          sentence,
          successes,
          failures,
          lastSuccessAt: dateOf(lastSuccessAt),
          lastFailureAt: dateOf(lastFailureAt),
        },
      ];
    })
    .toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  const [first] = said;
  return {
    id: row.id,
    name: row.name,
    user: row.user,
    realm: row.realm,
    kdcs: row.kdcs,
    allowNtlm: row.allowNtlm,
    passwordSetAt: row.setAt,
    agentsWithoutPassword: active
      .filter((agent) => usedAt.has(agent.siteId) && !opened.has(agent.id))
      .map((agent) => agent.name),
    usedBy,
    state: first?.state ?? "never",
    sentence:
      first?.sentence ?? (usedBy.length === 0 ? "Nothing uses it yet." : "No agent has tried it yet."),
    agents: said,
    version: versionOf(row, CREDENTIAL_EDITED),
  };
}
