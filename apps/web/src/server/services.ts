import "server-only";
import { type ApiServices, createRateLimiter } from "@rollcall/api";
import { createDatabase } from "@rollcall/db";
import { createErrorReporter, createLogger } from "@rollcall/observability";
import { openInstallationKeys } from "@rollcall/pki";
import { createBell, createQueues } from "@rollcall/queue";
import { type PortalConfig, readPortalConfig } from "./config.ts";

export interface Portal {
  readonly config: PortalConfig;
  readonly services: ApiServices;
  readonly isSecure: boolean;
}

/** One per process; Next may load this module more than once. */
const holder = globalThis as { rollcallPortal?: Promise<Portal> };

export function portal(): Promise<Portal> {
  holder.rollcallPortal ??= build().catch((error: unknown) => {
    // The next request tries again: a database that is not up yet must not need a restart of the portal.
    holder.rollcallPortal = undefined;
    throw error;
  });
  return holder.rollcallPortal;
}

async function build(): Promise<Portal> {
  const config = readPortalConfig();
  const log = createLogger({ name: "portal", level: config.logLevel });
  const databaseUrl = config.databaseUrl.reveal();
  const redisUrl = config.redisUrl?.reveal();
  const keys = await openInstallationKeys(config.keysDir);
  const reportError = createErrorReporter({ log });
  const onFault = (error: unknown) => void reportError(error, { attempted: "use the queue or the bell" });
  const database = createDatabase({
    url: databaseUrl,
    maxConnections: 16,
    node: "portal",
    onConnectionError: (error) => void reportError(error, { attempted: "keep a database connection" }),
  });
  const stopping = new AbortController();
  process.once("SIGTERM", () => stopping.abort());
  return {
    config,
    isSecure: config.portalUrl.startsWith("https:"),
    services: {
      database,
      bell: createBell({ redisUrl, databaseUrl, onFault }),
      queues: createQueues({ redisUrl, databaseUrl, onFault: ({ error }) => onFault(error) }),
      keys,
      gateway: {
        agentUrl: config.agentUrl,
        firewallAddress: config.firewallAddress,
        firewallPort: config.firewallPort,
      },
      log,
      reportError,
      limiter: createRateLimiter({ now: Date.now }),
      stopping: stopping.signal,
      now: Date.now,
    },
  };
}
