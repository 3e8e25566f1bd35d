import { hash, randomBytes } from "node:crypto";
import type { Database } from "@rollcall/db";
import type { ReportError } from "@rollcall/observability";
import {
  createReaderMemory,
  type IssueToken,
  type TokenFinding,
  type TokenRecord,
  type TokenStore,
} from "@rollcall/srx-server";

/** A firewall asks its questions concurrently: an older token counts for so long after a newer one was issued. */
const GRACE_MS = 10 * 60_000;
const TOKEN_CHARACTERS: ReadonlySet<number> = new Set([36, 40]);
const TOKENS_MAX = 50_000;
/** Look-ups of tokens that are not in memory, in all and per second: guesses must not become load on the database. */
const MISSES_PER_SECOND = 50;
const MISS_KEEP_MS = 2000;
const MISSES_MAX = 10_000;

interface Held extends TokenRecord {
  expiresAt: number;
}

/**
 * Tokens of all gateways of an installation: hashed in the ledger, and held in memory by whoever saw them.
 *
 * A token that another gateway issued is looked up once, by its hash; a token that nobody issued is remembered as such
 * for two seconds. Whether the point and the secret behind a token still hold is asked at every query elsewhere.
 */
export class SharedTokens implements TokenStore {
  readonly #database: Database;
  readonly #report: ReportError;
  readonly #now: () => number;
  readonly #held = new Map<string, Held>();
  readonly #misses = new Map<string, number>();
  #missWindow = { startedAt: 0, count: 0 };

  constructor(deps: { database: Database; report: ReportError; now: () => number }) {
    this.#database = deps.database;
    this.#report = deps.report;
    this.#now = deps.now;
  }

  get size(): number {
    return this.#held.size;
  }

  async issue(request: IssueToken): Promise<string> {
    const token = request.format === "hex40" ? randomBytes(20).toString("hex") : uuidShape(randomBytes(16));
    const tokenHash = hashOf(token);
    const { tenantId, pointId, sourceIp, secretId, now } = request;
    const expiresAt = now + request.ttlSeconds * 1000;
    const graceEnds = now + GRACE_MS;
    await this.#database.withTenant(tenantId, async ({ tx }) => {
      await tx.enforcementToken.updateMany({
        where: { tenantId, enforcementPointId: pointId, sourceIp, expiresAt: { gt: new Date(graceEnds) } },
        data: { expiresAt: new Date(graceEnds) },
      });
      await tx.enforcementToken.create({
        data: {
          tenantId,
          tokenHash,
          enforcementPointId: pointId,
          secretId,
          sourceIp,
          expiresAt: new Date(expiresAt),
        },
      });
    });
    for (const held of this.#held.values())
      if (held.tenantId === tenantId && held.pointId === pointId && held.sourceIp === sourceIp)
        held.expiresAt = Math.min(held.expiresAt, graceEnds);
    this.#hold(tokenHash, { tenantId, pointId, sourceIp, secretId, expiresAt, memory: createReaderMemory() });
    return token;
  }

  find(token: string, now: number): TokenFinding | Promise<TokenFinding> {
    if (!TOKEN_CHARACTERS.has(token.length)) return { kind: "unknown" };
    const tokenHash = hashOf(token);
    const held = this.#held.get(tokenHash);
    if (held) return this.#judge(tokenHash, held, now);
    if (!this.#mayLook(tokenHash, now)) return { kind: "unknown" };
    return this.#lookUp(tokenHash, now);
  }

  forget(which: { readonly tenantId: string; readonly pointId: string; readonly secretId?: string }): void {
    const { tenantId, pointId, secretId } = which;
    for (const [key, held] of this.#held)
      if (
        held.tenantId === tenantId &&
        held.pointId === pointId &&
        (secretId === undefined || held.secretId === secretId)
      )
        this.#held.delete(key);
    this.#database
      .withTenant(tenantId, ({ tx }) =>
        tx.enforcementToken.deleteMany({ where: { tenantId, enforcementPointId: pointId, secretId } }),
      )
      .catch((error: unknown) =>
        this.#report(error, { attempted: "delete tokens of a revoked secret", fields: { tenantId } }),
      );
  }

  /** Deletes what has expired, in memory and of the tenants seen here. */
  async sweep(): Promise<void> {
    const now = this.#now();
    const tenants = new Set<string>();
    for (const [key, held] of this.#held) {
      tenants.add(held.tenantId);
      if (held.expiresAt <= now) this.#held.delete(key);
    }
    for (const [key, until] of this.#misses) if (until <= now) this.#misses.delete(key);
    for (const tenantId of tenants)
      await this.#database.withTenant(tenantId, ({ tx }) =>
        tx.enforcementToken.deleteMany({ where: { tenantId, expiresAt: { lte: new Date(now) } } }),
      );
  }

  async #lookUp(tokenHash: string, now: number): Promise<TokenFinding> {
    const row = await this.#database.findToken(tokenHash);
    if (!row) {
      this.#misses.set(tokenHash, now + MISS_KEEP_MS);
      return { kind: "unknown" };
    }
    const held = this.#held.get(tokenHash);
    if (held) return this.#judge(tokenHash, held, now);
    return this.#judge(
      tokenHash,
      this.#hold(tokenHash, {
        tenantId: row.tenantId,
        pointId: row.enforcementPointId,
        sourceIp: row.sourceIp,
        secretId: row.secretId,
        expiresAt: row.expiresAt.getTime(),
        memory: createReaderMemory(),
      }),
      now,
    );
  }

  #hold(tokenHash: string, record: Held): Held {
    this.#misses.delete(tokenHash);
    this.#held.set(tokenHash, record);
    if (this.#held.size > TOKENS_MAX) {
      // Only memory forgets it; the ledger still has it.
      const oldest = this.#held.keys().next();
      if (!oldest.done) this.#held.delete(oldest.value);
    }
    return record;
  }

  #judge(tokenHash: string, held: Held, now: number): TokenFinding {
    if (held.expiresAt > now) return { kind: "live", record: held };
    this.#held.delete(tokenHash);
    return { kind: "expired", record: held };
  }

  #mayLook(tokenHash: string, now: number): boolean {
    const until = this.#misses.get(tokenHash);
    if (until !== undefined && until > now) return false;
    if (now - this.#missWindow.startedAt >= 1000) this.#missWindow = { startedAt: now, count: 0 };
    this.#missWindow.count += 1;
    if (this.#misses.size > MISSES_MAX) this.#misses.clear();
    return this.#missWindow.count <= MISSES_PER_SECOND;
  }
}

function hashOf(token: string): string {
  return hash("sha256", token, "base64url");
}

/** All 128 bits are random; only the hyphens are a UUID's. */
function uuidShape(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}
