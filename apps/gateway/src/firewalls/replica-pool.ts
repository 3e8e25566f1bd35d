import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "@rollcall/db";
import { type EntrySource, ReplicaTable } from "@rollcall/identity-core";
import type { Logger, ReportError } from "@rollcall/observability";
import type { DeviceRings } from "../process/device-rings.ts";

/** A ring may be lost; this is what that costs. */
const POLL_MS = 1000;
const FEED_PAGE = 2000;
/** A customer whose firewalls do not ask for so long is dropped from memory. */
const IDLE_MS = 10 * 60_000;
/** The worker ends what has run out, within a second. So often it is made sure of here: nobody is served on because it stands still. */
const EXPIRE_MS = 10_000;
/** After a fault the feed is tried again at first soon, then less often. */
const RETRY_MS_MAX = 10_000;

interface Replica {
  readonly table: ReplicaTable;
  /** When a firewall asked last. */
  usedAt: number;
  readonly stop: AbortController;
}

/**
 * The session tables of the customers whose firewalls ask here, in memory.
 *
 * Each is loaded when a firewall first asks, brought forward by the customer's change feed (the bell says when, a poll
 * makes up for lost rings), and dropped when nobody has asked for ten minutes. A query costs no database read.
 * What the feed cannot bring forward (pruned, or another numbering after a restore) is loaded anew.
 */
export class ReplicaPool {
  readonly #database: Database;
  readonly #rings: DeviceRings;
  readonly #issuer: string;
  readonly #log: Logger;
  readonly #report: ReportError;
  readonly #now: () => number;
  readonly #replicas = new Map<string, Replica>();
  readonly #loading = new Map<string, Promise<ReplicaTable>>();
  readonly #stopped = new AbortController();

  constructor(deps: {
    database: Database;
    rings: DeviceRings;
    issuer: string;
    log: Logger;
    report: ReportError;
    now: () => number;
  }) {
    this.#database = deps.database;
    this.#rings = deps.rings;
    this.#issuer = deps.issuer;
    this.#log = deps.log;
    this.#report = deps.report;
    this.#now = deps.now;
  }

  /** Customers in memory. */
  get size(): number {
    return this.#replicas.size;
  }

  /** The table of a customer; without a promise when it is in memory. */
  sourceFor(tenantId: string): EntrySource | Promise<EntrySource> {
    const replica = this.#replicas.get(tenantId);
    if (replica) {
      replica.usedAt = this.#now();
      return replica.table;
    }
    const loading = this.#loading.get(tenantId) ?? this.#begin(tenantId);
    this.#loading.set(tenantId, loading);
    return loading;
  }

  /** Resolves once the customer's table here holds that revision: for an answer that must show what was just written. */
  async bringUpTo(tenantId: string, revision: number): Promise<void> {
    const replica = this.#replicas.get(tenantId);
    // One that is not in memory is read whole when it is asked for.
    if (replica === undefined || replica.table.revision >= revision) return;
    await this.#bringForward(tenantId, replica.table);
  }

  /** Drops the customers that nobody asked for. */
  sweep(): void {
    for (const [tenantId, replica] of this.#replicas) {
      if (this.#now() - replica.usedAt < IDLE_MS) continue;
      replica.stop.abort();
      this.#replicas.delete(tenantId);
      this.#log.info({ tenantId, sessions: replica.table.size }, "replica dropped: no firewall asks");
    }
  }

  stop(): void {
    this.#stopped.abort();
    for (const replica of this.#replicas.values()) replica.stop.abort();
    this.#replicas.clear();
  }

  async #begin(tenantId: string): Promise<ReplicaTable> {
    try {
      const table = new ReplicaTable();
      await this.#load(tenantId, table);
      const replica: Replica = { table, usedAt: this.#now(), stop: new AbortController() };
      if (this.#stopped.signal.aborted) return table;
      this.#replicas.set(tenantId, replica);
      void this.#follow(tenantId, replica);
      return table;
    } finally {
      this.#loading.delete(tenantId);
    }
  }

  async #load(tenantId: string, table: ReplicaTable): Promise<void> {
    const startedAt = performance.now();
    const loaded = await this.#database.ledger.loadTable(tenantId);
    table.load({ ...loaded, issuer: this.#issuer });
    this.#log.info(
      {
        tenantId,
        sessions: loaded.entries.length,
        revision: loaded.revision,
        elapsedMs: Math.round(performance.now() - startedAt),
      },
      "replica loaded",
    );
  }

  /** Ends only when the replica is dropped: a fault is reported once and tried again. */
  async #follow(tenantId: string, replica: Replica): Promise<void> {
    const { signal } = replica.stop;
    let rung = false;
    let wake: () => void = () => undefined;
    const stopListening = this.#rings.onTopic(`feed:${tenantId}`, () => {
      rung = true;
      wake();
    });
    signal.addEventListener("abort", () => wake(), { once: true });
    let retryMs = 0;
    let expiredAt = 0;
    while (!signal.aborted) {
      rung = false;
      try {
        if (Math.abs(this.#now() - expiredAt) >= EXPIRE_MS) {
          const { changed } = await this.#database.ledger.sweep(tenantId, this.#now());
          expiredAt = this.#now();
          if (changed) this.#rings.portal(tenantId);
        }
        await this.#bringForward(tenantId, replica.table);
        retryMs = 0;
      } catch (error) {
        if (retryMs === 0)
          this.#report(error, { attempted: "bring a replica forward", fields: { tenantId } });
        retryMs = Math.min(RETRY_MS_MAX, Math.max(POLL_MS, retryMs * 2));
        await sleep(retryMs, undefined, { signal }).catch(() => undefined);
        continue;
      }
      if (rung || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    stopListening();
  }

  async #bringForward(tenantId: string, table: ReplicaTable): Promise<void> {
    for (;;) {
      const page = await this.#database.ledger.readFeed(tenantId, table.revision, FEED_PAGE);
      if (page.kind === "reload" || page.incarnation !== table.incarnation)
        return this.#load(tenantId, table);
      table.applyFeed(page.entries, page.revision, page.floorRevision);
      if (page.isLast) return;
    }
  }
}
