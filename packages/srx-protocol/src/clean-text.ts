import { truncateUtf8 } from "./utf8.ts";

/** What was changed in a text before a firewall was told it. */
export type CleaningFlag = "control-characters" | "truncated" | "roles-capped";

/** Names, domains, groups: what fits the firewall's fields (65 bytes with the terminator), unless its profile says otherwise. */
export const MAX_NAME_BYTES = 64;
export const MAX_ROLES = 200;

// C0, DEL, C1, line and paragraph separators, marks that turn the direction of writing, byte order mark, the two
// characters that XML cannot hold, lone surrogates.
const UNSENDABLE =
  /[\p{Cc}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;
const ASCII_PRINTABLE = /^[\x20-\x7e]*$/;

/**
 * Makes a name fit to be told: no control characters, at most `maxBytes` of UTF-8.
 *
 * Shape:  what was changed is added to `flags`; case is left alone.
 * Source: docs/protocol/srx-query.md, "names" (field limits documented by the command line's schema; cleaning assumed).
 */
export function cleanName(text: string, flags: Set<CleaningFlag>, maxBytes = MAX_NAME_BYTES): string {
  if (text.length <= maxBytes && ASCII_PRINTABLE.test(text)) return text;
  const plain = text.replace(UNSENDABLE, "");
  if (plain !== text) flags.add("control-characters");
  const short = truncateUtf8(plain, maxBytes);
  if (short !== plain) flags.add("truncated");
  return short;
}

/** Cleans each role, drops empties and repeats (compared without case), keeps the first 200: the entry lists the important ones first. */
export function cleanRoles(groups: readonly string[], flags: Set<CleaningFlag>): string[] {
  const roles: string[] = [];
  const seen = new Set<string>();
  for (const group of groups) {
    const role = cleanName(group, flags);
    const key = role.toLowerCase();
    if (role === "" || seen.has(key)) continue;
    if (roles.length === MAX_ROLES) {
      flags.add("roles-capped");
      break;
    }
    seen.add(key);
    roles.push(role);
  }
  return roles;
}
