import { formatIp, parseIpNumber } from "@rollcall/identity-core/ip-address";

/**
 * Under which name a stranger's address is counted: an IPv6 address by its /64, any other text by itself.
 *
 * Whoever has a /64, and each line into a home has one, has more addresses than could be counted.
 * Shape:  an address in its one spelling; gives the network as `2001:db8::/64`.
 */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const number = parseIpNumber(address);
  if (number === null || number.family === 4) return address;
  return `${formatIp({ family: 6, value: (number.value >> 64n) << 64n })}/64`;
}
