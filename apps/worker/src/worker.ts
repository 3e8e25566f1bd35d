import { createDatabase } from "@rollcall/db";
import { createErrorReporter, type Logger } from "@rollcall/observability";
import {
  type Consumer,
  createBell,
  createQueues,
  type JobHandler,
  type JobName,
  jobs,
} from "@rollcall/queue";
import type { WorkerConfig } from "./config.ts";
import { exportAudit } from "./jobs/audit-export.ts";
import { expireCommands } from "./jobs/command-expiry.ts";
import { ExpirySweeper } from "./jobs/expiry-sweep.ts";
import type { JobDeps } from "./jobs/job-deps.ts";
import { keepUp } from "./jobs/upkeep.ts";
import type { Part } from "./process/part.ts";

const SECOND_MS = 1000;
/** How often each scheduled job runs, over the whole installation, whatever the number of workers. */
const RHYTHM = { sweepMs: SECOND_MS, commandsMs: 5 * SECOND_MS, upkeepMs: 15 * 60 * SECOND_MS };
const EXPORTS_AT_ONCE = 2;

/** Builds the worker's parts, in the order of starting. */
export function buildWorker(config: WorkerConfig, log: Logger, now: () => number = Date.now): Part[] {
  const report = createErrorReporter({ log });
  const databaseUrl = config.databaseUrl.reveal();
  const redisUrl = config.redisUrl?.reveal();
  const database = createDatabase({
    url: databaseUrl,
    maxConnections: 12,
    node: "worker",
    now,
    onConnectionError: (error) => report(error, { attempted: "keep the connections to the database" }),
  });
  const bell = createBell({
    redisUrl,
    databaseUrl,
    onFault: (error) => report(error, { attempted: "keep the bell's line" }),
  });
  const queues = createQueues({
    redisUrl,
    databaseUrl,
    onFault: ({ queue, error, jobId, attempt }) =>
      report(error, { attempted: `run a job of ${queue}`, fields: { queue, jobId, attempt } }),
  });
  const deps: JobDeps = { database, bell, log, report, now };
  const sweeper = new ExpirySweeper(deps);
  const ownerUrl = config.databaseOwnerUrl?.reveal() ?? null;

  const consumer = <N extends JobName>(
    name: N,
    handler: JobHandler<N>,
    every: number | null,
    concurrency = 1,
  ): Part => {
    let consuming: Consumer | null = null;
    return {
      name,
      async start() {
        consuming = await queues.consume(name, handler, { concurrency });
        if (every !== null) await queues.schedule(name, {} as never, every);
      },
      async stop() {
        await consuming?.stop();
        consuming = null;
      },
    };
  };

  return [
    { name: "database", start: () => database.ping(), stop: () => database.close() },
    { name: "bell", start: () => bell.ready(), stop: () => bell.close() },
    {
      name: "queues",
      async start() {
        log.info({ transport: queues.backend }, "queue opened");
      },
      stop: () => queues.close(),
    },
    { name: "sweeper", start: async () => undefined, stop: async () => sweeper.close() },
    consumer(
      "expiry-sweep",
      async (_payload, { signal }) => {
        await sweeper.run(signal);
      },
      RHYTHM.sweepMs,
    ),
    consumer("command-expiry", (_payload, { signal }) => expireCommands(deps, signal), RHYTHM.commandsMs),
    consumer("upkeep", (_payload, { signal }) => keepUp(deps, ownerUrl, signal), RHYTHM.upkeepMs),
    consumer(
      "audit-export",
      (payload, { signal, attempt }) =>
        exportAudit(deps, payload, { signal, isLastAttempt: attempt >= jobs["audit-export"].attempts }),
      null,
      EXPORTS_AT_ONCE,
    ),
  ];
}
