import { SecurityFault } from "../auth/security-context.ts";

/** One value of DER: its tag, what is in it, and all of it. Views, not copies. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  readonly raw: Buffer;
}

/** More members than any message of Kerberos has. */
const MEMBERS_MAX = 256;

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;
const GENERAL_STRING = 0x1b;
const GENERALIZED_TIME = 0x18;

/**
 * Reads the value at the head of `bytes`.
 * Errors: `SecurityFault` for a length that is not there, or not definite, or a tag of more than one byte: none of them is
 *         in any message we know.
 * Source: X.690 8.1 and 10 (documented).
 */
export function readDer(bytes: Buffer): DerValue {
  const tag = bytes[0];
  const first = bytes[1];
  if (tag === undefined || first === undefined) throw new SecurityFault("a DER value ends in its head");
  if ((tag & 0x1f) === 0x1f) throw new SecurityFault("a DER tag of several bytes");
  let length = first;
  let headBytes = 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4 || bytes.length < 2 + count)
      throw new SecurityFault("a DER length that is none");
    length = bytes.readUIntBE(2, count);
    headBytes += count;
  }
  if (headBytes + length > bytes.length) throw new SecurityFault("a DER value ends in the middle");
  const raw = bytes.subarray(0, headBytes + length);
  return { tag, content: raw.subarray(headBytes), raw };
}

/** Errors: `SecurityFault` where the value has another tag. */
export function expectTag(value: DerValue | undefined, tag: number, what: string): DerValue {
  if (value?.tag !== tag) throw new SecurityFault(`${what} is missing or of another kind`);
  return value;
}

export function membersOf(value: DerValue): DerValue[] {
  const members: DerValue[] = [];
  for (let rest = value.content; rest.length > 0; ) {
    const member = readDer(rest);
    members.push(member);
    if (members.length > MEMBERS_MAX) throw new SecurityFault("more members than a message has");
    rest = rest.subarray(member.raw.length);
  }
  return members;
}

/** The members of a sequence by their context tags, each opened. */
export function fieldsOf(sequence: DerValue): ReadonlyMap<number, DerValue> {
  expectTag(sequence, SEQUENCE, "a sequence");
  const fields = new Map<number, DerValue>();
  for (const member of membersOf(sequence)) {
    if ((member.tag & 0xe0) !== 0xa0) throw new SecurityFault("a member without a number");
    fields.set(member.tag & 0x1f, readDer(member.content));
  }
  return fields;
}

/** What is inside `[APPLICATION n]`. */
export function applicationOf(bytes: Buffer, number: number, what: string): DerValue {
  return readDer(expectTag(readDer(bytes), 0x60 + number, what).content);
}

export function numberOf(value: DerValue | undefined, what: string): number {
  const { content } = expectTag(value, INTEGER, what);
  if (content.length === 0 || content.length > 6) throw new SecurityFault(`${what} is no number we can hold`);
  return content.readIntBE(0, content.length);
}

export function octetsOf(value: DerValue | undefined, what: string): Buffer {
  return expectTag(value, OCTET_STRING, what).content;
}

export function textOf(value: DerValue | undefined, what: string): string {
  return expectTag(value, GENERAL_STRING, what).content.toString("utf8");
}

const TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/** Milliseconds since 1970. */
export function timeOf(value: DerValue | undefined, what: string): number {
  const match = TIME.exec(expectTag(value, GENERALIZED_TIME, what).content.toString("latin1"));
  if (match === null) throw new SecurityFault(`${what} is no time`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

export function tagged(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.of(tag), lengthBytes(content.length), content]);
}

export const sequence = (...members: readonly Uint8Array[]) => tagged(SEQUENCE, ...members);
export const field = (number: number, value: Uint8Array) => tagged(0xa0 + number, value);
export const application = (number: number, value: Uint8Array) => tagged(0x60 + number, value);
export const octets = (bytes: Uint8Array) => tagged(OCTET_STRING, bytes);
export const text = (value: string) => tagged(GENERAL_STRING, Buffer.from(value, "utf8"));

/** Thirty-two bits, as options of Kerberos are. */
export function bits32(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(value >>> 0, 1);
  return tagged(BIT_STRING, bytes);
}

export function integer(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.unshift(rest % 256);
    rest = Math.floor(rest / 256);
  } while (rest > 0);
  // A first bit that is set would make it negative.
  if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0);
  return tagged(INTEGER, Buffer.from(bytes));
}

export function time(ms: number): Buffer {
  const stamp = `${new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, "")}Z`;
  return tagged(GENERALIZED_TIME, Buffer.from(stamp, "latin1"));
}

function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 + bytes.length, ...bytes]);
}
