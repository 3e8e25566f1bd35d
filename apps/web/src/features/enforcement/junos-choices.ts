import type { BlockId, JunosOptions } from "@rollcall/junos";
import type { Outputs } from "~/trpc/outputs.ts";

/** The sections of the lines in words. */
export const SECTION_WORDS: Readonly<Record<BlockId, string>> = {
  "look-first": "Look first",
  "make-room": "Make room",
  connection: "Connection",
  "second-server": "Second server",
  secrets: "Secrets",
  path: "Path to it",
  certificate: "Certificate check",
  "certificate-file": "Load the CA",
  queries: "Queries and time-outs",
  filters: "Filters",
  "device-identity": "Device identity",
  policy: "Policy example",
  trace: "Trace",
  commit: "Commit",
  verify: "Verify",
  "take-back": "Take back",
};

/** The second server, if it answers on the first one's port: Junos has one port for both. */
export function sameDoor(servers: Outputs["points"]["junos"]["servers"]) {
  return servers?.secondary?.port === servers?.primary.port ? servers?.secondary : null;
}

export function keyOf(server: Outputs["points"]["junos"]["candidates"][number] | null | undefined): string {
  return server === null || server === undefined ? "" : `${server.label} ${server.address}:${server.port}`;
}

/** The options as the API takes them: lists that may be written. */
export function writable(options: JunosOptions) {
  return {
    ...options,
    path: { ...options.path },
    staticHosts: options.staticHosts.map((host) => ({ ...host })),
    policy: options.policy === null ? null : { ...options.policy },
    deviceIdentity:
      options.deviceIdentity === null
        ? null
        : { ...options.deviceIdentity, values: [...options.deviceIdentity.values] },
  };
}
