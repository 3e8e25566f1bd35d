import { configApplied, configForLevel, readMessage } from "@rollcall/agent-protocol";
import type { Database, TenantHandle } from "@rollcall/db";
import type { Logger } from "@rollcall/observability";
import type { DeviceRings } from "../process/device-rings.ts";
import type { AdmittedAgent } from "./agent-door.ts";
import { type Answer, nothing, ok, unreadable } from "./answer.ts";
import { composeSiteConfig, type SiteRows } from "./compose-site-config.ts";
import { countOf, waitFor, waitMsOf } from "./long-poll.ts";

/** A ring may be lost; this is what that costs. */
const POLL_MS = 2000;

export interface ConfigurationDeps {
  readonly database: Database;
  readonly rings: DeviceRings;
  readonly log: Logger;
  readonly now: () => number;
}

/** GET /v1/config: the wanted configuration once its version is not the one that the agent has. */
export async function configuration(
  deps: ConfigurationDeps,
  agent: AdmittedAgent,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<Answer> {
  const { tenantId } = agent;
  const have = countOf(query, "have");
  // An agent of before levels says none.
  const level = countOf(query, "level") ?? 1;
  const found = await waitFor<{ version: number; config: unknown }>({
    bell: deps.rings,
    topic: `config:${tenantId}`,
    waitMs: waitMsOf(query),
    pollMs: POLL_MS,
    signal,
    look: () =>
      deps.database.withTenant(tenantId, async (handle) => {
        const customer = await handle.tx.customer.findUniqueOrThrow({
          where: { id: tenantId },
          select: { configVersion: true },
        });
        if (customer.configVersion === have) return null;
        const config = composeSiteConfig(await readSiteRows(handle, agent), deps.now());
        return { version: config.version, config: configForLevel(config, level) };
      }),
  });
  return found ? ok(found) : nothing;
}

/** POST /v1/config/applied: which version runs, or why one was refused. */
export async function configurationApplied(
  deps: ConfigurationDeps,
  agent: AdmittedAgent,
  text: string,
): Promise<Answer> {
  const read = readMessage(configApplied, text);
  if (read.kind === "unreadable") return unreadable(read.reason, read.issues);
  const { version, outcome, reason } = read.message;
  const { tenantId, agentId } = agent;
  await deps.database.withTenant(tenantId, ({ tx }) =>
    tx.agent.update({
      where: { tenantId_id: { tenantId, id: agentId } },
      data:
        outcome === "applied"
          ? { appliedConfigVersion: version, refusedConfigVersion: null, refusedReason: null }
          : { refusedConfigVersion: version, refusedReason: reason ?? "no reason given" },
    }),
  );
  deps.log.info(
    { tenantId, agentId, configVersion: version, outcome, reason },
    "agent answered a configuration",
  );
  deps.rings.portal(tenantId);
  return nothing;
}

/** All rows of one transaction, so that a configuration never mixes two versions. */
export async function readSiteRows(
  { tx, tenantId }: TenantHandle,
  agent: Pick<AdmittedAgent, "agentId" | "siteId">,
): Promise<SiteRows> {
  const here = { tenantId, siteId: agent.siteId, enabled: true };
  const byAge: { orderBy: ({ createdAt: "asc" } | { id: "asc" })[] } = {
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  };
  return {
    customer: await tx.customer.findUniqueOrThrow({ where: { id: tenantId } }),
    agent: await tx.agent.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id: agent.agentId } } }),
    site: await tx.site.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id: agent.siteId } } }),
    addressSpaces: await tx.addressSpace.findMany({ where: { tenantId }, ...byAge }),
    directories: await tx.directory.findMany({ where: here, include: { secret: true }, ...byAge }),
    credentials: await tx.credential.findMany({ where: { tenantId }, ...byAge }),
    eventSources: await tx.eventSource.findMany({ where: here, ...byAge }),
    wefReceiver: await tx.wefReceiver.findFirst({ where: here }),
    pcProbe: await tx.pcProbe.findFirst({ where: here, include: { credentials: true } }),
    syslogSources: await tx.syslogSource.findMany({ where: here, include: { sequences: true }, ...byAge }),
    filters: await tx.filter.findMany({ where: { tenantId, enabled: true }, ...byAge }),
    points: await tx.enforcementPoint.findMany({
      where: { tenantId, enabled: true },
      include: { secrets: true, pushSecret: true },
      ...byAge,
    }),
    profiles: await tx.srxProfile.findMany({ where: { tenantId }, ...byAge }),
    addressMarks: await tx.addressMark.findMany({ where: { tenantId }, ...byAge }),
    hostMarks: await tx.hostMark.findMany({ where: { tenantId }, ...byAge }),
    dismissedAccounts: await dismissedAccounts(tx, tenantId),
    firstEnrolledAt:
      (
        await tx.agent.findFirst({
          where: { tenantId, siteId: agent.siteId },
          select: { enrolledAt: true },
          orderBy: { enrolledAt: "asc" },
        })
      )?.enrolledAt ?? null,
  };
}

/** Accounts, and addresses as `addressSpaceId|address`: an agent reads both as exempt. */
async function dismissedAccounts(tx: TenantHandle["tx"], tenantId: string): Promise<string[]> {
  const rows = await tx.suggestion.findMany({
    where: { tenantId, state: "dismissed" },
    select: { subject: true },
    orderBy: { decidedAt: "desc" },
    take: 2000,
  });
  return rows.map(({ subject }) => subject);
}
