import { parseIp } from "@rollcall/identity-core/ip-address";
import type { Parameter } from "./parameters.ts";
import type { ReportedState, UserRequest } from "./request.ts";

const MAX_FIELD = 320;

/**
 * Decodes a user query or push: user id and address, to be answered with groups.
 *
 * Shape:  absent or unreadable fields are null. `DOMAIN\\user` and `user@realm` are split; what the name carries goes
 *         before a domain that is named beside it only where that one is empty. `state` from any of `state`, `event`,
 *         `action`, `operation`, also with a word before or behind; words that contradict each other are unknown.
 * Source: docs/protocol/srx-query.md, "user query" (kind documented; parameters seen in notes; words of states assumed).
 */
export function decodeUser(parameters: readonly Parameter[]): UserRequest {
  const ip = pick(parameters, ["ip", "ip_address", "ipaddress", "source_ip", "client_ip"]);
  const { user, domain } = splitName(
    pick(parameters, ["id", "user_id", "userid", "user", "username", "user_name"]),
  );
  return {
    kind: "user",
    ip: ip === null ? null : parseIp(ip),
    user,
    domain: pick(parameters, ["domain", "domain_name"]) ?? domain,
    state: stateOf(parameters),
  };
}

const STATE_KEY = /^(?:[a-z]{1,32}_){0,3}(?:state|event|action|operation)(?:_(?:type|name|id))?$/;
/** Words with everything but letters left out. */
const STATES: ReadonlyMap<string, ReportedState> = new Map([
  ...["logon", "login", "loggedin", "signin", "authenticated", "success", "add", "create", "new"].map(
    (word) => [word, "portal"] as const,
  ),
  ...["logoff", "logout", "loggedoff", "loggedout", "signout", "delete", "remove"].map(
    (word) => [word, "portal-logoff"] as const,
  ),
  ...["connect", "connected", "start", "started", "up", "established", "online"].map(
    (word) => [word, "connect"] as const,
  ),
  ...["rekey", "rekeyed", "refresh", "renew", "renewed", "update", "updated", "reauth", "interim"].map(
    (word) => [word, "rekey"] as const,
  ),
  ...[
    "disconnect",
    "disconnected",
    "terminate",
    "terminated",
    "stop",
    "stopped",
    "down",
    "closed",
    "offline",
    "ended",
  ].map((word) => [word, "disconnect"] as const),
]);

function stateOf(parameters: readonly Parameter[]): ReportedState {
  let state: ReportedState | null = null;
  for (const { key, value } of parameters) {
    if (key.length > 128 || !STATE_KEY.test(key) || value.trim() === "") continue;
    const said =
      STATES.get(
        value
          .slice(0, MAX_FIELD)
          .toLowerCase()
          .replaceAll(/[^a-z]/g, ""),
      ) ?? "unknown";
    if (state !== null && state !== said) return "unknown";
    state = said;
  }
  return state ?? "portal";
}

function pick(parameters: readonly Parameter[], keys: readonly string[]): string | null {
  for (const wanted of keys) {
    const value = parameters.find(({ key }) => key === wanted)?.value.trim() ?? "";
    if (value !== "" && value.length <= MAX_FIELD) return value;
  }
  return null;
}

function splitName(name: string | null): { readonly user: string | null; readonly domain: string | null } {
  if (name === null) return { user: null, domain: null };
  const backslash = name.indexOf("\\");
  if (backslash > 0 && backslash < name.length - 1) {
    return { user: name.slice(backslash + 1), domain: name.slice(0, backslash) };
  }
  const at = name.lastIndexOf("@");
  if (at > 0 && at < name.length - 1) return { user: name.slice(0, at), domain: name.slice(at + 1) };
  return { user: name, domain: null };
}
