import { isIP } from "node:net";

/**
 * The browser's address by `X-Forwarded-For`, counted from the right: what stands further left was written by whoever
 * asked. `hops` is how many proxies of ours stand in front, at least one (Next itself writes the peer's address where
 * nobody stands in front).
 */
export function forwardedIp(header: string | null | undefined, hops: number): string | null {
  const addresses = (header ?? "").split(",").map((part) => part.trim());
  const address = addresses.at(-Math.max(1, hops))?.replace(/^::ffff:(?=\d+\.)/i, "") ?? "";
  return isIP(address) === 0 ? null : address;
}
