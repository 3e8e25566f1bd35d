import { isIPv4, isIPv6 } from "node:net";

/**
 * The network that an address is counted under: /24 of IPv4, /64 of IPv6, what one household or office usually has.
 * What is no address is one network of its own.
 */
export function networkOf(address: string | null): string {
  const plain = address?.replace(/^::ffff:(?=\d+\.)/i, "") ?? "";
  if (isIPv4(plain)) return `${plain.split(".").slice(0, 3).join(".")}.0/24`;
  if (isIPv6(plain)) return `${groupsOf(plain).slice(0, 4).join(":")}::/64`;
  return "unknown";
}

/** Written out, so that two spellings of one network are one. */
function groupsOf(address: string): string[] {
  const [head = "", tail] = (address.split("%")[0] ?? "").toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array.from({ length: gap }, () => "0"), ...after].map((group) =>
    group.replace(/^0+(?=.)/, ""),
  );
}
