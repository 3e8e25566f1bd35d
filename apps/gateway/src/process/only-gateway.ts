import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@rollcall/observability";
import pg from "pg";
import type { Part } from "./part.ts";

/** Any number, the same in all gateways: the lock is what they share. */
const LOCK = 7_655_255_001;
/** A gateway that is being replaced keeps its lock until its connection ends. */
const PATIENCE_MS = 12_000;
const RETRY_MS = 500;

export class SecondGatewayError extends Error {
  readonly code = "second-gateway";
  constructor() {
    super(
      "Another gateway runs on this database, and one of the two has no REDIS_URL: several gateways need Redis to hear of each other's changes. Set REDIS_URL for all of them, or stop the other one.",
    );
    this.name = "SecondGatewayError";
  }
}

export class RedisNeededError extends Error {
  readonly code = "redis-needed";
  constructor(gateways: number) {
    super(
      `ROLLCALL_GATEWAYS is ${gateways}, and several gateways need Redis: set REDIS_URL, or ROLLCALL_GATEWAYS=1.`,
    );
    this.name = "RedisNeededError";
  }
}

export class DatabaseUnreachableError extends Error {
  readonly code = "database-unreachable";
  constructor(databaseUrl: string, cause: unknown) {
    super(
      `reach PostgreSQL at ${withoutSecret(databaseUrl)}: ${reasonOf(cause)}; start it, or mend DATABASE_URL.`,
      { cause },
    );
    this.name = "DatabaseUnreachableError";
  }
}

/**
 * Makes sure that a gateway without Redis is the only one on its database.
 *
 * Holds an advisory lock for as long as the process runs: alone without Redis, shared with it. So either order of
 * starting two unequal gateways is noticed. A lost connection is opened again; while it is away nothing is refused.
 */
export function onlyGatewayWithoutRedis(options: {
  readonly databaseUrl: string;
  readonly hasRedis: boolean;
  readonly gateways: number;
  readonly log: Logger;
  readonly patienceMs?: number;
}): Part {
  const { log, hasRedis } = options;
  const statement = `SELECT pg_try_advisory_lock${hasRedis ? "_shared" : ""}($1) AS held`;
  let client: pg.Client | null = null;
  let isStopped = false;

  async function connect(): Promise<boolean> {
    const made = new pg.Client({
      connectionString: options.databaseUrl,
      keepAlive: true,
      application_name: "rollcall-gateway",
    });
    made.on("error", (error) => {
      log.warn({ err: error }, "the connection that holds the gateways' lock was lost");
      void reconnect();
    });
    await made.connect();
    const { rows } = await made.query<{ held: boolean }>(statement, [LOCK]);
    if (rows[0]?.held) {
      client = made;
      return true;
    }
    await made.end();
    return false;
  }

  async function reconnect(): Promise<void> {
    client = null;
    while (!isStopped && !client) {
      await sleep(RETRY_MS);
      const isHeld = await connect().catch(() => null);
      if (isHeld === false)
        log.error({ err: new SecondGatewayError() }, "two gateways run and one has no Redis");
    }
  }

  return {
    name: "gateways' lock",
    async start() {
      if (options.gateways > 1 && !hasRedis) throw new RedisNeededError(options.gateways);
      const until = performance.now() + (options.patienceMs ?? PATIENCE_MS);
      const firstTry = () =>
        connect().catch((cause: unknown) => {
          throw new DatabaseUnreachableError(options.databaseUrl, cause);
        });
      while (!(await firstTry())) {
        if (performance.now() >= until) throw new SecondGatewayError();
        await sleep(RETRY_MS);
      }
    },
    async stop() {
      isStopped = true;
      const held = client;
      client = null;
      await held?.end();
    },
  };
}

/** Host, port and name of a database's address; never its password. */
function withoutSecret(databaseUrl: string): string {
  if (!URL.canParse(databaseUrl)) return "the address in DATABASE_URL, which is no URL";
  const { host, pathname } = new URL(databaseUrl);
  return `${host}${pathname}`;
}

/** A connection tried over several addresses fails with several reasons and no text of its own. */
function reasonOf(cause: unknown): string {
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error && first.message !== "" ? first.message : String(first);
}
