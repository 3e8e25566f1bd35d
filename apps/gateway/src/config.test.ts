import { ConfigError } from "@rollcall/config";
import { describe, expect, it } from "vitest";
import { readGatewayConfig } from "./config.ts";

const needed = {
  DATABASE_URL: "postgresql://rollcall_app:hunter2@127.0.0.1/rollcall",
  ROLLCALL_KEYS_DIR: "/keys",
};

describe("the gateway's configuration", () => {
  it("needs a database and a keys folder; the rest is as in development", () => {
    expect(readGatewayConfig(needed)).toMatchObject({
      redisUrl: null,
      agentListen: { host: "127.0.0.1", port: 8443 },
      firewallListen: { host: "127.0.0.1", port: 8444 },
      agentUrl: "https://127.0.0.1:8443",
      gateways: 1,
    });
    expect(readGatewayConfig({ ...needed, REDIS_URL: "" }).redisUrl).toBeNull();
  });

  it("tells every fault at once, and shows no password, neither in a fault nor when printed", () => {
    const read = () =>
      readGatewayConfig({
        ROLLCALL_GATEWAYS: "0",
        ROLLCALL_GATEWAY_AGENT_URL: "http://x",
        ROLLCALL_LOG_LEVEL: "loud",
      });
    expect(read).toThrow(ConfigError);
    for (const name of [
      "DATABASE_URL",
      "ROLLCALL_KEYS_DIR",
      "ROLLCALL_GATEWAYS",
      "ROLLCALL_GATEWAY_AGENT_URL",
      "ROLLCALL_LOG_LEVEL",
    ])
      expect(read).toThrow(name);
    expect(JSON.stringify(readGatewayConfig(needed))).not.toContain("hunter2");
  });
});
