import type { FirewallContact, HealthReport, PushState } from "@rollcall/agent-protocol";
import type { TenantHandle } from "@rollcall/db";
import { storedContact, storedHealth, storedPushState } from "./stored-json.ts";

export interface SiteRecord {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
}

export interface AgentRecord {
  readonly id: string;
  readonly name: string;
  readonly siteId: string;
  readonly state: "active" | "locked" | "revoked";
  readonly hostname: string | null;
  readonly os: string | null;
  readonly version: string | null;
  readonly sourceIp: string | null;
  readonly firewallNames: readonly string[];
  readonly enrolledAt: Date;
  readonly lastSeenAt: Date | null;
  readonly appliedConfigVersion: number | null;
  readonly refused: { readonly version: number; readonly reason: string } | null;
  readonly certificateExpiresAt: Date | null;
  readonly report: { readonly receivedAt: Date; readonly health: HealthReport } | null;
}

export interface SourceRecord {
  readonly id: string;
  readonly siteId: string;
  readonly name: string;
  readonly enabled: boolean;
}

export interface ContactRecord {
  readonly responder: string;
  readonly updatedAt: Date;
  readonly contact: FirewallContact;
}

export interface CloudPush {
  readonly heardAt: Date;
  readonly state: PushState;
}

export interface PointRecord {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  /** It is posted to instead of being asked. */
  readonly isPushed: boolean;
  /** What the cloud says of posting to it; null where the cloud does not. */
  readonly cloudPush: CloudPush | null;
  readonly contacts: readonly ContactRecord[];
}

export interface EnrolmentRecord {
  readonly id: string;
  readonly siteId: string;
  readonly agentName: string;
  readonly createdAt: Date;
  readonly notAfter: Date;
  readonly fileReadAt: Date | null;
  readonly usedAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastRefusal: string | null;
}

/** What one customer's chain, set-up and lists are told from, read in one transaction. */
export interface CustomerFacts {
  readonly now: number;
  readonly createdAt: Date;
  readonly configVersion: number;
  readonly firstAnsweredAt: Date | null;
  readonly hasChanges: boolean;
  readonly firstChangeAt: Date | null;
  readonly sites: readonly SiteRecord[];
  readonly agents: readonly AgentRecord[];
  readonly directories: readonly SourceRecord[];
  readonly syslogSources: readonly SourceRecord[];
  readonly eventSources: readonly SourceRecord[];
  /** Where computers forward their events to: at most one for each site. */
  readonly receivers: readonly SourceRecord[];
  /** Sites whose computers are asked. */
  readonly probes: readonly SourceRecord[];
  readonly points: readonly PointRecord[];
  /** Newest first, at most 50. */
  readonly enrolments: readonly EnrolmentRecord[];
  readonly people: { readonly live: number; readonly lastObservedAt: Date | null };
}

const source = { id: true, siteId: true, name: true, enabled: true } as const;

export async function readFacts({ tx, tenantId }: TenantHandle, now: number): Promise<CustomerFacts> {
  const where = { tenantId };
  const customer = await tx.customer.findUniqueOrThrow({
    where: { id: tenantId },
    select: { createdAt: true, configVersion: true, firstAnsweredAt: true, feedRevision: true },
  });
  const hasChanges = customer.feedRevision > 0n;
  return {
    now,
    createdAt: customer.createdAt,
    configVersion: customer.configVersion,
    firstAnsweredAt: customer.firstAnsweredAt,
    hasChanges,
    firstChangeAt: hasChanges ? await firstChangeAt(tx, tenantId) : null,
    sites: await tx.site.findMany({
      where,
      select: { id: true, slug: true, name: true },
      orderBy: { createdAt: "asc" },
    }),
    agents: await readAgents(tx, tenantId),
    directories: await tx.directory.findMany({ where, select: source, orderBy: { createdAt: "asc" } }),
    syslogSources: await tx.syslogSource.findMany({ where, select: source, orderBy: { createdAt: "asc" } }),
    eventSources: await tx.eventSource.findMany({ where, select: source, orderBy: { createdAt: "asc" } }),
    receivers: await tx.wefReceiver.findMany({ where, select: source, orderBy: { createdAt: "asc" } }),
    probes: await readProbes(tx, tenantId),
    points: await readPoints(tx, tenantId),
    enrolments: await readEnrolments(tx, tenantId),
    people: await readPeople(tx, tenantId),
  };
}

type Tx = TenantHandle["tx"];

/** Every agent has one probe: this is the id of its source, and its name. */
export const PROBE_SOURCE_ID = "pc-probe";
export const PROBE_NAME = "PC probe";

/** Those that are on: a probe is off until somebody asks for it, and then nothing is missing. */
async function readProbes(tx: Tx, tenantId: string): Promise<SourceRecord[]> {
  const rows = await tx.pcProbe.findMany({
    where: { tenantId, enabled: true },
    select: { siteId: true },
    orderBy: { createdAt: "asc" },
  });
  return rows.map(({ siteId }) => ({ id: PROBE_SOURCE_ID, siteId, name: PROBE_NAME, enabled: true }));
}

export async function readAgents(tx: Tx, tenantId: string): Promise<AgentRecord[]> {
  const rows = await tx.agent.findMany({
    where: { tenantId },
    orderBy: { enrolledAt: "asc" },
    include: {
      certificates: {
        where: { state: "active" },
        orderBy: { generation: "desc" },
        take: 1,
        select: { notAfter: true },
      },
    },
  });
  return rows.map((row) => {
    const health = storedHealth(row.health);
    return {
      id: row.id,
      name: row.name,
      siteId: row.siteId,
      state: row.state === "active" || row.state === "locked" ? row.state : "revoked",
      hostname: row.hostname,
      os: row.os,
      version: row.version,
      sourceIp: row.sourceIp,
      firewallNames: row.firewallNames,
      enrolledAt: row.enrolledAt,
      lastSeenAt: row.lastSeenAt,
      appliedConfigVersion: row.appliedConfigVersion,
      refused:
        row.refusedConfigVersion === null
          ? null
          : { version: row.refusedConfigVersion, reason: row.refusedReason ?? "no reason was given" },
      certificateExpiresAt: row.certificates[0]?.notAfter ?? null,
      report: health === null || row.healthAt === null ? null : { receivedAt: row.healthAt, health },
    };
  });
}

export async function readPoints(tx: Tx, tenantId: string): Promise<PointRecord[]> {
  const points = await tx.enforcementPoint.findMany({
    where: { tenantId },
    select: {
      id: true,
      name: true,
      enabled: true,
      push: true,
      pushFrom: true,
      pushProgress: cloudPushColumns,
    },
    orderBy: { name: "asc" },
  });
  const contacts = await readContacts(tx, tenantId, null);
  return points.map(({ push, pushFrom, pushProgress, ...point }) => ({
    ...point,
    isPushed: push !== null,
    cloudPush: cloudPushOf({ pushFrom, pushProgress }),
    contacts: contacts.get(point.id) ?? [],
  }));
}

/** What of a point's progress the cloud's word is made of. */
export const cloudPushColumns = { select: { state: true, stateAt: true } } as const;

export function cloudPushOf(row: {
  readonly pushFrom: string;
  readonly pushProgress: readonly { readonly state: unknown; readonly stateAt: Date | null }[];
}): CloudPush | null {
  const [progress] = row.pushProgress;
  if (row.pushFrom !== "cloud" || progress === undefined || progress.stateAt === null) return null;
  const state = storedPushState(progress.state);
  return state === null ? null : { heardAt: progress.stateAt, state };
}

/** By enforcement point; of one point, or of all with `null`. */
export async function readContacts(
  tx: Tx,
  tenantId: string,
  enforcementPointId: string | null,
): Promise<Map<string, ContactRecord[]>> {
  const rows = await tx.enforcementContact.findMany({
    where: enforcementPointId === null ? { tenantId } : { tenantId, enforcementPointId },
    orderBy: { responder: "asc" },
  });
  const byPoint = new Map<string, ContactRecord[]>();
  for (const row of rows) {
    const contact = storedContact(row.contact);
    if (contact === null) continue;
    const record = { responder: row.responder, updatedAt: row.updatedAt, contact };
    byPoint.set(row.enforcementPointId, [...(byPoint.get(row.enforcementPointId) ?? []), record]);
  }
  return byPoint;
}

export async function readEnrolments(tx: Tx, tenantId: string): Promise<EnrolmentRecord[]> {
  return tx.enrolmentToken.findMany({
    where: { tenantId },
    select: {
      id: true,
      siteId: true,
      agentName: true,
      createdAt: true,
      notAfter: true,
      fileReadAt: true,
      usedAt: true,
      revokedAt: true,
      lastRefusal: true,
    },
    orderBy: { createdAt: "desc" },
    take: 50,
  });
}

async function readPeople(tx: Tx, tenantId: string): Promise<CustomerFacts["people"]> {
  const live = await tx.session.count({ where: { tenantId, isLive: true, userName: { not: null } } });
  // Only asked where nobody is known: it reads every row of the tenant.
  if (live > 0) return { live, lastObservedAt: null };
  const newest = await tx.session.aggregate({
    where: { tenantId },
    _max: { lastSeenAt: true, updatedAt: true },
  });
  return { live, lastObservedAt: newest._max.lastSeenAt ?? newest._max.updatedAt };
}

async function firstChangeAt(tx: Tx, tenantId: string): Promise<Date | null> {
  const first = await tx.changeFeed.findFirst({
    where: { tenantId },
    orderBy: { revision: "asc" },
    select: { at: true },
  });
  return first?.at ?? null;
}
