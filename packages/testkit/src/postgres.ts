import { randomBytes } from "node:crypto";
import pg from "pg";
import { makeTempDir } from "./temp-dir.ts";
import { migrateDeploy, type RunningPostgres, startPostgresAt } from "./testing/services.ts";

export interface TestDatabase {
  readonly name: string;
  /** The administrator, on this database: for looking and for making trouble, never for the code under test. */
  readonly superUrl: string;
  readonly ownerUrl: string;
  readonly appUrl: string;
  drop(): Promise<void>;
}

let shared: Promise<RunningPostgres> | undefined;
let template: Promise<string> | undefined;

/**
 * A throw-away Postgres for this test process, started at the first call and shared by the later ones.
 *
 * Shape:  give `dir` for a cluster of your own (to kill, to fill); its `stop` stops it. The shared one ends with
 *         the process, so its `stop` does nothing. Migrate it with `migrate`, or take `createDatabaseForTest`.
 */
export async function startPostgres(options: { readonly dir?: string } = {}): Promise<RunningPostgres> {
  if (options.dir !== undefined) return startPostgresAt({ dataDir: options.dir, isDurable: false });
  shared ??= startPostgresAt({ dataDir: makeTempDir("rollcall-pg-"), isDurable: false, isThrowAway: true });
  const running = await shared;
  return { ...running, stop: async () => {} };
}

/** Brings a database to the newest schema. */
export async function migrate(ownerUrl: string): Promise<void> {
  await migrateDeploy(ownerUrl);
}

/** A migrated database of one's own, copied from a template: about 0.1 s. Drop it, or leave it to the end of the process. */
export async function createDatabaseForTest(): Promise<TestDatabase> {
  const cluster = await startPostgres();
  template ??= makeTemplate(cluster);
  const from = await template;
  const name = `test_${randomBytes(6).toString("hex")}`;
  await asAdministrator(cluster, `CREATE DATABASE ${name} TEMPLATE ${from} OWNER rollcall_owner`);
  return {
    name,
    superUrl: onDatabase(cluster.superUrl, name),
    ownerUrl: onDatabase(cluster.ownerUrl, name),
    appUrl: onDatabase(cluster.appUrl, name),
    drop: () => asAdministrator(cluster, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function makeTemplate(cluster: RunningPostgres): Promise<string> {
  const name = "rollcall_template";
  await asAdministrator(cluster, `CREATE DATABASE ${name} OWNER rollcall_owner`);
  await migrate(onDatabase(cluster.ownerUrl, name));
  return name;
}

function onDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.toString();
}

async function asAdministrator(cluster: RunningPostgres, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: cluster.superUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
