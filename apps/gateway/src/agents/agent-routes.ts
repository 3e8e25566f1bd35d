import type { Database } from "@rollcall/db";
import type { Logger } from "@rollcall/observability";
import type { InstallationKeys } from "@rollcall/pki";
import type { DeviceRings } from "../process/device-rings.ts";
import type { Route } from "./agent-server.ts";
import { ok, refuse } from "./answer.ts";
import { commandAnswered, commands } from "./commands.ts";
import { configuration, configurationApplied } from "./configuration.ts";
import { downlink } from "./downlink.ts";
import { enrol } from "./enrol.ts";
import { newNonce } from "./enrol-nonce.ts";
import { noteFileRead } from "./file-read.ts";
import { issueFirewallCertificate } from "./firewall-certificate.ts";
import type { HealthDesk } from "./health.ts";
import type { RateLimit } from "./rate-limit.ts";
import { renew } from "./renew.ts";
import { openStream, takeBatch } from "./stream.ts";
import type { TrustedSources } from "./trusted-sources.ts";

export interface AgentRouteDeps {
  readonly database: Database;
  readonly keys: InstallationKeys;
  readonly rings: DeviceRings;
  readonly trusted: TrustedSources;
  readonly health: HealthDesk;
  readonly unknownTokenNotes: RateLimit;
  readonly streamUrl: string;
  readonly log: Logger;
  readonly now: () => number;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Every message of `@rollcall/agent-protocol` and who takes it. Only the first two are open to strangers. */
export function agentRoutes(deps: AgentRouteDeps): Route[] {
  return [
    {
      method: "GET",
      path: "/v1/enrol/nonce",
      door: "open",
      handle: async ({ query }) => {
        await noteFileRead(deps, query);
        const now = deps.now();
        return ok({ nonce: newNonce(deps.keys.nonceMac, now), serverTime: now });
      },
    },
    {
      method: "POST",
      path: "/v1/enrol",
      door: "open",
      handle: (call) => enrol(deps, call.body, call.sourceIp),
    },
    {
      method: "POST",
      path: "/v1/renew",
      door: "renewal",
      handle: (call, agent, identity) => renew(deps, agent, identity, call.body, call.sourceIp),
    },
    {
      method: "POST",
      path: "/v1/firewall-certificate",
      door: "agent",
      handle: (call, agent) => issueFirewallCertificate(deps, agent, call.body),
    },
    {
      method: "POST",
      path: "/v1/streams/open",
      door: "agent",
      handle: (call, agent) => openStream(deps, agent, call.body),
    },
    {
      method: "POST",
      path: "/v1/streams/{}/batches",
      door: "agent",
      handle: async (call, agent) =>
        call.variable === "live"
          ? takeBatch(deps, agent, call.variable, call.body)
          : refuse(404, { code: "stream-unknown", message: "This agent has no stream of that name." }),
    },
    {
      method: "GET",
      path: "/v1/config",
      door: "agent",
      handle: (call, agent) => configuration(deps, agent, call.query, call.signal),
    },
    {
      method: "POST",
      path: "/v1/config/applied",
      door: "agent",
      handle: (call, agent) => configurationApplied(deps, agent, call.body),
    },
    {
      method: "GET",
      path: "/v1/commands",
      door: "agent",
      handle: (call, agent) => commands(deps, agent, call.query, call.signal),
    },
    {
      method: "POST",
      path: "/v1/commands/{}",
      door: "agent",
      handle: async (call, agent) =>
        UUID.test(call.variable)
          ? commandAnswered(deps, agent, call.variable, call.body)
          : refuse(404, { code: "command-unknown", message: "This agent has no command of that id." }),
    },
    {
      method: "GET",
      path: "/v1/downlink",
      door: "agent",
      handle: (call, agent) => downlink(deps, agent, call.query, call.signal),
    },
    {
      method: "POST",
      path: "/v1/health",
      door: "agent",
      handle: (call, agent) => deps.health.take(agent, call.body, call.sourceIp),
    },
  ];
}
