import type { JobDeps } from "./job-deps.ts";

/** The list of tenants is read this often; a new one has nothing to expire before that. */
const TENANTS_EVERY_MS = 10_000;
/** A tenant is looked at this often even when nobody rang: a ring may have been lost. */
const LOOK_EVERY_MS = 60_000;

interface Known {
  /** When the next session changes by time alone; null: none does. */
  nextChangeAt: number | null;
  lookedAt: number;
}

/**
 * Ends what has run out, over all tenants, once a second.
 *
 * Remembers when each tenant is next due and asks the database only then, when the tenant's feed was rung (its sessions
 * changed), or after a minute: a second in which nothing is due costs no query.
 */
export class ExpirySweeper {
  readonly #deps: JobDeps;
  readonly #known = new Map<string, Known>();
  #tenantIds: readonly string[] = [];
  #tenantsReadAt = Number.NEGATIVE_INFINITY;
  readonly #stopListening: () => void;

  constructor(deps: JobDeps) {
    this.#deps = deps;
    this.#stopListening = deps.bell.onRing("feed:", (topic) => this.#forget(topic));
  }

  close(): void {
    this.#stopListening();
  }

  /** Gives how many tenants' sessions were looked at. */
  async run(signal: AbortSignal): Promise<number> {
    const { database, report } = this.#deps;
    const now = this.#deps.now();
    if (now - this.#tenantsReadAt >= TENANTS_EVERY_MS) {
      this.#tenantIds = await database.tenantIds();
      this.#tenantsReadAt = now;
      const still = new Set(this.#tenantIds);
      for (const tenantId of this.#known.keys()) if (!still.has(tenantId)) this.#known.delete(tenantId);
    }
    let looked = 0;
    for (const tenantId of this.#tenantIds) {
      if (signal.aborted) break;
      if (!this.#isDue(tenantId, now)) continue;
      looked += 1;
      await this.#sweep(tenantId, now).catch((error: unknown) => {
        this.#known.delete(tenantId);
        report(error, { attempted: "sweep expired sessions", fields: { tenantId } });
      });
    }
    return looked;
  }

  #isDue(tenantId: string, now: number): boolean {
    const known = this.#known.get(tenantId);
    if (known === undefined || now - known.lookedAt >= LOOK_EVERY_MS) return true;
    return known.nextChangeAt !== null && known.nextChangeAt <= now;
  }

  async #sweep(tenantId: string, now: number): Promise<void> {
    const { database, bell, log } = this.#deps;
    // Noted first: a ring that comes while we look must not be overwritten by what we saw before it.
    const known: Known = { nextChangeAt: null, lookedAt: now };
    this.#known.set(tenantId, known);
    const outcome = await database.ledger.sweep(tenantId, now);
    known.nextChangeAt = outcome.nextChangeAt;
    if (!outcome.changed) return;
    log.debug({ tenantId, revision: outcome.revision, sessions: outcome.swept }, "sessions changed by time");
    bell.ring(`feed:${tenantId}`);
    bell.ring(`portal:${tenantId}`);
  }

  #forget(topic: string): void {
    const tenantId = topic.slice("feed:".length);
    if (tenantId === "") this.#known.clear();
    else this.#known.delete(tenantId);
  }
}
