import { randomUUID } from "node:crypto";
import {
  createPostgresBackend,
  type Job,
  Queue,
  type QueueOptions,
  Worker,
  type WorkerOptions,
} from "bullmq";
import pg from "pg";
import { type JobInput, type JobName, type JobPayload, jobs } from "./jobs.ts";
import { QUEUE_SCHEMA } from "./prepare-queue-schema.ts";
import { connectRedis, type RedisConnection } from "./redis-connection.ts";

export interface QueuesOptions {
  /** Empty or absent: the queue lives in Postgres. Several addresses, separated by commas: a Redis Cluster. */
  readonly redisUrl?: string | undefined;
  /** As rollcall_app; the schema `bullmq` was prepared by the migration. */
  readonly databaseUrl: string;
  /** Told of every failed job and of every lost connection. */
  readonly onFault?: (fault: QueueFault) => void;
}

export interface QueueFault {
  readonly queue: string;
  readonly error: unknown;
  readonly jobId?: string;
  readonly attempt?: number;
}

export interface JobContext {
  /** Starts at 1. */
  readonly attempt: number;
  /** Aborted when the worker is told to stop. */
  readonly signal: AbortSignal;
}

export type JobHandler<N extends JobName> = (payload: JobPayload<N>, context: JobContext) => Promise<void>;

/**
 * Jobs in and out, typed by name.
 *
 * Shape:  `enqueue` with an `id` puts a job in once, however often it is called while that one is kept.
 *         `schedule` is the same on every worker: the last one to start sets the rhythm, and one job runs at a time.
 * Errors: a payload that is not the job's is thrown by `enqueue`, and fails the job on the other side.
 */
export interface Queues {
  readonly backend: "redis" | "postgres";
  enqueue<N extends JobName>(
    name: N,
    payload: JobInput<N>,
    options?: { id?: string; delayMs?: number },
  ): Promise<string>;
  schedule<N extends JobName>(name: N, payload: JobInput<N>, everyMs: number): Promise<void>;
  consume<N extends JobName>(
    name: N,
    handler: JobHandler<N>,
    options?: { concurrency?: number },
  ): Promise<Consumer>;
  /** How many wait, run and have failed. */
  counts(name: JobName): Promise<{ waiting: number; active: number; delayed: number; failed: number }>;
  close(): Promise<void>;
}

export interface Consumer {
  /** Takes no more jobs and waits for the running ones. */
  stop(): Promise<void>;
}

/** One hash tag for all keys, so that each queue's keys lie on one node of a Redis Cluster. */
const PREFIX = "{bull}";
const KEPT_COMPLETED = { age: 24 * 3600, count: 200 };
const KEPT_FAILED = { age: 14 * 24 * 3600, count: 500 };

type AnyQueue = Queue<unknown, unknown, string>;
type AnyWorker = Worker<unknown, void, string>;

/** Makes BullMQ objects on whichever engine is configured. The casts end here: its types follow its default engine. */
interface Engine {
  readonly kind: "redis" | "postgres";
  queue(name: string): AnyQueue;
  worker(
    name: string,
    work: (job: Job<unknown, void, string>) => Promise<void>,
    concurrency: number,
  ): AnyWorker;
  close(): Promise<void>;
}

export function createQueues(options: QueuesOptions): Queues {
  const onFault = options.onFault ?? (() => {});
  const engine = options.redisUrl
    ? redisEngine(options.redisUrl, onFault)
    : postgresEngine(options.databaseUrl, onFault);
  const open = new Map<JobName, AnyQueue>();
  const consumers = new Set<Consumer>();

  function queueOf(name: JobName): AnyQueue {
    const known = open.get(name);
    if (known) return known;
    const queue = engine.queue(name);
    queue.on("error", (error) => onFault({ queue: name, error }));
    open.set(name, queue);
    return queue;
  }

  return {
    backend: engine.kind,

    async enqueue(name, payload, settings) {
      const data = jobs[name].payload.parse(payload);
      const job = await queueOf(name).add(name, data, {
        attempts: jobs[name].attempts,
        backoff: { type: "exponential", delay: 2000 },
        removeOnComplete: KEPT_COMPLETED,
        removeOnFail: KEPT_FAILED,
        // Always an id of ours: BullMQ on Postgres numbers jobs by a sequence per queue, which our role may not create.
        jobId: settings?.id ?? randomUUID(),
        ...(settings?.delayMs === undefined ? {} : { delay: settings.delayMs }),
      });
      return job.id ?? "";
    },

    async schedule(name, payload, everyMs) {
      const data = jobs[name].payload.parse(payload);
      await queueOf(name).upsertJobScheduler(
        name,
        { every: everyMs },
        {
          name,
          data,
          opts: { removeOnComplete: true, removeOnFail: KEPT_FAILED, attempts: jobs[name].attempts },
        },
      );
    },

    async consume(name, handler, settings) {
      const stopping = new AbortController();
      const worker = engine.worker(
        name,
        async (job) => {
          const payload = jobs[name].payload.parse(job.data) as JobPayload<typeof name>;
          await handler(payload, { attempt: job.attemptsMade + 1, signal: stopping.signal });
        },
        settings?.concurrency ?? 1,
      );
      worker.on("error", (error) => onFault({ queue: name, error }));
      worker.on("failed", (job, error) =>
        onFault({ queue: name, error, jobId: job?.id ?? "", attempt: job?.attemptsMade ?? 0 }),
      );
      await worker.waitUntilReady();
      const consumer: Consumer = {
        async stop() {
          if (!consumers.delete(consumer)) return;
          stopping.abort();
          await worker.close();
        },
      };
      consumers.add(consumer);
      return consumer;
    },

    async counts(name) {
      const counts = await queueOf(name).getJobCounts("waiting", "active", "delayed", "failed");
      return {
        waiting: counts.waiting ?? 0,
        active: counts.active ?? 0,
        delayed: counts.delayed ?? 0,
        failed: counts.failed ?? 0,
      };
    },

    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      await Promise.all([...open.values()].map((queue) => queue.close()));
      open.clear();
      await engine.close();
    },
  };
}

function redisEngine(redisUrl: string, onFault: (fault: QueueFault) => void): Engine {
  const connections: RedisConnection[] = [];
  const connection = (queue: string) => {
    const opened = connectRedis(redisUrl, (error) => onFault({ queue, error }));
    connections.push(opened);
    return opened;
  };
  return {
    kind: "redis",
    queue: (name) => new Queue(name, { prefix: PREFIX, connection: connection(name) }),
    worker: (name, work, concurrency) =>
      new Worker(name, work, { prefix: PREFIX, connection: connection(name), concurrency }),
    async close() {
      for (const opened of connections.splice(0)) opened.disconnect();
    },
  };
}

function postgresEngine(databaseUrl: string, onFault: (fault: QueueFault) => void): Engine {
  // One pool for all queues. Each worker keeps one connection of it for LISTEN, hence the head room.
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: Object.keys(jobs).length + 6,
    keepAlive: true,
    options: `-c search_path=${QUEUE_SCHEMA}`,
  });
  // A lost connection fails its statement, if it runs one; without listeners it would end the process as well.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", (error) => onFault({ queue: "postgres", error })));
  type Opened = { queue: AnyQueue; worker: AnyWorker };
  return {
    kind: "postgres",
    queue: (name) =>
      new Queue(
        name,
        { connection: pool } as unknown as QueueOptions<pg.Pool>,
        createPostgresBackend as never,
      ) as unknown as Opened["queue"],
    worker: (name, work, concurrency) =>
      new Worker(
        name,
        work,
        { connection: pool, concurrency } as unknown as WorkerOptions<pg.Pool>,
        createPostgresBackend as never,
      ) as unknown as Opened["worker"],
    async close() {
      await pool.end();
    },
  };
}
