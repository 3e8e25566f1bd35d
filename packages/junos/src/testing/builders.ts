import type { JunosInput, JunosOptions } from "../junos-input.ts";

export function someOptions(changes: Partial<JunosOptions> = {}): JunosOptions {
  return {
    logicalSystem: null,
    path: { source: null, interface: null, routingInstance: null },
    caProfile: "ROLLCALL",
    checkCertificate: true,
    certificateStyle: "ca-profile",
    staticHosts: [],
    itemsPerBatch: 500,
    queryIntervalSeconds: 5,
    authenticationEntryTimeoutMinutes: 120,
    invalidAuthenticationEntryTimeoutMinutes: 10,
    ipQuery: true,
    ipQueryDelaySeconds: 15,
    addressBook: "global",
    policy: null,
    deviceIdentity: null,
    traceFile: "rollcall-trace",
    ...changes,
  };
}

export function anInput(changes: Partial<JunosInput> = {}): JunosInput {
  return {
    primary: {
      address: "agent.meridian.example",
      port: 443,
      clientId: "srx-meridian-hq-fw1",
      secret: "Xk29sLq0PzT7aVb4NcM8dRf3GhJ6yWe1UoIi5BnQ",
      caProfile: "ROLLCALL",
    },
    secondary: null,
    filter: { domains: [], includeIp: [], excludeIp: [] },
    options: someOptions(),
    ...changes,
  };
}

export function aSecondary(changes: Partial<JunosInput["primary"]> = {}): JunosInput["primary"] {
  return {
    address: "firewalls.rollcall.example",
    port: 443,
    clientId: "srx-meridian-hq-fw1",
    secret: "Xk29sLq0PzT7aVb4NcM8dRf3GhJ6yWe1UoIi5BnQ",
    caProfile: "ROLLCALL_CLOUD",
    ...changes,
  };
}
