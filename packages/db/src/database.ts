import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { assertUuid } from "./assert-uuid.ts";
import { type AuditReader, createAuditReader } from "./audit/audit-reader.ts";
import { type AuditInput, writeAudit } from "./audit/write-audit.ts";
import { PrismaClient } from "./generated/prisma/client.ts";
import type { TransactionClient } from "./generated/prisma/internal/prismaNamespace.ts";
import { historyHorizon } from "./history-partitions.ts";
import { createLedger, type Ledger } from "./ledger/ledger.ts";
import { createSignInStore, type SignInStore } from "./sign-ins.ts";

export interface DatabaseOptions {
  /** As the role rollcall_app. */
  readonly url: string;
  /** Of both pools together: portal work and ingest have their own, so that neither waits for the other. */
  readonly maxConnections?: number;
  /** Name of this process, kept with each audit entry. */
  readonly node?: string;
  readonly now?: () => number;
  /**
   * Sources of a tenant that cannot be heard now: whom one of them named may be kept from a firewall, so it is a change
   * when another source takes over. Default: none.
   */
  readonly darkSources?: (tenantId: string) => ReadonlySet<string>;
  /** Told of lost connections, which are replaced by themselves. */
  readonly onConnectionError?: (error: unknown) => void;
}

/** Everything inside belongs to one tenant and one transaction. */
export interface TenantHandle {
  readonly tenantId: string;
  readonly tx: TransactionClient;
  /**
   * Writes an entry into the tenant's audit chain with this transaction: both are there, or neither. It is put
   * down just before the commit, so that the chain is locked for as short a time as can be.
   */
  audit(entry: AuditInput): void;
}

export interface PracticeHandle {
  readonly practiceId: string;
  /** Sees the practice's customers, and of tenant-owned tables nothing. */
  readonly tx: TransactionClient;
  /** Enters one of the practice's customers within this same transaction (to create its first rows); null when it has no such customer. */
  enterTenant(tenantId: string): Promise<TenantHandle | null>;
}

export interface ClientHandle {
  readonly clientId: string;
  /** Sees the one row of client_directory that has this client id. */
  readonly tx: TransactionClient;
}

/** A token as the ledger has it. */
export interface FoundToken {
  readonly tenantId: string;
  readonly tokenHash: string;
  readonly enforcementPointId: string;
  readonly secretId: string;
  readonly sourceIp: string;
  readonly expiresAt: Date;
}

export interface TransactionOptions {
  /** How long the transaction may take. Default 15,000 ms. */
  readonly timeoutMs?: number;
}

/**
 * The one door to Postgres.
 *
 * Shape:  `withTenant` is the only way to a handle that sees a tenant's rows. The tenant is a setting of the
 *         transaction, so it cannot leak to the next user of the connection; row-level security reads it.
 * Errors: a tenant id that is no UUID, and whatever the database says, is thrown; the transaction is rolled back.
 */
export interface Database {
  withTenant<T>(
    tenantId: string,
    work: (handle: TenantHandle) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>;
  withPractice<T>(
    practiceId: string,
    work: (handle: PracticeHandle) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>;
  withClientLookup<T>(clientId: string, work: (handle: ClientHandle) => Promise<T>): Promise<T>;
  /** Which tenant and enforcement point a firewall's client id belongs to; null when none. */
  findClient(
    clientId: string,
  ): Promise<{ readonly tenantId: string; readonly enforcementPointId: string } | null>;
  /** Whose a firewall's token is, by the token's hash; null when none. Says nothing of whether it still holds. */
  findToken(tokenHash: string): Promise<FoundToken | null>;
  /** Practices, users, grants and sign-ins: not tenant-owned. */
  readonly signIns: SignInStore;
  readonly ledger: Ledger;
  readonly auditReader: AuditReader;
  /** All tenants that are not deleted, for jobs that loop over them. */
  tenantIds(): Promise<string[]>;
  /** The first instant (epoch ms) without a partition of logon history of its own. */
  historyHorizon(): Promise<number>;
  /** `DatabaseUnavailableError` when the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** The database does not answer. Says where it was looked for and why, never the password. */
export class DatabaseUnavailableError extends Error {
  readonly code = "database-unavailable";

  constructor(url: string, cause: unknown) {
    const at = URL.canParse(url) ? new URL(url).host : "the given address";
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`reach the database at ${at}: ${why}; is it running, and does DATABASE_URL name it?`, { cause });
    this.name = "DatabaseUnavailableError";
  }
}

export function createDatabase(options: DatabaseOptions): Database {
  const connections = Math.max(4, options.maxConnections ?? 20);
  const ledgerConnections = Math.max(2, Math.floor(connections / 3));
  const onError = options.onConnectionError ?? (() => {});
  const pool = new pg.Pool({
    connectionString: options.url,
    max: connections - ledgerConnections,
    keepAlive: true,
  });
  const ledgerPool = new pg.Pool({ connectionString: options.url, max: ledgerConnections, keepAlive: true });
  for (const each of [pool, ledgerPool]) {
    // A lost connection fails its statement, if it runs one; without listeners it would end the process as well.
    each.on("error", () => {});
    each.on("connect", (client) => client.on("error", onError));
  }
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  const now = options.now ?? Date.now;
  const node = options.node ?? "rollcall";

  function transaction<T>(
    work: (tx: TransactionClient) => Promise<T>,
    settings?: TransactionOptions,
  ): Promise<T> {
    return prisma.$transaction(work, { maxWait: 10_000, timeout: settings?.timeoutMs ?? 15_000 });
  }

  function tenantHandle(tx: TransactionClient, tenantId: string) {
    const entries: AuditInput[] = [];
    const handle: TenantHandle = { tenantId, tx, audit: (entry) => void entries.push(entry) };
    const flush = async () => {
      for (const entry of entries.splice(0)) await writeAudit(tx, tenantId, { entry, node, at: now() });
    };
    return { handle, flush };
  }

  const database: Database = {
    async withTenant(tenantId, work, settings) {
      assertUuid(tenantId, "the tenant id");
      return transaction(async (tx) => {
        await tx.$executeRaw`SELECT set_config('app.tenant', ${tenantId}, true)`;
        const { handle, flush } = tenantHandle(tx, tenantId);
        const result = await work(handle);
        await flush();
        return result;
      }, settings);
    },

    async withPractice(practiceId, work, settings) {
      assertUuid(practiceId, "the practice id");
      return transaction(async (tx) => {
        await tx.$executeRaw`SELECT set_config('app.practice', ${practiceId}, true)`;
        let flush = async () => {};
        const result = await work({
          practiceId,
          tx,
          async enterTenant(tenantId) {
            assertUuid(tenantId, "the tenant id");
            const customer = await tx.customer.findFirst({
              where: { id: tenantId, practiceId },
              select: { id: true },
            });
            if (customer === null) return null;
            await flush();
            await tx.$executeRaw`SELECT set_config('app.tenant', ${tenantId}, true)`;
            const entered = tenantHandle(tx, tenantId);
            flush = entered.flush;
            return entered.handle;
          },
        });
        await flush();
        return result;
      }, settings);
    },

    async withClientLookup(clientId, work) {
      return transaction(async (tx) => {
        await tx.$executeRaw`SELECT set_config('app.client_id', ${clientId}, true)`;
        return work({ clientId, tx });
      });
    },

    async findClient(clientId) {
      if (clientId === "" || clientId.includes("\0")) return null;
      const row = await database.withClientLookup(clientId, ({ tx }) =>
        tx.clientDirectory.findUnique({ where: { clientId } }),
      );
      return row && { tenantId: row.tenantId, enforcementPointId: row.enforcementPointId };
    },

    async findToken(tokenHash) {
      if (tokenHash === "" || tokenHash.includes("\0")) return null;
      return transaction(async (tx) => {
        await tx.$executeRaw`SELECT set_config('app.token_hash', ${tokenHash}, true)`;
        return tx.enforcementToken.findFirst({
          where: { tokenHash },
          select: {
            tenantId: true,
            tokenHash: true,
            enforcementPointId: true,
            secretId: true,
            sourceIp: true,
            expiresAt: true,
          },
        });
      });
    },

    signIns: createSignInStore(prisma, now),
    ledger: createLedger(ledgerPool, { now, node, darkSources: options.darkSources }),
    auditReader: createAuditReader(ledgerPool),

    async tenantIds() {
      // The app role sees customers only through their practice: there is no way past row-level security, here neither.
      const practices = await prisma.practice.findMany({
        select: { id: true },
        orderBy: { createdAt: "asc" },
      });
      const ids: string[] = [];
      for (const { id } of practices) {
        const customers = await database.withPractice(id, ({ tx }) =>
          tx.customer.findMany({
            where: { practiceId: id, deletedAt: null },
            select: { id: true },
            orderBy: { createdAt: "asc" },
          }),
        );
        for (const customer of customers) ids.push(customer.id);
      }
      return ids;
    },

    historyHorizon: () => historyHorizon(ledgerPool),

    async ping() {
      await pool.query("SELECT 1").catch((cause: unknown) => {
        throw new DatabaseUnavailableError(options.url, cause);
      });
    },

    async close() {
      await prisma.$disconnect();
      await Promise.all([pool.end(), ledgerPool.end()]);
    },
  };
  return database;
}
