import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { migrateDeploy } from "./migrate-deploy.ts";
import { startPostgres } from "./services.ts";

/**
 * Do prisma/schema.prisma and prisma/migrations agree? Applies all migrations, as rollcall_owner, to a database
 * made for this purpose and lets Prisma compare.
 *
 *   node scripts/schema-drift.ts           exit code 0: they agree; 1: prints what differs
 *   node scripts/schema-drift.ts --print   prints the SQL that a next migration needs, to be put into
 *                                          prisma/migrations/<UTC time>_<name>/migration.sql and completed by hand:
 *                                          policy and grants for each new table (the catalogue test names them)
 *
 * Not `prisma migrate dev`: it would want a role that may create databases, and migrations here refuse superusers.
 */
const root = path.resolve(import.meta.dirname, "..");
const shouldPrint = process.argv.includes("--print");
const folder = mkdtempSync(path.join(tmpdir(), "rollcall-drift-"));
// As root the server runs as another user, who must be able to enter.
chmodSync(folder, 0o755);
const server = await startPostgres({ dataDir: folder, isDurable: false, isThrowAway: true });
let status: number;
try {
  await migrateDeploy(server.ownerUrl);
  const how = shouldPrint ? ["--script"] : ["--exit-code"];
  const run = spawnSync(
    process.execPath,
    [
      path.join(root, "node_modules", "prisma", "build", "index.js"),
      "migrate",
      "diff",
      "--from-config-datasource",
      "--to-schema",
      path.join(root, "prisma", "schema.prisma"),
      ...how,
    ],
    { cwd: root, encoding: "utf8", env: { ...process.env, DATABASE_URL: server.ownerUrl } },
  );
  process.stdout.write(run.stdout);
  if (run.status !== 0) process.stderr.write(run.stderr);
  status = run.status ?? 1;
  if (!shouldPrint && status === 0) console.log("schema and migrations agree");
  if (!shouldPrint && status === 2)
    console.error("prisma/schema.prisma and prisma/migrations differ as said above.");
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(status === 2 ? 1 : status);
