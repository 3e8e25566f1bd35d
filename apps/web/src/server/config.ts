import { readEnvironment } from "@rollcall/config";
import { LOG_LEVELS } from "@rollcall/observability";

/**
 * What the portal reads from its environment; nothing else of it touches `process.env`.
 * Throws `ConfigError` with every fault at once, at the first request and not at the build.
 */
export function readPortalConfig() {
  return readEnvironment(process.env, (env) => ({
    databaseUrl: env.secret("DATABASE_URL", {
      what: "PostgreSQL, as the role that owns nothing (rollcall_app)",
    }),
    redisUrl: env.optionalSecret("REDIS_URL"),
    keysDir: env.text("ROLLCALL_KEYS_DIR", { what: "the folder of the installation's keys" }),
    /** Where browsers reach the portal: the only origin that may change anything. */
    portalUrl: env.url("NEXTAUTH_URL", ["http:", "https:"], {
      what: "the portal's address as browsers reach it",
    }),
    secret: env.secret("NEXTAUTH_SECRET", { what: "32 random bytes for next-auth's own cookies" }),
    /** Only behind a proxy of one's own: then the last address it added is the browser's. */
    isBehindProxy: env.flag("ROLLCALL_BEHIND_PROXY", {
      what: "whether a proxy stands in front and sets X-Forwarded-For",
      fallback: false,
    }),
    agentUrl: env.url("ROLLCALL_GATEWAY_AGENT_URL", ["https:"], {
      what: "the gateway as agents reach it; printed into onboarding files",
      fallback: "https://127.0.0.1:8443",
    }),
    firewallAddress: env.text("ROLLCALL_GATEWAY_FIREWALL_ADDRESS", {
      what: "the gateway as firewalls reach it",
      fallback: "127.0.0.1",
    }),
    firewallPort: env.integer("ROLLCALL_GATEWAY_FIREWALL_PORT", {
      what: "the gateway's port for firewalls",
      min: 1,
      max: 65_535,
      fallback: 8444,
    }),
    logLevel: env.oneOf("ROLLCALL_LOG_LEVEL", LOG_LEVELS, {
      what: "the least level that is logged",
      fallback: "info",
    }),
  }));
}

export type PortalConfig = ReturnType<typeof readPortalConfig>;
