import { X509Certificate } from "node:crypto";
import type { TenantHandle } from "@rollcall/db";
import { subscriptionManagers } from "@rollcall/event-rules";
import { siteOf } from "../agents/agent-rows.ts";
import { readSites } from "../agents/list-agents.ts";
import { sourceActivity, sourceView } from "../facts/chain-facts.ts";
import { readAgents } from "../facts/read-facts.ts";
import { versionOf } from "../meanwhile.ts";
import type { ForwardingView } from "./forwarding.schema.ts";

type Tx = TenantHandle["tx"];

/** What its form edits. */
export const FORWARDING_EDITED = [
  "addressSpaceId",
  "name",
  "host",
  "port",
  "clientCaPem",
  "allow",
  "channels",
  "query",
  "heartbeatSeconds",
  "readExisting",
  "compress",
  "lifetimeMinutes",
  "rulesOff",
  "rulesOn",
  "enabled",
] as const;

/** Where a customer's computers forward their events to; of one site, or of all with `null`. */
export async function readForwardingViews(
  tx: Tx,
  {
    tenantId,
    siteId,
    now,
  }: { readonly tenantId: string; readonly siteId: string | null; readonly now: number },
): Promise<ForwardingView[]> {
  const rows = await tx.wefReceiver.findMany({
    where: siteId === null ? { tenantId } : { tenantId, siteId },
    include: { addressSpace: { select: { id: true, name: true } } },
    orderBy: { createdAt: "asc" },
  });
  const agents = await readAgents(tx, tenantId);
  const sites = await readSites(tx, tenantId);
  return rows.map((row) => {
    const issuers = issuersOf(row.clientCaPem);
    return {
      id: row.id,
      site: siteOf(row.siteId, sites),
      addressSpace: row.addressSpace,
      name: row.name,
      host: row.host,
      port: row.port,
      clientCaPem: row.clientCaPem,
      issuers,
      subscriptionManagers: subscriptionManagers(row, issuers),
      agentsWithoutName: agents
        .filter(({ siteId, state, firewallNames }) => {
          const named = firewallNames.some((name) => name.toLowerCase() === row.host.toLowerCase());
          return siteId === row.siteId && state === "active" && !named;
        })
        .map(({ name }) => name),
      allow: row.allow,
      channels: row.channels,
      query: row.query,
      heartbeatSeconds: row.heartbeatSeconds,
      readExisting: row.readExisting,
      compress: row.compress,
      lifetimeMinutes: row.lifetimeMinutes,
      rulesOff: row.rulesOff,
      rulesOn: row.rulesOn,
      enabled: row.enabled,
      health: sourceView(row, "wef", agents, now),
      ...sourceActivity(row, "wef", agents),
      version: versionOf(row, FORWARDING_EDITED),
    };
  });
}

/** The CAs of a bundle. What cannot be read was refused when it was saved. */
function issuersOf(pem: string): ForwardingView["issuers"] {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return certificates.flatMap((text) => {
    try {
      const certificate = new X509Certificate(text);
      return [
        {
          subject: certificate.subject.replaceAll("\n", ", "),
          sha1: certificate.fingerprint.replaceAll(":", "").toLowerCase(),
          expiresAt: new Date(certificate.validTo),
        },
      ];
    } catch {
      return [];
    }
  });
}
