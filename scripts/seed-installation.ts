import { createRateLimiter } from "@rollcall/api";
import { createDatabase } from "@rollcall/db";
import { createErrorReporter, createLogger } from "@rollcall/observability";
import { openInstallationKeys } from "@rollcall/pki";
import { createBell, createQueues } from "@rollcall/queue";
import { type SeededDemonstration, seed } from "../prisma/seed.ts";

export interface SeededInstallation {
  readonly demonstration: SeededDemonstration | null;
  close(): Promise<void>;
}

/** Opens what the use cases need, seeds, and leaves it open until `close`: the demonstration still asks for files. */
export async function seedInstallation(options: {
  readonly env: NodeJS.ProcessEnv;
  readonly demonstration: boolean;
  readonly admin: { readonly email: string; readonly password: string };
  readonly remembered: { readonly clientId?: string | undefined; readonly clientSecret?: string | undefined };
}): Promise<SeededInstallation> {
  const { env } = options;
  const databaseUrl = env.DATABASE_URL ?? "";
  const redisUrl = env.REDIS_URL || undefined;
  const log = createLogger({ name: "seed", level: "warn" });
  const stopping = new AbortController();
  const database = createDatabase({ url: databaseUrl, maxConnections: 4, node: "start" });
  const bell = createBell({ redisUrl, databaseUrl });
  const queues = createQueues({ redisUrl, databaseUrl });
  const close = async () => {
    stopping.abort();
    await Promise.all([bell.close(), queues.close()]);
    await database.close();
  };
  try {
    const { demonstration } = await seed({
      services: {
        database,
        bell,
        queues,
        keys: await openInstallationKeys(env.ROLLCALL_KEYS_DIR ?? ""),
        gateway: {
          agentUrl: env.ROLLCALL_GATEWAY_AGENT_URL ?? "",
          firewallAddress: env.ROLLCALL_GATEWAY_FIREWALL_ADDRESS ?? "127.0.0.1",
          firewallPort: Number(env.ROLLCALL_GATEWAY_FIREWALL_PORT ?? "8444"),
        },
        log,
        reportError: createErrorReporter({ log }),
        limiter: createRateLimiter({ now: Date.now }),
        stopping: stopping.signal,
        now: Date.now,
      },
      admin: options.admin,
      demonstration: options.demonstration,
      remembered: options.remembered,
    });
    return { demonstration, close };
  } catch (error) {
    await close();
    throw error;
  }
}
