import { type Environment, readEnvironment } from "@rollcall/config";
import { LOG_LEVELS } from "@rollcall/observability";

/**
 * What the gateway reads from its environment; nothing else of it touches `process.env`.
 * Throws `ConfigError` with every fault at once.
 */
export function readGatewayConfig(environment: Environment) {
  return readEnvironment(environment, (env) => ({
    databaseUrl: env.secret("DATABASE_URL", {
      what: "PostgreSQL, as the role that owns nothing (rollcall_app)",
    }),
    redisUrl: env.optionalSecret("REDIS_URL"),
    keysDir: env.text("ROLLCALL_KEYS_DIR", { what: "the folder of the installation's keys" }),
    agentListen: env.listen("ROLLCALL_GATEWAY_AGENT_LISTEN", {
      what: "where agents connect",
      fallback: "127.0.0.1:8443",
    }),
    firewallListen: env.listen("ROLLCALL_GATEWAY_FIREWALL_LISTEN", {
      what: "where firewalls connect",
      fallback: "127.0.0.1:8444",
    }),
    statusListen: env.listen("ROLLCALL_GATEWAY_STATUS_LISTEN", {
      what: "where /healthz and /readyz are answered; a loopback address",
      fallback: "127.0.0.1:8445",
    }),
    agentUrl: env.url("ROLLCALL_GATEWAY_AGENT_URL", ["https:"], {
      what: "the address of this gateway as agents reach it; printed into onboarding files",
      fallback: "https://127.0.0.1:8443",
    }),
    firewallAddress: env.text("ROLLCALL_GATEWAY_FIREWALL_ADDRESS", {
      what: "the address of this gateway as firewalls reach it",
      fallback: "127.0.0.1",
    }),
    pushTargets: env.text("ROLLCALL_PUSH_TARGETS", {
      what: "where this gateway may post to firewalls: none, public, or public addresses and prefixes with commas between",
      fallback: "none",
    }),
    gateways: env.integer("ROLLCALL_GATEWAYS", {
      what: "how many gateways this installation runs",
      min: 1,
      max: 64,
      fallback: 1,
    }),
    logLevel: env.oneOf("ROLLCALL_LOG_LEVEL", LOG_LEVELS, {
      what: "the least level that is logged",
      fallback: "info",
    }),
  }));
}

export type GatewayConfig = ReturnType<typeof readGatewayConfig>;
