import { createHash } from "node:crypto";

/** An identity has at most 200 characters; a longer one is told by its hash. */
const READABLE_LENGTH_MAX = 190;
const RULE_LENGTH_MAX = 100;

/** Identity of a derived observation: the rule, and what it follows from. */
export function derivedIdentity(
  rule: string,
  follows: string,
): { readonly id: string; readonly recordId: string } {
  const readable = `${rule}|${follows.replaceAll("#", ".")}`;
  const recordId =
    readable.length <= READABLE_LENGTH_MAX
      ? readable
      : `${rule.slice(0, RULE_LENGTH_MAX)}|${createHash("sha256").update(readable).digest("base64url")}`;
  return { id: `${recordId}#0`, recordId };
}
