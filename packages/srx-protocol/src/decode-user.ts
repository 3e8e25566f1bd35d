import { parseIp } from "@rollcall/identity-core/ip-address";
import type { Parameter } from "./parameters.ts";
import type { UserRequest } from "./request.ts";

const MAX_FIELD = 320;

/**
 * Decodes a user query or push: user id and address, to be answered with groups.
 *
 * Shape:  absent or unreadable fields are null. `DOMAIN\user` and `user@realm` are split where no domain is named.
 * Source: docs/protocol/srx-query.md, "user query" (kind documented; parameters seen in notes).
 */
export function decodeUser(parameters: readonly Parameter[]): UserRequest {
  const ip = pick(parameters, ["ip", "ip_address"]);
  const { user, domain } = splitName(pick(parameters, ["id", "user_id", "user", "username", "user_name"]));
  return {
    kind: "user",
    ip: ip === null ? null : parseIp(ip),
    user,
    domain: pick(parameters, ["domain", "domain_name"]) ?? domain,
  };
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
