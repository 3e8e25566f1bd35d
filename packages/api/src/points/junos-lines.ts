import { cloudCaProfile, generateJunos, type JunosServer } from "@rollcall/junos";
import { certificateSha256 } from "@rollcall/pki";
import type { z } from "zod";
import { change } from "../change.ts";
import type { GatewayAddresses, TenantContext } from "../context.ts";
import type { AgentRecord } from "../facts/read-facts.ts";
import { type PointFacts, readPointFacts } from "./point-rows.ts";
import type { junosCopiedInput, junosInput, junosResult } from "./points.schema.ts";

type Result = z.infer<typeof junosResult>;
type Server = Result["candidates"][number];

/** The Junos lines of one firewall with the secret masked, and what a browser needs to make them with it; null: no such point. */
export async function readJunos(
  ctx: TenantContext,
  { id, view }: z.output<typeof junosInput>,
): Promise<Result | null> {
  const now = ctx.services.now();
  const read = await ctx.run(async ({ tx, tenantId }) => {
    const { points, agents } = await readPointFacts(tx, { tenantId, id, now });
    const { srxCaCertPem } = await tx.customer.findUniqueOrThrow({
      where: { id: tenantId },
      select: { srxCaCertPem: true },
    });
    return { point: points[0], agents, caPem: srxCaCertPem };
  });
  if (read.point === undefined) return null;
  const { caProfile } = read.point.junos;
  const candidates = serversFor(read.point, read.agents, ctx.services.gateway);
  const own = certificateOf(caProfile, read.caPem);
  const clouds = certificateOf(cloudCaProfile({ caProfile }), ctx.services.keys.firewall.certPem);
  const [primary, secondary = null] = candidates;
  if (primary === undefined) throw new Error("list the servers of a firewall: the cloud is always one");
  const { domains, includeIp, excludeIp } = read.point.row;
  const filter = { domains, includeIp, excludeIp };
  const { blocks, problems } = generateJunos(
    {
      primary: masked(primary),
      secondary: secondary && masked(secondary),
      filter,
      options: read.point.junos,
    },
    { view },
  );
  return {
    servers: { primary, secondary },
    candidates,
    filter,
    options: read.point.junos,
    ca: { pem: own.pem, sha256: own.sha256, fileName: own.fileName },
    cas: [own, clouds].flatMap((ca) => {
      const servers = candidates.filter((server) => server.caProfile === ca.profile);
      return servers.length === 0 ? [] : [{ ...ca, servers: servers.map(({ label }) => label) }];
    }),
    blocks: blocks.map((block) => ({ ...block, lines: [...block.lines] })),
    problems: [...problems],
  };
}

export type RecordJunosCopyOutcome = { readonly kind: "recorded" } | { readonly kind: "not-found" };

export async function recordJunosCopy(
  ctx: TenantContext,
  { id, lines, withSecret }: z.output<typeof junosCopiedInput>,
): Promise<RecordJunosCopyOutcome> {
  return change(ctx, async ({ tx, tenantId, record }): Promise<RecordJunosCopyOutcome> => {
    const point = await tx.enforcementPoint.findUnique({
      where: { tenantId_id: { tenantId, id } },
      select: { name: true },
    });
    if (point === null) return { kind: "not-found" };
    record({
      action: "point.junos.copy",
      object: { kind: "enforcement-point", id, name: point.name },
      after: { lines, withSecret },
    });
    return { kind: "recorded" };
  });
}

function masked({ address, port, clientId, caProfile }: Server): JunosServer {
  return { address, port, clientId, caProfile, secret: null };
}

function certificateOf(profile: string, pem: string) {
  return { profile, pem, sha256: certificateSha256(pem), fileName: `${profile}.pem` };
}

/** The agents of the firewall's site first, then the other agents, the cloud last: it answers where nobody else does. */
function serversFor(
  { row, junos }: PointFacts,
  agents: readonly AgentRecord[],
  gateway: GatewayAddresses,
): Server[] {
  const { clientId } = row;
  const { caProfile } = junos;
  const active = agents.filter((agent) => agent.state === "active");
  const near = active.filter((agent) => row.site !== null && agent.siteId === row.site.id);
  const far = active.filter((agent) => !near.includes(agent));
  const ofAgents = [...near, ...far].flatMap((agent) => {
    const server = agentServer(agent, gateway.firewallPort);
    return server === null ? [] : [{ ...server, clientId, caProfile }];
  });
  return [
    ...ofAgents,
    {
      label: "Cloud",
      address: gateway.firewallAddress,
      port: gateway.firewallPort,
      clientId,
      caProfile: cloudCaProfile(junos),
    },
  ];
}

/** By the name that was set for firewalls, else by where the agent listens; null where neither can be dialled. */
function agentServer(agent: AgentRecord, usualPort: number): Omit<Server, "clientId" | "caProfile"> | null {
  const listener = agent.report?.health.listeners.find((one) => /firewall/i.test(one.name));
  const listens = /^\[?(.+?)\]?:(\d{1,5})$/.exec(listener?.address ?? "");
  const host = listens?.[1];
  const isEverywhere = host === "0.0.0.0" || host === "::" || host === "*";
  const address = agent.firewallNames[0] ?? (isEverywhere ? undefined : host);
  if (address === undefined) return null;
  return { label: agent.name, address, port: listens?.[2] === undefined ? usualPort : Number(listens[2]) };
}
