import { type Environment, readEnvironment } from "@rollcall/config";
import { LOG_LEVELS } from "@rollcall/observability";

/**
 * What the worker reads from its environment; nothing else of it touches `process.env`.
 * Throws `ConfigError` with every fault at once.
 */
export function readWorkerConfig(environment: Environment) {
  return readEnvironment(environment, (env) => ({
    databaseUrl: env.secret("DATABASE_URL", {
      what: "PostgreSQL, as the role that owns nothing (rollcall_app)",
    }),
    /** Only for making the coming months of logon history; each deployment makes two years of them without it. */
    databaseOwnerUrl: env.optionalSecret("DATABASE_OWNER_URL"),
    redisUrl: env.optionalSecret("REDIS_URL"),
    logLevel: env.oneOf("ROLLCALL_LOG_LEVEL", LOG_LEVELS, { what: "how much is logged", fallback: "info" }),
    stopBudgetMs: env.integer("ROLLCALL_STOP_BUDGET_MS", {
      what: "how long the job in hand may take at the end",
      fallback: 20_000,
      min: 1000,
      max: 600_000,
    }),
  }));
}

export type WorkerConfig = ReturnType<typeof readWorkerConfig>;
