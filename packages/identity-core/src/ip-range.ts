import { type IpAddress, type IpNumber, parseIpNumber } from "./ip-address.ts";

/** Addresses from `first` to `last`, both included, of one family. */
export type IpRange =
  | { readonly family: 4; readonly first: number; readonly last: number }
  | { readonly family: 6; readonly first: bigint; readonly last: bigint };

/**
 * Reads an address, a CIDR prefix (`10.0.0.0/8`, `fd00::/8`, also `10.0.0.0/255.0.0.0`) or a range (`a-b`).
 * Null where it is none of these. Host bits of a prefix are ignored: `10.1.2.3/8` is `10.0.0.0/8`.
 */
export function parseIpRange(text: string): IpRange | null {
  const trimmed = text.trim();
  const dash = trimmed.indexOf("-");
  if (dash > 0) {
    const first = parseIpNumber(trimmed.slice(0, dash).trim());
    const last = parseIpNumber(trimmed.slice(dash + 1).trim());
    if (first === null || last === null) return null;
    if (first.family === 4 && last.family === 4 && first.value <= last.value)
      return { family: 4, first: first.value, last: last.value };
    if (first.family === 6 && last.family === 6 && first.value <= last.value)
      return { family: 6, first: first.value, last: last.value };
    return null;
  }
  const slash = trimmed.indexOf("/");
  const address = parseIpNumber(slash < 0 ? trimmed : trimmed.slice(0, slash));
  if (address === null) return null;
  const width = address.family === 4 ? 32 : 128;
  const bits = slash < 0 ? width : prefixBits(trimmed.slice(slash + 1), address.family);
  if (bits === null) return null;
  // "::ffff:10.0.0.0/104" is an IPv4 prefix in IPv6 clothes; its bits count from the IPv6 side.
  const isMapped = address.family === 4 && trimmed.includes(":") && slash >= 0;
  return prefixRange(address, isMapped ? bits - 96 : bits);
}

function prefixBits(text: string, family: 4 | 6): number | null {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  const mask = family === 4 ? parseIpNumber(text) : null;
  if (mask === null || mask.family !== 4) return null;
  for (let bits = 0; bits <= 32; bits++) if (mask.value === 2 ** 32 - 2 ** (32 - bits)) return bits;
  return null;
}

function prefixRange(address: IpNumber, bits: number): IpRange | null {
  if (address.family === 4) {
    if (bits < 0 || bits > 32) return null;
    const size = 2 ** (32 - bits);
    const first = Math.floor(address.value / size) * size;
    return { family: 4, first, last: first + size - 1 };
  }
  if (bits < 0 || bits > 128) return null;
  const host = BigInt(128 - bits);
  const first = (address.value >> host) << host;
  return { family: 6, first, last: first + (1n << host) - 1n };
}

export function rangeContains(range: IpRange, ip: IpAddress): boolean {
  const number = parseIpNumber(ip);
  if (number === null) return false;
  if (range.family === 4)
    return number.family === 4 && number.value >= range.first && number.value <= range.last;
  return number.family === 6 && number.value >= range.first && number.value <= range.last;
}

/** Many ranges, asked in logarithmic time. */
export interface IpSet {
  readonly isEmpty: boolean;
  has(ip: IpAddress): boolean;
}

/**
 * Makes a set of addresses, prefixes and ranges. A text that is none of these is left out:
 * callers check with `parseIpRange` where a person typed it.
 */
export function createIpSet(texts: readonly string[]): IpSet {
  const v4: { first: number; last: number }[] = [];
  const v6: { first: bigint; last: bigint }[] = [];
  for (const text of texts) {
    const range = parseIpRange(text);
    if (range === null) continue;
    if (range.family === 4) v4.push({ first: range.first, last: range.last });
    else v6.push({ first: range.first, last: range.last });
  }
  const merged4 = merge(v4);
  const merged6 = merge(v6);
  return {
    isEmpty: merged4.length === 0 && merged6.length === 0,
    has(ip) {
      const number = parseIpNumber(ip);
      if (number === null) return false;
      return number.family === 4 ? holds(merged4, number.value) : holds(merged6, number.value);
    },
  };
}

function merge<N extends number | bigint>(ranges: { first: N; last: N }[]): { first: N; last: N }[] {
  const sorted = ranges.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const merged: { first: N; last: N }[] = [];
  for (const range of sorted) {
    const previous = merged.at(-1);
    if (previous && range.first <= previous.last) {
      if (range.last > previous.last) previous.last = range.last;
    } else merged.push({ ...range });
  }
  return merged;
}

function holds<N extends number | bigint>(ranges: readonly { first: N; last: N }[], value: N): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (!range) return false;
    if (value < range.first) high = middle - 1;
    else if (value > range.last) low = middle + 1;
    else return true;
  }
  return false;
}

const neverASession = createIpSet([
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/128",
  "::1/128",
  "fe80::/10",
  "ff00::/8",
]);

/**
 * Addresses that are nobody's seat: unspecified, loopback, link-local, multicast, reserved and broadcast.
 * Source: the session law (4), documented ranges of RFC 6890.
 */
export function isNeverASession(ip: IpAddress): boolean {
  return neverASession.has(ip);
}

/** A /8 of IPv4, a /16 of IPv6: `0.0.0.0/0` would be the whole world, and half of it is no better. */
const WIDEST_V4 = 2 ** 24;
const WIDEST_V6 = 1n << 112n;

/** Whether a range is so wide that computers in it were hardly meant to be asked: a login must not be carried to everybody. */
export function isTooWideToAsk(text: string): boolean {
  const range = parseIpRange(text);
  if (range === null) return false;
  return range.family === 4 ? range.last - range.first >= WIDEST_V4 : range.last - range.first >= WIDEST_V6;
}
