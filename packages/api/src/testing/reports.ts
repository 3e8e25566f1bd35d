import { randomUUID } from "node:crypto";
import type { FirewallContact, HealthReport } from "@rollcall/agent-protocol";
import type { LedgerItem } from "@rollcall/db";
import { type IpAddress, type Observation, type PrincipalFacts, parseIp } from "@rollcall/identity-core";
import type { TestInstallation } from "./installation.ts";

export function aReport(now: number, changes: Partial<HealthReport> = {}): HealthReport {
  return {
    v: 1,
    at: now,
    startedAt: now - 3_600_000,
    version: "0.1.0",
    configVersion: 1,
    sessions: 0,
    revision: 0,
    spool: { pending: 0, bytes: 0, oldestPendingAt: null },
    store: { state: "ok", sentence: "The store has room." },
    listeners: [
      { name: "firewalls", address: "127.0.0.2:8444", state: "ok", sentence: "Firewalls may ask." },
    ],
    sources: [],
    firewalls: [],
    unknownSenders: [],
    detections: [],
    pushes: [],
    learning: [],
    overlaps: [],
    darkSources: [],
    credentials: [],
    ...changes,
  };
}

/** Writes a report down as the gateway does. */
export async function reportHealth(
  installation: TestInstallation,
  { tenantId, agentId }: { readonly tenantId: string; readonly agentId: string },
  health: HealthReport,
): Promise<void> {
  const now = new Date(installation.clock.now());
  await installation.database.withTenant(tenantId, ({ tx }) =>
    tx.agent.update({
      where: { tenantId_id: { tenantId, id: agentId } },
      data: { health, healthAt: now, lastSeenAt: now, appliedConfigVersion: health.configVersion },
    }),
  );
}

export function aContact(
  enforcementPointId: string,
  changes: Partial<FirewallContact> = {},
): FirewallContact {
  return {
    enforcementPointId,
    lastTokenAt: null,
    lastBatchAt: null,
    lastIpQueryAt: null,
    tokens: 0,
    batches: 0,
    ipQueries: 0,
    entriesSent: 0,
    refused: 0,
    lastRefusal: null,
    lastSourceAddress: null,
    entriesBeyondLimit: 0,
    told: [],
    ...changes,
  };
}

export async function writeContact(
  installation: TestInstallation,
  { tenantId, responder }: { readonly tenantId: string; readonly responder: string },
  contact: FirewallContact,
): Promise<void> {
  await installation.database.withTenant(tenantId, ({ tx }) =>
    tx.enforcementContact.create({
      data: { tenantId, enforcementPointId: contact.enforcementPointId, responder, contact },
    }),
  );
}

/** What an agent found by watching, written down as the gateway does. */
export async function aSuggestion(
  installation: TestInstallation,
  { tenantId, agentId }: { readonly tenantId: string; readonly agentId: string },
  changes: {
    readonly kind?: string;
    readonly subject?: string;
    readonly state?: string;
    readonly count?: number;
    readonly examples?: readonly string[];
    readonly signs?: readonly string[];
  } = {},
): Promise<string> {
  const { kind = "service-account", subject = "meridian.example\\svc-backup", state = "open" } = changes;
  const now = new Date(installation.clock.now());
  const { id } = await installation.database.withTenant(tenantId, ({ tx }) =>
    tx.suggestion.create({
      data: {
        tenantId,
        agentId,
        kind,
        subject,
        state,
        evidence: {
          count: changes.count ?? 12,
          examples: [...(changes.examples ?? ["10.20.31.7"])],
          ...(changes.signs === undefined ? {} : { signs: [...changes.signs] }),
        },
        firstSeenAt: now,
        lastSeenAt: now,
      },
      select: { id: true },
    }),
  );
  return id;
}

export function ip(text: string): IpAddress {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`"${text}" is no address`);
  return parsed;
}

export function aLogon(
  changes: Partial<Observation> & Pick<Observation, "addressSpaceId" | "effectiveAt" | "ip">,
): Observation {
  const recordId = randomUUID();
  return {
    id: `${recordId}#0`,
    recordId,
    sourceId: "vpn",
    family: "syslog",
    kind: "user",
    verb: "start",
    class: "A",
    receivedAt: changes.effectiveAt,
    lifetimeMs: 8 * 3_600_000,
    principal: { name: "ana", domain: "meridian.example" },
    correlator: null,
    rule: "syslog:sequence-1",
    sourceLabel: "Rollcall syslog VPN",
    ...changes,
  };
}

/** Puts observations into the ledger as an agent's stream does. */
export async function observe(
  installation: TestInstallation,
  { tenantId, agentId }: { readonly tenantId: string; readonly agentId: string },
  observations: readonly Observation[],
): Promise<void> {
  await commit(
    installation,
    { tenantId, agentId },
    observations.map((observation, index) => ({ seq: index + 1, kind: "observation", observation })),
  );
}

async function commit(
  installation: TestInstallation,
  { tenantId, agentId }: { readonly tenantId: string; readonly agentId: string },
  items: readonly LedgerItem[],
): Promise<void> {
  const { ledger } = installation.database;
  const key = { tenantId, agentId, lane: "live" };
  const opened = await ledger.openStream({
    ...key,
    spoolId: randomUUID(),
    bootId: randomUUID(),
    epoch: 0,
    nextSeq: 1,
    oldestRetained: 1,
  });
  const committed = await ledger.commitBatch({
    ...key,
    epoch: opened.epoch,
    first: 1,
    last: items.length,
    items,
  });
  if (committed.kind !== "committed") throw new Error(`commit to the ledger: ${committed.kind}`);
}

/** What a directory tells of a person, as an agent's stream brings it. */
export async function learn(
  installation: TestInstallation,
  { tenantId, agentId }: { readonly tenantId: string; readonly agentId: string },
  facts: PrincipalFacts,
): Promise<void> {
  await commit(installation, { tenantId, agentId }, [{ seq: 1, kind: "principal", facts }]);
}
