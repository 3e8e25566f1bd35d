import type { Socket } from "node:net";
import type { Database, TenantHandle } from "@rollcall/db";
import type { Logger } from "@rollcall/observability";
import type { AgentIdentity } from "@rollcall/pki";
import type { DeviceRings } from "../process/device-rings.ts";

/** Longest time for which a revocation may go unseen on a request; open connections are looked at as often. */
const RECHECK_MS = 2000;
/** After a new certificate was made, the old one may still be in flight for this long before its use means a clone. */
const CLONE_GRACE_MS = 10 * 60_000;

/** An agent whose certificate and rows agree. */
export interface AdmittedAgent {
  readonly tenantId: string;
  readonly agentId: string;
  readonly siteId: string;
  readonly name: string;
  readonly serial: string;
  readonly generation: number;
}

export type Admission =
  | { readonly kind: "admitted"; readonly agent: AdmittedAgent }
  | {
      readonly kind: "refused";
      readonly reason: "unknown-certificate" | "retired-certificate" | "revoked" | "locked";
    };

interface Remembered {
  readonly admission: Admission;
  readonly at: number;
}

/**
 * Decides for each request of an agent whether it may pass, and closes the connections of those who no longer may.
 *
 * Holds what was found for a certificate for two seconds. Believes a certificate only when an active row has its
 * serial and key, and that row's agent is the one its name says.
 */
export class AgentDoor {
  readonly #database: Database;
  readonly #rings: DeviceRings;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #known = new Map<string, Remembered>();
  readonly #connections = new Map<string, { identity: AgentIdentity; sockets: Set<Socket> }>();

  constructor(deps: { database: Database; rings: DeviceRings; log: Logger; now: () => number }) {
    this.#database = deps.database;
    this.#rings = deps.rings;
    this.#log = deps.log;
    this.#now = deps.now;
  }

  async admit(identity: AgentIdentity): Promise<Admission> {
    const key = keyOf(identity);
    const remembered = this.#known.get(key);
    // A clock that was put back makes a look no younger: revocation must not wait for it.
    if (remembered && Math.abs(this.#now() - remembered.at) < RECHECK_MS) return remembered.admission;
    const admission = await this.#look(identity);
    this.#known.set(key, { admission, at: this.#now() });
    return admission;
  }

  /** Remembers an open connection, so that revocation reaches it. */
  watch(identity: AgentIdentity, socket: Socket): void {
    const key = keyOf(identity);
    const held = this.#connections.get(key) ?? { identity, sockets: new Set() };
    held.sockets.add(socket);
    this.#connections.set(key, held);
    socket.once("close", () => {
      held.sockets.delete(socket);
      if (held.sockets.size > 0) return;
      this.#connections.delete(key);
      this.#known.delete(key);
    });
  }

  /** Tenants that have an agent connected here. */
  get connectedTenants(): string[] {
    return [...new Set([...this.#connections.values()].map(({ identity }) => identity.tenantId))];
  }

  /** Looks at every open connection of a tenant and closes those whose agent may no longer pass. */
  async recheck(tenantId: string): Promise<void> {
    const open = [...this.#connections.values()].filter(({ identity }) => identity.tenantId === tenantId);
    if (open.length === 0) return;
    const rows = await this.#database.withTenant(tenantId, ({ tx }) =>
      tx.agentCertificate.findMany({
        where: { tenantId, serial: { in: open.map(({ identity }) => identity.serial) } },
        select: { serial: true, state: true, agent: { select: { state: true } } },
      }),
    );
    const usable = new Set(
      rows.filter((row) => row.agent.state === "active" && row.state !== "revoked").map((row) => row.serial),
    );
    for (const { identity, sockets } of open) {
      if (usable.has(identity.serial)) continue;
      this.#known.delete(keyOf(identity));
      this.#log.warn(
        { tenantId, agentId: identity.agentId, certificateSerial: identity.serial, count: sockets.size },
        "agent's connections closed: it may no longer pass",
      );
      for (const socket of sockets) socket.destroy();
    }
  }

  async #look(identity: AgentIdentity): Promise<Admission> {
    const { tenantId } = identity;
    const found = await this.#database.withTenant(tenantId, async (handle) => {
      const row = await handle.tx.agentCertificate.findUnique({
        where: { tenantId_serial: { tenantId, serial: identity.serial } },
        include: { agent: true },
      });
      // The name in the certificate, its key and the row must all mean the same agent.
      if (!row || row.agentId !== identity.agentId || row.spkiSha256 !== identity.spkiSha256)
        return { admission: { kind: "refused", reason: "unknown-certificate" }, changed: false } as const;
      const { agent } = row;
      if (agent.state === "locked")
        return { admission: { kind: "refused", reason: "locked" }, changed: false } as const;
      if (agent.state !== "active" || row.state === "revoked")
        return { admission: { kind: "refused", reason: "revoked" }, changed: false } as const;
      if (row.state === "retired") return await this.#retiredUsed(handle, row);
      if (row.state === "pending") await activate(handle, row);
      const admitted: AdmittedAgent = {
        tenantId,
        agentId: agent.id,
        siteId: agent.siteId,
        name: agent.name,
        serial: row.serial,
        generation: row.generation,
      };
      return { admission: { kind: "admitted", agent: admitted }, changed: row.state === "pending" } as const;
    });
    if (found.changed) {
      this.#known.clear();
      this.#rings.portal(tenantId);
    }
    return found.admission;
  }

  /** Use of generation n after n+1 was active: two machines hold one identity. */
  async #retiredUsed(
    handle: TenantHandle,
    row: CertificateRow,
  ): Promise<{ admission: Admission; changed: boolean }> {
    const { tenantId, tx } = handle;
    const newer = await tx.agentCertificate.findFirst({
      where: { tenantId, agentId: row.agentId, generation: { gt: row.generation }, state: "active" },
      orderBy: { generation: "desc" },
    });
    const isInFlight = newer !== null && this.#now() - newer.createdAt.getTime() < CLONE_GRACE_MS;
    if (isInFlight || newer === null)
      return { admission: { kind: "refused", reason: "retired-certificate" }, changed: false };
    await tx.agent.update({
      where: { tenantId_id: { tenantId, id: row.agentId } },
      data: { state: "locked" },
    });
    handle.audit({
      actor: { kind: "system", id: null, name: "Rollcall" },
      action: "agent.lock",
      object: { kind: "agent", id: row.agentId, name: row.agent.name },
      result: "done",
      detail: {
        reason: `certificate of generation ${row.generation} used after generation ${newer.generation}: two machines hold this identity`,
      },
    });
    this.#log.error(
      { tenantId, agentId: row.agentId, certificateSerial: row.serial },
      "agent locked: its identity is used twice",
    );
    return { admission: { kind: "refused", reason: "locked" }, changed: true };
  }
}

interface CertificateRow {
  readonly agentId: string;
  readonly serial: string;
  readonly generation: number;
  readonly agent: { readonly name: string };
}

/** First use of a new certificate makes it the active one and retires those before it. */
async function activate({ tx, tenantId }: TenantHandle, row: CertificateRow): Promise<void> {
  await tx.agentCertificate.updateMany({
    where: { tenantId, agentId: row.agentId, state: "active" },
    data: { state: "retired" },
  });
  await tx.agentCertificate.update({
    where: { tenantId_serial: { tenantId, serial: row.serial } },
    data: { state: "active" },
  });
}

function keyOf(identity: AgentIdentity): string {
  return `${identity.serial}|${identity.spkiSha256}`;
}
