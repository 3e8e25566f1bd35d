import { createDatabaseForTest, hasRedis, startRedis, startRedisCluster } from "@rollcall/testkit";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBell } from "./bell.ts";
import { createQueues, type QueueFault, type Queues } from "./queues.ts";

const engines: {
  name: "postgres" | "redis" | "a redis cluster";
  open: () => Promise<{ databaseUrl: string; redisUrl?: string }>;
}[] = [{ name: "postgres", open: async () => ({ databaseUrl: (await createDatabaseForTest()).appUrl }) }];
const noDatabase = "postgresql://nobody@127.0.0.1:1/none";
if (hasRedis() || process.env.CI)
  engines.push(
    { name: "redis", open: async () => ({ databaseUrl: noDatabase, redisUrl: (await startRedis()).url }) },
    {
      name: "a redis cluster",
      open: async () => ({ databaseUrl: noDatabase, redisUrl: (await startRedisCluster()).url }),
    },
  );
else
  console.warn(
    "skipped: the queue on Redis, because no redis-server is installed (apt-get install redis-server)",
  );

const tenantId = "0a000000-0000-4000-8000-000000000001";
const jobId = "0b000000-0000-4000-8000-000000000001";

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe.each(engines)("queues on $name", ({ open }) => {
  let queues: Queues;
  const faults: QueueFault[] = [];
  let urls: { databaseUrl: string; redisUrl?: string };

  beforeAll(async () => {
    urls = await open();
    queues = createQueues({ ...urls, onFault: (fault) => faults.push(fault) });
  });
  afterAll(() => queues.close());

  it("hands a job with its defaults filled in to the one who consumes it", async () => {
    const got: unknown[] = [];
    const { open: arrived, opened } = gate();
    await queues.consume("audit-export", async (payload) => {
      got.push(payload);
      arrived();
    });
    await queues.enqueue("audit-export", { tenantId, jobId }, { id: jobId });
    await opened;
    expect(got).toEqual([{ tenantId, jobId, from: null, to: null, format: "jsonl" }]);
  });

  it("refuses a payload that is not the job's before it is queued", async () => {
    await expect(queues.enqueue("audit-export", { tenantId: "no uuid", jobId })).rejects.toThrow();
  });

  it("runs a scheduled job again and again, one at a time", async () => {
    let running = 0;
    let most = 0;
    let runs = 0;
    const { open: enough, opened } = gate();
    const consumer = await queues.consume("expiry-sweep", async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      runs += 1;
      if (runs === 3) enough();
    });
    await queues.schedule("expiry-sweep", {}, 200);
    await queues.schedule("expiry-sweep", {}, 200);
    await opened;
    await consumer.stop();
    expect(most).toBe(1);
  });

  it("tries a failing job again and tells of the failure", async () => {
    const attempts: number[] = [];
    const { open: second, opened } = gate();
    const consumer = await queues.consume("upkeep", async (_payload, { attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error("the disk hiccuped");
      second();
    });
    await queues.enqueue("upkeep", {});
    await opened;
    await consumer.stop();
    expect(attempts).toEqual([1, 2]);
    expect(faults.find((fault) => fault.queue === "upkeep")?.error).toMatchObject({
      message: "the disk hiccuped",
    });
  });

  it("finishes the job in hand before a consumer has stopped", async () => {
    const started = gate();
    const mayEnd = gate();
    let ended = false;
    const consumer = await queues.consume("command-expiry", async (_payload, { signal }) => {
      started.open();
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      await mayEnd.opened;
      ended = true;
    });
    await queues.enqueue("command-expiry", {});
    await started.opened;
    const stopping = consumer.stop();
    mayEnd.open();
    await stopping;
    expect(ended).toBe(true);
  });

  it("rings a bell in every process that listens to the topic, and in no other", async () => {
    const here = createBell(urls);
    const there = createBell(urls);
    await Promise.all([here.ready(), there.ready()]);
    const heard: string[] = [];
    const other: string[] = [];
    const { open: arrived, opened } = gate();
    there.onRing("feed:", (topic) => {
      heard.push(topic);
      // Two topics have no order among each other.
      if (heard.includes("feed:a") && heard.includes("feed:b")) arrived();
    });
    there.onRing("config:", (topic) => other.push(topic));
    for (let i = 0; i < 50; i += 1) here.ring("feed:a");
    here.ring("feed:b");
    await opened;
    await Promise.all([here.close(), there.close()]);
    expect(heard.length).toBeLessThan(50);
    expect(other).toEqual([]);
  });
});

describe("the bell on Postgres", () => {
  it("rings everybody once its lost connection is back, because a ring may have been missed", async () => {
    const database = await createDatabaseForTest();
    const faults: unknown[] = [];
    const bell = createBell({ databaseUrl: database.appUrl, onFault: (error) => faults.push(error) });
    await bell.ready();
    const { open: rung, opened } = gate();
    bell.onRing("feed:", (topic) => {
      if (topic === "feed:") rung();
    });
    const admin = new pg.Client({ connectionString: database.superUrl });
    await admin.connect();
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'LISTEN%'",
    );
    await admin.end();
    await opened;
    const again = gate();
    bell.onRing("feed:x", () => again.open());
    bell.ring("feed:x");
    await again.opened;
    await bell.close();
    expect(faults.length).toBeGreaterThan(0);
  });
});

describe.skipIf(!hasRedis() && !process.env.CI)("the bell on Redis", () => {
  it("rings everybody once its lost connection is back, and is heard again afterwards", async () => {
    const redis = await startRedis();
    const bell = createBell({ redisUrl: redis.url, databaseUrl: noDatabase });
    await bell.ready();
    const { open: rung, opened } = gate();
    bell.onRing("feed:", (topic) => {
      if (topic === "feed:") rung();
    });
    const admin = new Redis(redis.url);
    await admin.client("KILL", "TYPE", "PUBSUB");
    await opened;
    const again = gate();
    bell.onRing("feed:x", (topic) => {
      if (topic === "feed:x") again.open();
    });
    bell.ring("feed:x");
    await again.opened;
    admin.disconnect();
    await bell.close();
  });
});
