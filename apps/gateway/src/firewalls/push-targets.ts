import { createIpSet, parseIp, parseIpRange } from "@rollcall/identity-core";
import { isPublicAddress } from "@rollcall/srx-push";

/** Says whether the cloud may post to an address of a firewall. */
export type PushTargets = (ip: string) => boolean;

/**
 * Reads where this installation lets the cloud post to.
 *
 * Shape:  `none`, `public`, or addresses and prefixes with commas between. Whatever is listed, private, local and
 *         reserved addresses are refused: through them one customer could reach what only the gateway may.
 * Errors: null for a text that is none of these.
 */
export function readPushTargets(text: string): PushTargets | null {
  const wanted = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (wanted.length === 0 || (wanted.length === 1 && wanted[0] === "none")) return () => false;
  if (wanted.length === 1 && wanted[0] === "public") return isPublicAddress;
  if (wanted.some((part) => parseIpRange(part) === null)) return null;
  const listed = createIpSet(wanted);
  return (text) => {
    const ip = parseIp(text);
    return ip !== null && listed.has(ip) && isPublicAddress(ip);
  };
}
