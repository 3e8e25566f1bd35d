declare const brand: unique symbol;
/** A canonical IPv4 or IPv6 address: `::ffff:a.b.c.d` is unmapped, IPv6 is lower case and compressed, no zone. */
export type IpAddress = string & { readonly [brand]: "IpAddress" };

/** An address as a number: 32 bits for IPv4, 128 for IPv6. */
export type IpNumber =
  | { readonly family: 4; readonly value: number }
  | { readonly family: 6; readonly value: bigint };

const V4_MAPPED_PREFIX = 0xffffn;

/**
 * Reads one address. Two spellings of one address give one result, because they must never be two sessions.
 *
 * Shape:  null for anything that is not exactly one address: octal or short IPv4 forms, zones, brackets, ports, spaces.
 * Source: RFC 4291 2.2 (text forms), RFC 5952 (canonical form), documented.
 */
export function parseIp(text: string): IpAddress | null {
  const number = parseIpNumber(text);
  return number === null ? null : formatIp(number);
}

export function parseIpNumber(text: string): IpNumber | null {
  if (text.length > 45) return null;
  if (!text.includes(":")) {
    const value = parseV4(text);
    return value === null ? null : { family: 4, value };
  }
  const value = parseV6(text);
  if (value === null) return null;
  return value >> 32n === V4_MAPPED_PREFIX
    ? { family: 4, value: Number(value & 0xffffffffn) }
    : { family: 6, value };
}

export function formatIp(number: IpNumber): IpAddress {
  return (number.family === 4 ? formatV4(number.value) : formatV6(number.value)) as IpAddress;
}

function parseV4(text: string): number | null {
  let value = 0;
  let octet = -1;
  let dots = 0;
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x2e) {
      if (octet < 0 || ++dots > 3) return null;
      value = value * 256 + octet;
      octet = -1;
      digits = 0;
      continue;
    }
    const digit = code - 0x30;
    if (digit < 0 || digit > 9) return null;
    // A leading zero would be read as octal by some, as decimal by others: it is refused.
    if (digits > 0 && octet === 0) return null;
    octet = (octet < 0 ? 0 : octet) * 10 + digit;
    if (octet > 255 || ++digits > 3) return null;
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : null;
}

function parseV6(text: string): bigint | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0] ?? "", halves.length === 1);
  if (head === null) return null;
  if (halves.length === 1) return head.length === 8 ? join(head) : null;
  const tail = parseGroups(halves[1] ?? "", true);
  if (tail === null || head.length + tail.length > 7) return null;
  return join([...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail]);
}

/** Groups of one side of "::"; an IPv4 tail is allowed only at the very end. */
function parseGroups(text: string, mayEndInV4: boolean): number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.includes(".")) {
      const v4 = mayEndInV4 && index === parts.length - 1 ? parseV4(part) : null;
      if (v4 === null) return null;
      groups.push(Math.floor(v4 / 65_536), v4 % 65_536);
      continue;
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
    groups.push(Number.parseInt(part, 16));
  }
  return groups.length > 8 ? null : groups;
}

function join(groups: readonly number[]): bigint {
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

function formatV4(value: number): string {
  return `${Math.floor(value / 16_777_216)}.${Math.floor(value / 65_536) % 256}.${Math.floor(value / 256) % 256}.${value % 256}`;
}

function formatV6(value: bigint): string {
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((value >> shift) & 0xffffn));
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
    if (length > 0) at += length - 1;
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.at < 0) return hex.join(":");
  return `${hex.slice(0, best.at).join(":")}::${hex.slice(best.at + best.length).join(":")}`;
}
