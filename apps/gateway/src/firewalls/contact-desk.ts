import { firewallContact } from "@rollcall/agent-protocol";
import type { Database } from "@rollcall/db";
import {
  type ContactRecorder,
  createContactRecorder,
  type FirewallContact,
  type LearnReport,
  type ServedPoint,
} from "@rollcall/srx-server";
import { hasToldOfAPerson, markFirstAnswered, writeContacts } from "../agents/health.ts";
import type { DeviceRings } from "../process/device-rings.ts";

const RESPONDER = "cloud";
const TOLD_MAX = 20;

/**
 * Writes down what this gateway told each firewall, at most once per `flush` and firewall.
 *
 * Several gateways are one responder, "cloud": what is written is what the row had plus what this gateway added since
 * its last writing, under the row's lock. So counts survive restarts and do not overwrite each other.
 */
export class ContactDesk {
  readonly #database: Database;
  readonly #rings: DeviceRings;
  readonly #now: () => number;
  readonly #book = createContactRecorder();
  readonly #dirty = new Map<string, { tenantId: string; pointId: string }>();
  readonly #written = new Map<string, FirewallContact>();
  readonly #answered = new Set<string>();
  #learning: (tenantId: string) => readonly LearnReport[] = () => [];

  constructor(deps: { database: Database; rings: DeviceRings; now: () => number }) {
    this.#database = deps.database;
    this.#rings = deps.rings;
    this.#now = deps.now;
  }

  /** What the listener tells of each question. */
  readonly recorder: ContactRecorder = {
    token: (point, ...rest) => {
      const isNewSource = this.#book.token(point, ...rest);
      this.#touch(point);
      return isNewSource;
    },
    batch: (point, ...rest) => {
      this.#book.batch(point, ...rest);
      this.#touch(point);
    },
    spoke: (point, transport) => {
      this.#book.spoke?.(point, transport);
      this.#touch(point);
    },
    ipQuery: (point, ...rest) => {
      this.#book.ipQuery(point, ...rest);
      this.#touch(point);
    },
    refused: (point, ...rest) => {
      this.#book.refused(point, ...rest);
      this.#touch(point);
    },
    limited: (point, count) => this.#book.limited?.(point, count),
  };

  /** Where it is asked what learning has come to: the listener, which is made with this desk's recorder. */
  askForLearning(learning: (tenantId: string) => readonly LearnReport[]): void {
    this.#learning = learning;
  }

  async flush(): Promise<void> {
    const byTenant = new Map<string, { tenantId: string; pointId: string }[]>();
    for (const point of this.#dirty.values())
      byTenant.set(point.tenantId, [...(byTenant.get(point.tenantId) ?? []), point]);
    this.#dirty.clear();
    const faults: unknown[] = [];
    for (const [tenantId, points] of byTenant) {
      const changed = points.flatMap(({ pointId }) => this.#book.contactOf(tenantId, pointId) ?? []);
      try {
        await this.#write(tenantId, changed);
        this.#rings.portal(tenantId);
      } catch (error) {
        for (const point of points) this.#dirty.set(keyOf(tenantId, point.pointId), point);
        faults.push(error);
      }
    }
    if (faults.length > 0) throw faults[0];
  }

  async #write(tenantId: string, changed: readonly FirewallContact[]): Promise<void> {
    const now = this.#now();
    const lessons = new Map(
      this.#learning(tenantId).map(({ enforcementPointId, profile, state, since, tried }) => [
        enforcementPointId,
        { enforcementPointId, profile, state, since, tried: [...tried] },
      ]),
    );
    const isFirst = !this.#answered.has(tenantId) && changed.some(hasToldOfAPerson);
    await this.#database.withTenant(tenantId, async (handle) => {
      const { tx } = handle;
      const merged: FirewallContact[] = [];
      for (const contact of changed) {
        const pointId = contact.enforcementPointId;
        const rows = await tx.$queryRaw<{ contact: unknown }[]>`
          SELECT contact FROM enforcement_contact
          WHERE tenant_id = ${tenantId}::uuid AND enforcement_point_id = ${pointId}::uuid AND responder = ${RESPONDER}
          FOR UPDATE`;
        const stored = firewallContact.safeParse(rows[0]?.contact);
        merged.push(
          mergeContact(
            stored.success ? stored.data : null,
            this.#written.get(keyOf(tenantId, pointId)) ?? null,
            contact,
          ),
        );
      }
      const told = merged.map((contact) => ({
        ...contact,
        learning: lessons.get(contact.enforcementPointId) ?? null,
      }));
      await writeContacts(handle, RESPONDER, told, now);
      if (isFirst) await markFirstAnswered(handle, now);
    });
    if (isFirst) this.#answered.add(tenantId);
    for (const contact of changed) this.#written.set(keyOf(tenantId, contact.enforcementPointId), contact);
  }

  #touch(point: ServedPoint): void {
    this.#dirty.set(keyOf(point.tenantId, point.id), { tenantId: point.tenantId, pointId: point.id });
  }
}

/**
 * What a row becomes: its own counts plus what was added here since `before`, the later of each time, the newest told.
 * `stored` null: no row yet. `before` null: nothing written from here yet.
 */
export function mergeContact(
  stored: FirewallContact | null,
  before: FirewallContact | null,
  current: FirewallContact,
): FirewallContact {
  const added = (count: (contact: FirewallContact) => number) =>
    (stored ? count(stored) : 0) + Math.max(0, count(current) - (before ? count(before) : 0));
  const later = (a: number | null | undefined, b: number | null) =>
    a == null ? b : b === null ? a : Math.max(a, b);
  const told = new Map([...current.told, ...(stored?.told ?? [])].map((one) => [JSON.stringify(one), one]));
  return {
    enforcementPointId: current.enforcementPointId,
    lastTokenAt: later(stored?.lastTokenAt, current.lastTokenAt),
    lastBatchAt: later(stored?.lastBatchAt, current.lastBatchAt),
    lastIpQueryAt: later(stored?.lastIpQueryAt, current.lastIpQueryAt),
    tokens: added((c) => c.tokens),
    batches: added((c) => c.batches),
    ipQueries: added((c) => c.ipQueries),
    entriesSent: added((c) => c.entriesSent),
    refused: added((c) => c.refused),
    lastRefusal: current.lastRefusal ?? stored?.lastRefusal ?? null,
    lastSourceAddress: current.lastSourceAddress ?? stored?.lastSourceAddress ?? null,
    tls: current.tls ?? stored?.tls,
    newSource: current.newSource ?? stored?.newSource,
    entriesBeyondLimit: current.entriesBeyondLimit,
    told: [...told.values()].toSorted((a, b) => b.at - a.at).slice(0, TOLD_MAX),
  };
}

function keyOf(tenantId: string, pointId: string): string {
  return `${tenantId}|${pointId}`;
}
