import { createIpSet, parseIp } from "@rollcall/identity-core";

/** Addresses that are nobody's on the internet, or that stand for other addresses. */
const NOT_PUBLIC = createIpSet([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
  // Of IPv6 only 2000::/3 is given out; within it Teredo, documentation, and 6to4, which wraps IPv4 addresses.
  "::-1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "4000::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
]);

/**
 * Whether an address is one host of the public internet: not private, link-local (where clouds keep their metadata),
 * loopback, shared, documentation, multicast or reserved, nor a wrapping of one of these.
 *
 * Errors: false for what is no address: who cannot be judged is not posted to.
 * Source: IANA's special-purpose address registries, RFC 6890 (documented).
 */
export function isPublicAddress(text: string): boolean {
  const ip = parseIp(text);
  return ip !== null && !NOT_PUBLIC.has(ip);
}
