import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import pg from "pg";
import { describe, expect, it } from "vitest";
import {
  createDatabaseForTest,
  hasRedis,
  ServiceUnavailableError,
  startPostgres,
  withTempDir,
} from "./index.ts";
import { migrateDeploy, startPostgresAt, startRedisAt } from "./testing/services.ts";

async function ask<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

/** The one sentence a person would read. */
async function sentenceOf(starting: Promise<unknown>): Promise<string> {
  const error = await starting.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ServiceUnavailableError);
  return (error as Error).message;
}

async function waitUntilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("Postgres on this machine", () => {
  it("keeps its data and its passwords from one start to the next", async () => {
    await withTempDir(async (dataDir) => {
      const first = await startPostgresAt({ dataDir });
      await ask(first.ownerUrl, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");
      await first.stop();
      const second = await startPostgresAt({ dataDir });
      expect(await ask(second.ownerUrl, "SELECT n FROM kept")).toEqual([{ n: 1 }]);
      await second.stop();
      await second.stop();
    });
  });

  it("lets nobody in without the generated password, and keeps that from other users", async () => {
    await withTempDir(async (dataDir) => {
      const running = await startPostgresAt({ dataDir });
      for (const url of [running.superUrl, running.ownerUrl, running.appUrl]) {
        const wrong = new URL(url);
        wrong.password = "guess";
        await expect(ask(wrong.toString(), "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
      }
      const roles = await ask(
        running.superUrl,
        "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname LIKE 'rollcall%' ORDER BY 1",
      );
      const plain = { rolsuper: false, rolbypassrls: false, rolcreatedb: false };
      expect(roles).toEqual([
        { rolname: "rollcall_app", ...plain },
        { rolname: "rollcall_owner", ...plain },
      ]);
      await running.stop();
      const file = path.join(dataDir, "postgres-passwords.json");
      expect(statSync(file).mode & 0o777).toBe(0o600);
      rmSync(file);
      expect(await sentenceOf(startPostgresAt({ dataDir }))).toContain("put the file back, or remove");
    });
  });

  it("says who holds a taken port, and that another start uses the same data", async () => {
    await withTempDir(async (dataDir) => {
      const squatter = createServer().listen(0, "127.0.0.1");
      await once(squatter, "listening");
      const address = squatter.address();
      const port = typeof address === "object" && address ? address.port : 0;
      const sentence = await sentenceOf(startPostgresAt({ dataDir, port }));
      expect(sentence).toContain(`PostgreSQL cannot listen on 127.0.0.1:${port}`);
      if (process.platform === "linux") expect(sentence).toContain(`(pid ${process.pid})`);
      squatter.close();
      const running = await startPostgresAt({ dataDir });
      expect(await sentenceOf(startPostgresAt({ dataDir }))).toContain(`pid ${running.pid}`);
      await running.stop();
    });
  });

  it("stops with the process that started it, even when that one is killed", async () => {
    await withTempDir(async (dataDir) => {
      const script = `import { startPostgresAt } from ${JSON.stringify(path.join(import.meta.dirname, "testing/services.ts"))};
        const running = await startPostgresAt({ dataDir: ${JSON.stringify(dataDir)} });
        console.log(running.pid);
        setInterval(() => {}, 1000);`;
      const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await once(child.stdout, "data")) as [Buffer];
      const pid = Number(line.toString());
      expect(pid).toBeGreaterThan(0);
      child.kill("SIGKILL");
      await waitUntilGone(pid);
      expect(existsSync(path.join(dataDir, "postgres-passwords.json"))).toBe(true);
    });
  });

  it("gives each test a migrated database of its own", async () => {
    const one = await createDatabaseForTest();
    const two = await createDatabaseForTest();
    await ask(one.ownerUrl, "INSERT INTO practice (id, slug, name) VALUES (gen_random_uuid(), 'a', 'A')");
    expect(await ask(one.appUrl, "SELECT slug FROM practice")).toEqual([{ slug: "a" }]);
    expect(await ask(two.appUrl, "SELECT slug FROM practice")).toEqual([]);
    await one.drop();
    await expect(ask(one.appUrl, "SELECT 1")).rejects.toMatchObject({ code: "3D000" });
  });
});

/** A disk of one's own, where the machine lets us have one (root on Linux). */
function mountSmallDisk(folder: string, megabytes: number): boolean {
  return (
    spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0755`, "tmpfs", folder]).status === 0
  );
}

describe("a disk that will not do", () => {
  it("is named when it is full, and when it may not be written to", async ({ skip }) => {
    await withTempDir(async (folder) => {
      const disk = path.join(folder, "disk");
      mkdirSync(disk);
      if (!mountSmallDisk(disk, 12)) skip("mounting a small disk needs root on Linux");
      try {
        expect(await sentenceOf(startPostgresAt({ dataDir: disk }))).toBe(
          `The disk of ${disk}/pg18 is full: free some space, then start again.`,
        );
        spawnSync("mount", ["-o", "remount,ro", disk]);
        expect(await sentenceOf(startPostgresAt({ dataDir: path.join(disk, "data") }))).toContain(
          "may not write",
        );
      } finally {
        spawnSync("umount", [disk]);
      }
    });
  });
});

describe("migrating", () => {
  it("is done once by several at a time, and is nothing the next time", async () => {
    const cluster = await startPostgres();
    const name = `migrate_${process.pid}`;
    await ask(cluster.superUrl, `CREATE DATABASE ${name} OWNER rollcall_owner`);
    const url = new URL(cluster.ownerUrl);
    url.pathname = `/${name}`;
    const applied = await Promise.all([1, 2, 3].map(() => migrateDeploy(url.toString())));
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
    expect(await migrateDeploy(url.toString())).toEqual([]);
  });

  it("refuses a superuser, whose tables would escape row-level security, and leaves nothing behind", async () => {
    const cluster = await startPostgres();
    const name = `super_${process.pid}`;
    await ask(cluster.superUrl, `CREATE DATABASE ${name}`);
    const url = new URL(cluster.superUrl);
    url.pathname = `/${name}`;
    await expect(migrateDeploy(url.toString())).rejects.toThrow(/migrate as a plain owner role/);
    expect(
      await ask(
        url.toString(),
        "SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'",
      ),
    ).toEqual([]);
  });

  it("stops at a migration that was changed after it had been applied", async () => {
    const database = await createDatabaseForTest();
    await ask(database.ownerUrl, "UPDATE _prisma_migrations SET checksum = 'another'");
    await expect(migrateDeploy(database.ownerUrl)).rejects.toThrow(/was changed after it had been applied/);
  });
});

describe.skipIf(!hasRedis() && !process.env.CI)("Redis on this machine", () => {
  it("starts on loopback, keeps what BullMQ needs kept, and stops", async () => {
    await withTempDir(async (dataDir) => {
      const running = await startRedisAt({ dataDir });
      if (!running) throw new Error("no redis-server is installed: apt-get install redis-server");
      expect(running.url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
      expect(readFileSync(`/proc/${running.pid}/cmdline`, "utf8")).toMatch(/redis|valkey/);
      await running.stop();
      await waitUntilGone(running.pid);
    });
  });
});
