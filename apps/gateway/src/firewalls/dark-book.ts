import type { Database } from "@rollcall/db";
import { ALARM_MS } from "@rollcall/health";
import { type CarrierReport, lightsOf, type SourceLight } from "@rollcall/identity-core";
import type { ReportError } from "@rollcall/observability";
import { z } from "zod";

/** So long is what agents reported taken from memory. */
const KEEP_MS = 2000;
/** A customer of whom nothing was asked for so long is dropped from memory. */
const IDLE_MS = 10 * 60_000;

const reportedSources = z.array(z.object({ id: z.string(), state: z.string(), since: z.number() }));

interface Held {
  readonly lights: readonly SourceLight[];
  readonly dark: ReadonlySet<string>;
  readonly at: number;
}

/**
 * Knows which sources of a customer cannot be heard, from its agents' reports.
 *
 * Holds    what was read of each customer in the last two seconds.
 * Promises an agent that has not reported for two minutes takes its sources with it; another agent that hears them is
 *          enough. After a start of this process nobody counts as gone for those two minutes: it was we who were away.
 * Source:  semantics 11; the same code decides at the agent (identity-core, dark-sources.ts).
 */
export class DarkBook {
  readonly #database: Database;
  readonly #report: ReportError;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #held = new Map<string, Held>();
  readonly #reading = new Map<string, Promise<Held>>();
  readonly #usedAt = new Map<string, number>();

  constructor(deps: { database: Database; report: ReportError; now: () => number }) {
    this.#database = deps.database;
    this.#report = deps.report;
    this.#now = deps.now;
    this.#startedAt = deps.now();
  }

  async lights(tenantId: string): Promise<readonly SourceLight[]> {
    this.#usedAt.set(tenantId, this.#now());
    const held = this.#held.get(tenantId);
    if (held && Math.abs(this.#now() - held.at) < KEEP_MS) return held.lights;
    return (await this.#read(tenantId)).lights;
  }

  /** Sources that cannot be heard as last read; reads again in the background. For who writes and must not wait. */
  dark(tenantId: string): ReadonlySet<string> {
    this.#usedAt.set(tenantId, this.#now());
    const held = this.#held.get(tenantId);
    if (held === undefined || Math.abs(this.#now() - held.at) >= KEEP_MS)
      this.#read(tenantId).catch((error: unknown) =>
        this.#report(error, { attempted: "read which sources are heard", fields: { tenantId } }),
      );
    return held?.dark ?? NONE;
  }

  sweep(): void {
    for (const [tenantId, at] of this.#usedAt) {
      if (this.#now() - at < IDLE_MS) continue;
      this.#usedAt.delete(tenantId);
      this.#held.delete(tenantId);
    }
  }

  #read(tenantId: string): Promise<Held> {
    const reading = this.#reading.get(tenantId) ?? this.#readNow(tenantId);
    this.#reading.set(tenantId, reading);
    const done = () => {
      if (this.#reading.get(tenantId) === reading) this.#reading.delete(tenantId);
    };
    reading.then(done, done);
    return reading;
  }

  async #readNow(tenantId: string): Promise<Held> {
    const now = this.#now();
    // Of a report of a thousand firewalls only the sources are wanted.
    const rows = await this.#database.withTenant(
      tenantId,
      ({ tx }) => tx.$queryRaw<{ at: number | null; sources: unknown }[]>`
        SELECT (extract(epoch FROM health_at) * 1000)::float8 AS at, health->'sources' AS sources
        FROM agent WHERE tenant_id = ${tenantId}::uuid AND health IS NOT NULL`,
    );
    const mayBeGone = now - this.#startedAt >= ALARM_MS;
    const carriers = rows.map(({ at, sources }): CarrierReport => {
      const parsed = reportedSources.safeParse(sources);
      return {
        lastWordAt: mayBeGone && at !== null ? at : null,
        sources: (parsed.success ? parsed.data : []).map(({ id, state, since }) => ({
          id,
          isBroken: state === "broken",
          since,
        })),
      };
    });
    const lights = lightsOf(carriers, now, ALARM_MS);
    const held: Held = {
      lights,
      dark: new Set(lights.flatMap(({ sourceId, darkSince }) => (darkSince === null ? [] : [sourceId]))),
      at: now,
    };
    this.#held.set(tenantId, held);
    return held;
  }
}

const NONE: ReadonlySet<string> = new Set();
