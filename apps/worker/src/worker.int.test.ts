import { randomUUID } from "node:crypto";
import { createDatabase, type Database, type LedgerItem } from "@rollcall/db";
import { type SeededTenant, seedTenant } from "@rollcall/db/testing";
import { type IpAddress, parseIp } from "@rollcall/identity-core";
import { createLogger } from "@rollcall/observability";
import { type Bell, createBell, createQueues, type Queues } from "@rollcall/queue";
import { createDatabaseForTest, hasRedis, startRedis, type TestDatabase } from "@rollcall/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyChain } from "../../../tools/audit-verify/src/verify-chain.ts";
import { readWorkerConfig } from "./config.ts";
import { supervise } from "./process/supervise.ts";
import { buildWorker } from "./worker.ts";

const engines = ["postgres", ...(hasRedis() || process.env.CI ? ["redis"] : [])] as const;
if (engines.length === 1)
  console.warn("skipped: the worker with Redis, because no redis-server is installed");

const address = (text: string): IpAddress => parseIp(text) ?? (text as never);

describe.each(engines)("the worker with its queue on %s", (engine) => {
  let store: TestDatabase;
  let database: Database;
  let ids: SeededTenant;
  let bell: Bell;
  let queues: Queues;
  let skipMs = 0;
  const lines: string[] = [];
  const end = new AbortController();
  let ended: Promise<number>;
  const now = () => Date.now() + skipMs;

  beforeAll(async () => {
    store = await createDatabaseForTest();
    ids = await seedTenant(store.superUrl);
    const redisUrl = engine === "redis" ? (await startRedis()).url : "";
    const environment = {
      DATABASE_URL: store.appUrl,
      REDIS_URL: redisUrl,
      DATABASE_OWNER_URL: store.ownerUrl,
    };
    database = createDatabase({ url: store.appUrl, now });
    bell = createBell({ redisUrl, databaseUrl: store.appUrl });
    queues = createQueues({ redisUrl, databaseUrl: store.appUrl });
    await bell.ready();
    const log = createLogger({
      name: "worker",
      level: "debug",
      destination: { write: (line) => lines.push(line) },
    });
    const ready = new Promise<void>((resolve) => {
      ended = supervise(buildWorker(readWorkerConfig(environment), log, now), {
        log,
        until: end.signal,
        stopBudgetMs: 20_000,
        onReady: resolve,
      });
    });
    await ready;
  });
  afterAll(async () => {
    end.abort();
    await ended;
    await Promise.all([queues.close(), bell.close()]);
    await database.close();
  });

  const heard = (topic: string) =>
    new Promise<void>((resolve) => {
      const stop = bell.onRing(topic, () => {
        stop();
        resolve();
      });
    });

  it("ends a session within a second of its time and rings the firewalls' bell", async () => {
    const { tenantId, agentId, addressSpaceId } = ids;
    const opened = await database.ledger.openStream({
      tenantId,
      agentId,
      lane: "live",
      spoolId: randomUUID(),
      bootId: randomUUID(),
      epoch: 0,
      nextSeq: 1,
      oldestRetained: 1,
    });
    const at = now();
    const item: LedgerItem = {
      seq: 1,
      kind: "observation",
      observation: {
        id: "r1#0",
        recordId: "r1",
        sourceId: "vpn",
        family: "syslog",
        addressSpaceId,
        ip: address("10.20.0.7"),
        kind: "user",
        verb: "start",
        class: "A",
        effectiveAt: at,
        receivedAt: at,
        lifetimeMs: 600_000,
        principal: { name: "ana", domain: "corp" },
        correlator: null,
        rule: "syslog:test",
      },
    };
    await database.ledger.commitBatch({
      tenantId,
      agentId,
      lane: "live",
      epoch: opened.epoch,
      first: 1,
      last: 1,
      items: [item],
    });
    bell.ring(`feed:${tenantId}`);
    const rung = heard(`portal:${tenantId}`);
    skipMs = 600_001;
    bell.ring(`feed:${tenantId}`);
    await rung;
    const feed = await database.ledger.readFeed(tenantId, 0, 10);
    expect(
      feed.kind === "page" &&
        feed.entries.map((entry) => [entry.revision, entry.user?.name ?? entry.unknownBecause]),
    ).toEqual([
      [1, "ana"],
      [2, "expired"],
    ]);
  });

  it("marks a command whose deadline has passed as expired", async () => {
    const { tenantId, agentId } = ids;
    const id = randomUUID();
    const rung = heard(`portal:${tenantId}`);
    await database.withTenant(tenantId, ({ tx }) =>
      tx.agentCommand.create({
        data: { tenantId, id, agentId, kind: "tail", command: {}, deadline: new Date(now() - 1) },
      }),
    );
    await rung;
    const found = await database.withTenant(tenantId, ({ tx }) =>
      tx.agentCommand.findFirst({ where: { tenantId, id } }),
    );
    expect(found?.state).toBe("expired");
  });

  it.each(["jsonl", "csv"] as const)(
    "exports the audit log as %s, with its progress and its last hash",
    async (format) => {
      const { tenantId } = ids;
      await database.withTenant(
        tenantId,
        async (handle) => {
          for (let i = 1; i <= 1203; i += 1)
            handle.audit({
              actor: { kind: "user", id: "u1", name: "Ana" },
              action: "test.count",
              object: { kind: "number", id: String(i), name: `number ${i}` },
              result: "done",
              detail: { after: { i } },
            });
        },
        { timeoutMs: 60_000 },
      );
      const id = randomUUID();
      await database.withTenant(tenantId, ({ tx }) =>
        tx.job.create({ data: { tenantId, id, kind: "audit-export" } }),
      );
      const find = () =>
        database.withTenant(tenantId, ({ tx }) => tx.job.findFirst({ where: { tenantId, id } }));
      await queues.enqueue("audit-export", { tenantId, jobId: id, format }, { id });
      let job = await find();
      while (job?.state !== "done") {
        await heard(`portal:${tenantId}`);
        job = await find();
      }
      const head = await database.auditReader.head(tenantId);
      expect(job.message).toContain(head?.hash);
      expect(job.progress).toBe(job.total);
      expect(job.resultName).toMatch(new RegExp(`^audit-customer-.*\\.${format}$`));
      const text = Buffer.from(job.result ?? [])
        .toString("utf8")
        .split("\n")
        .filter((line) => line !== "");
      expect(text).toHaveLength((head?.n ?? 0) + (format === "csv" ? 1 : 0));
      if (format === "jsonl")
        expect((await verifyChain(text, { anchor: head?.hash ?? "" })).findings).toEqual([]);
    },
  );

  it("keeps retention: expired results are gone, and suggestions that nobody decided in a month", async () => {
    const { tenantId, agentId } = ids;
    const day = 86_400_000;
    const suggestion = (subject: string, state: string, daysAgo: number) => {
      const seenAt = new Date(now() - daysAgo * day);
      const about = {
        kind: "service-account",
        subject,
        evidence: {},
        firstSeenAt: seenAt,
        lastSeenAt: seenAt,
      };
      return { tenantId, agentId, state, ...about };
    };
    await database.withTenant(tenantId, async ({ tx }) => {
      await tx.job.create({
        data: {
          tenantId,
          id: randomUUID(),
          kind: "audit-export",
          state: "done",
          expiresAt: new Date(now() - 1),
        },
      });
      await tx.suggestion.createMany({
        data: [
          suggestion("new", "open", 29),
          suggestion("old", "open", 31),
          suggestion("older", "automatic", 31),
          suggestion("decided", "dismissed", 400),
        ],
      });
    });
    await queues.enqueue("upkeep", {}, { id: randomUUID() });
    while ((await queues.counts("upkeep")).waiting + (await queues.counts("upkeep")).active > 0)
      await new Promise((resolve) => setImmediate(resolve));
    const left = await database.withTenant(tenantId, ({ tx }) =>
      tx.job.count({ where: { tenantId, expiresAt: { lt: new Date(now()) } } }),
    );
    expect(left).toBe(0);
    const kept = await database.withTenant(tenantId, ({ tx }) =>
      tx.suggestion.findMany({ where: { tenantId }, orderBy: { subject: "asc" } }),
    );
    expect(kept.map(({ subject }) => subject)).toEqual(["decided", "new"]);
    expect(lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });
});

describe("the worker's configuration", () => {
  it("names every fault of the environment at once", () => {
    expect(() => readWorkerConfig({ ROLLCALL_LOG_LEVEL: "loud", ROLLCALL_STOP_BUDGET_MS: "soon" })).toThrow(
      /DATABASE_URL[\s\S]*ROLLCALL_LOG_LEVEL[\s\S]*ROLLCALL_STOP_BUDGET_MS/,
    );
  });
});
