import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { keepHistoryPartitions } from "../packages/db/src/history-partitions.ts";
import { prepareQueueSchema } from "../packages/queue/src/prepare-queue-schema.ts";

export interface MigrateOptions {
  readonly folder?: string;
  readonly log?: (line: string) => void;
}

const ownFolder = path.resolve(import.meta.dirname, "..", "prisma", "migrations");
/** The lock that `prisma migrate` takes too, so that the two never run at once. */
const PRISMA_LOCK = 72_707_369;

/**
 * Applies prisma/migrations/<name>/migration.sql in order of name, then makes the next months of
 * logon history and brings the queue's schema up to date.
 * Keeps the same table and checksums as `prisma migrate deploy`, without the CLI: `prisma migrate status` agrees.
 *
 * Shape:  the names that were applied. Each migration is one transaction: it is there whole or not at all.
 * Errors: throws with the migration's name and the server's message; a second call tries it again.
 */
export async function migrateDeploy(ownerUrl: string, options: MigrateOptions = {}): Promise<string[]> {
  const folder = options.folder ?? ownFolder;
  const log = options.log ?? (() => {});
  const url = new URL(ownerUrl);
  url.searchParams.delete("schema");
  const client = new pg.Client({ connectionString: url.toString() });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [PRISMA_LOCK]);
    await client.query(`CREATE TABLE IF NOT EXISTS _prisma_migrations (
      id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
      migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
      started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`);
    const { rows } = await client.query<{
      migration_name: string;
      checksum: string;
      finished_at: Date | null;
    }>("SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL");
    const unfinished = rows.find((row) => row.finished_at === null);
    if (unfinished)
      throw new Error(
        `migration ${unfinished.migration_name} was left unfinished: look at the database, then run prisma migrate resolve --rolled-back ${unfinished.migration_name}`,
      );
    const checksums = new Map(rows.map((row) => [row.migration_name, row.checksum]));
    const applied: string[] = [];
    for (const name of readdirSync(folder).sort()) {
      const file = path.join(folder, name, "migration.sql");
      if (!existsSync(file)) continue;
      const sql = readFileSync(file, "utf8");
      const checksum = createHash("sha256").update(sql).digest("hex");
      const known = checksums.get(name);
      if (known !== undefined && known !== checksum)
        throw new Error(
          `migration ${name} was changed after it had been applied: put its text back and add a new migration`,
        );
      if (known !== undefined) continue;
      await applyOne(client, name, sql, checksum);
      applied.push(name);
    }
    await keepHistoryPartitions(client);
    await prepareQueueSchema(client, "rollcall_app");
    log(applied.length ? `database migrated: ${applied.join(", ")}` : "the database is up to date");
    return applied;
  } finally {
    await client.end();
  }
}

async function applyOne(client: pg.Client, name: string, sql: string, checksum: string): Promise<void> {
  const id = randomUUID();
  await client.query("INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)", [
    id,
    checksum,
    name,
  ]);
  try {
    // One simple query with many statements is one transaction.
    await client.query(sql);
  } catch (error) {
    await client.query("UPDATE _prisma_migrations SET logs = $2, rolled_back_at = now() WHERE id = $1", [
      id,
      String(error),
    ]);
    throw new Error(
      `migration ${name} was not applied: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
  await client.query(
    "UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = $1",
    [id],
  );
}

if (import.meta.main) {
  const ownerUrl = process.env.DATABASE_OWNER_URL;
  if (!ownerUrl) {
    console.error("rollcall: set DATABASE_OWNER_URL to the database as rollcall_owner, then run this again.");
    process.exit(2);
  }
  try {
    await migrateDeploy(ownerUrl, { log: console.log });
  } catch (error) {
    console.error(`rollcall: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
