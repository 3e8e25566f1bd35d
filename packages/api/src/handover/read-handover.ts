import { Prisma } from "@rollcall/db";
import { type HandoverInput, handoverPack } from "@rollcall/handover";
import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import { eventSourceKind } from "../event-sources/event-sources.schema.ts";
import { type AgentRecord, readAgents } from "../facts/read-facts.ts";
import { readForwardingViews } from "../forwarding/forwarding-views.ts";
import { probeMethod } from "../probes/probes.schema.ts";
import type { handoverView } from "./handover.schema.ts";

export type ReadHandoverOutcome =
  | { readonly kind: "made"; readonly pack: z.infer<typeof handoverView> }
  | { readonly kind: "site-not-found" };

const SYSLOG_PORT = 514;

/** Where the agents say that they listen; the usual port where none of them says it. */
function portsOf(agents: readonly AgentRecord[], listener: string, usual: number): number[] {
  const said = agents.flatMap(({ report }) =>
    (report?.health.listeners ?? []).flatMap(({ name, address }) => {
      const port = name === listener ? /:(\d{1,5})$/.exec(address)?.[1] : undefined;
      return port === undefined ? [] : [Number(port)];
    }),
  );
  return said.length === 0 ? [usual] : [...new Set(said)];
}

/** Makes a site's pack of what is configured and switched on there now. */
export async function readHandover(ctx: TenantContext, siteId: string): Promise<ReadHandoverOutcome> {
  const now = ctx.services.now();
  return ctx.run(async ({ tx, tenantId }): Promise<ReadHandoverOutcome> => {
    const site = await tx.site.findUnique({
      where: { tenantId_id: { tenantId, id: siteId } },
      select: { id: true, name: true, slug: true },
    });
    if (site === null) return { kind: "site-not-found" };
    const here = { tenantId, siteId, enabled: true };
    const oldest = { orderBy: { createdAt: "asc" } } as const;
    const login = { credential: { select: { user: true } } } as const;
    const customer = await tx.customer.findUniqueOrThrow({
      where: { id: tenantId },
      select: { adDomain: true },
    });
    const agents = (await readAgents(tx, tenantId)).filter(
      (agent) => agent.siteId === siteId && agent.state === "active",
    );
    const directories = await tx.directory.findMany({ where: here, include: login, ...oldest });
    const eventSources = await tx.eventSource.findMany({ where: here, include: login, ...oldest });
    const [receiver] = await readForwardingViews(tx, { tenantId, siteId, now });
    const probe = await tx.pcProbe.findFirst({
      where: here,
      include: { credentials: { include: login, orderBy: { ordinal: "asc" } } },
    });
    const syslog = await tx.syslogSource.findMany({ where: here, ...oldest });
    const points = await tx.enforcementPoint.findMany({
      where: { tenantId, enabled: true, push: { equals: Prisma.DbNull }, OR: [{ siteId }, { siteId: null }] },
      select: { name: true, sourceAddresses: true },
      orderBy: { name: "asc" },
    });
    const input: HandoverInput = {
      customer: ctx.tenant.name,
      site: site.name,
      siteSlug: site.slug,
      domain: customer.adDomain,
      agents: agents.map(({ name }) => ({ name })),
      directories: directories.map(({ name, host, port, tls, bindUser, credential }) => ({
        name,
        host,
        port,
        tls: tls === "starttls" || tls === "none" ? tls : "ldaps",
        account: credential?.user ?? bindUser ?? "",
      })),
      eventSources: eventSources.map(({ name, kind, host, credential, channelPath, endpointMapperPort }) => ({
        name,
        kind: eventSourceKind.parse(kind),
        host,
        account: credential.user,
        channel: channelPath ?? (kind === "event-collector" ? "ForwardedEvents" : "Security"),
        endpointMapperPort,
      })),
      forwarding: receiver?.enabled
        ? {
            host: receiver.host,
            port: receiver.port,
            allow: receiver.allow,
            subscriptionManagers: receiver.subscriptionManagers,
          }
        : null,
      probe: probe && {
        accounts: probe.credentials.map(({ credential }) => credential.user),
        include: probe.include,
        exclude: probe.exclude,
        methods: probe.methods.map((method) => probeMethod.parse(method)),
      },
      syslog: syslog.map(({ name, senders, transport }) => ({
        name,
        senders,
        transport: transport === "udp" || transport === "tcp" ? transport : "any",
      })),
      firewalls: points,
      portalUrl: ctx.services.gateway.agentUrl,
      firewallPorts: portsOf(agents, "firewalls", ctx.services.gateway.firewallPort),
      syslogPorts: {
        udp: portsOf(agents, "syslog UDP", SYSLOG_PORT),
        tcp: portsOf(agents, "syslog TCP", SYSLOG_PORT),
      },
    };
    const { files, openings, notes } = handoverPack(input);
    return {
      kind: "made",
      pack: {
        site: { id: site.id, name: site.name },
        files: [...files],
        openings: [...openings],
        notes: [...notes],
        asOf: new Date(now),
      },
    };
  });
}
