import { createHash } from "node:crypto";
import { type HealthReport, healthReport, readMessage } from "@rollcall/agent-protocol";
import type { Database, TenantHandle } from "@rollcall/db";
import type { FirewallContact as Contact } from "@rollcall/srx-server";
import type { DeviceRings } from "../process/device-rings.ts";
import type { AdmittedAgent } from "./agent-door.ts";
import { type Answer, ok, unreadable } from "./answer.ts";
import { keepSuggestions } from "./keep-suggestions.ts";

/** How soon an agent reports again. Well below the 20 s after which a check-in counts as late. */
const NEXT_REPORT_MS = 10_000;
const FORGET_MS = 10 * 60_000;

/**
 * Takes agents' health reports.
 * Remembers a digest of each firewall contact, so that a thousand firewalls that asked nothing are not written again.
 */
export class HealthDesk {
  readonly #database: Database;
  readonly #rings: DeviceRings;
  readonly #now: () => number;
  readonly #written = new Map<string, { digests: Map<string, string>; at: number }>();

  constructor(database: Database, rings: DeviceRings, now: () => number) {
    this.#database = database;
    this.#rings = rings;
    this.#now = now;
  }

  /** POST /v1/health. */
  async take(agent: AdmittedAgent, text: string, sourceIp: string): Promise<Answer> {
    const read = readMessage(healthReport, text);
    if (read.kind === "unreadable") return unreadable(read.reason, read.issues);
    const report = read.message;
    const { tenantId, agentId } = agent;
    const now = this.#now();
    const before = this.#written.get(agentId)?.digests;
    const after = new Map(report.firewalls.map((contact) => [contact.enforcementPointId, digest(contact)]));
    const changed = report.firewalls.filter(
      ({ enforcementPointId: id }) => before?.get(id) !== after.get(id),
    );
    await this.#database.withTenant(tenantId, async (handle) => {
      await handle.tx.agent.update({
        where: { tenantId_id: { tenantId, id: agentId } },
        data: {
          health: report,
          healthAt: new Date(now),
          lastSeenAt: new Date(now),
          version: report.version,
          sourceIp,
        },
      });
      await writeContacts(handle, agentId, changed, now);
      await keepSuggestions(handle, agentId, report.detections);
      if (changed.some(hasToldOfAPerson)) await markFirstAnswered(handle, now);
    });
    this.#written.set(agentId, { digests: after, at: now });
    this.#rings.portal(tenantId);
    return ok({ serverTime: now, nextInMs: NEXT_REPORT_MS });
  }

  /** Forgets agents that have not reported for long. */
  sweep(): void {
    for (const [agentId, { at }] of this.#written)
      if (this.#now() - at > FORGET_MS) this.#written.delete(agentId);
  }
}

/** Writes contacts of one responder, of enforcement points that exist. */
export async function writeContacts(
  { tx, tenantId }: TenantHandle,
  responder: string,
  contacts: readonly Contact[],
  now: number,
): Promise<void> {
  if (contacts.length === 0) return;
  const existing = await tx.enforcementPoint.findMany({
    where: { tenantId, id: { in: contacts.map((c) => c.enforcementPointId).filter(isUuid) } },
    select: { id: true },
  });
  const known = new Set(existing.map(({ id }) => id));
  for (const contact of contacts) {
    if (!known.has(contact.enforcementPointId)) continue;
    const key = { tenantId, enforcementPointId: contact.enforcementPointId, responder };
    const row = {
      contact: { ...contact, told: contact.told.map((told) => ({ ...told, groups: [...told.groups] })) },
      updatedAt: new Date(now),
    };
    await tx.enforcementContact.upsert({
      where: { tenantId_enforcementPointId_responder: key },
      create: { ...key, ...row },
      update: row,
    });
  }
}

export function hasToldOfAPerson(contact: Pick<Contact, "told">): boolean {
  return contact.told.some((told) => told.user !== null);
}

/** The customer's first firewall that was told of a person: written once. */
export async function markFirstAnswered({ tx, tenantId }: TenantHandle, now: number): Promise<void> {
  await tx.customer.updateMany({
    where: { id: tenantId, firstAnsweredAt: null },
    data: { firstAnsweredAt: new Date(now) },
  });
}

function digest(contact: HealthReport["firewalls"][number]): string {
  return createHash("sha256").update(JSON.stringify(contact)).digest("base64url");
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
