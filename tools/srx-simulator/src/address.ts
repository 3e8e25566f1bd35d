import { isIP } from "node:net";

/**
 * Gives an address its one spelling, so that two spellings never become two entries.
 *
 * Shape: IPv4 as it is, IPv6 compressed in lower case, IPv4-mapped IPv6 as IPv4; `null` when the text is
 *        no address.
 */
export function canonicalAddress(text: string): string | null {
  const trimmed = text.trim();
  if (isIP(trimmed) === 4) return trimmed;
  // A zone ("%eth0") means something on one machine only.
  if (isIP(trimmed) !== 6 || trimmed.includes("%")) return null;
  const compressed = new URL(`http://[${trimmed}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(compressed);
  if (!mapped) return compressed;
  const high = Number.parseInt(mapped[1] ?? "0", 16);
  const low = Number.parseInt(mapped[2] ?? "0", 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** Orders addresses for reading: IPv4 by number, then IPv6 by text. */
export function compareAddresses(a: string, b: string): number {
  const left = numberOf(a);
  const right = numberOf(b);
  if (left !== null && right !== null) return left - right;
  if (left !== null) return -1;
  if (right !== null) return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function numberOf(address: string): number | null {
  if (address.includes(":")) return null;
  // Multiply, never shift: a 32-bit shift turns 128.0.0.0 and above negative.
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}
