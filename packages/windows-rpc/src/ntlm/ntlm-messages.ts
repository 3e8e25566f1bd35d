import { SecurityFault } from "../auth/security-context.ts";

export const NTLM_FLAG = {
  unicode: 0x0000_0001,
  requestTarget: 0x0000_0004,
  sign: 0x0000_0010,
  seal: 0x0000_0020,
  ntlm: 0x0000_0200,
  alwaysSign: 0x0000_8000,
  targetIsDomain: 0x0001_0000,
  extendedSession: 0x0008_0000,
  targetInfo: 0x0080_0000,
  version: 0x0200_0000,
  key128: 0x2000_0000,
  keyExchange: 0x4000_0000,
  key56: 0x8000_0000,
} as const;

/** What we ask for: 0xe2888235. Source: [MS-NLMP] 2.2.2.5 (documented); taken by Samba (captured). */
export const OFFERED_FLAGS = Object.entries(NTLM_FLAG)
  .filter(([name]) => name !== "targetIsDomain")
  .reduce((flags, [, flag]) => (flags | flag) >>> 0, 0);

export const AV = {
  end: 0,
  computer: 1,
  domain: 2,
  dnsComputer: 3,
  dnsDomain: 4,
  flags: 6,
  timestamp: 7,
  targetName: 9,
  channelBindings: 10,
} as const;

/** One fact of a server about itself, in the order of the wire. */
export interface AvPair {
  readonly id: number;
  readonly value: Buffer;
}

const SIGNATURE = Buffer.from("NTLMSSP\0", "latin1");
/** Windows 10 in its shape, revision 15 of the protocol. Informative only. Source: [MS-NLMP] 2.2.2.10 (documented). */
const VERSION = Buffer.from([10, 0, 0x61, 0x4a, 0, 0, 0, 15]);
const AV_PAIRS_MAX = 64;
/** Our own messages and those of Windows have some hundred bytes. */
const MESSAGE_BYTES_MAX = 32 * 1024;

export interface ChallengeMessage {
  readonly flags: number;
  readonly serverChallenge: Buffer;
  readonly targetName: string;
  readonly pairs: readonly AvPair[];
}

export interface AuthenticateMessage {
  readonly flags: number;
  readonly lmResponse: Buffer;
  readonly ntResponse: Buffer;
  readonly domain: string;
  readonly user: string;
  readonly workstation: string;
  readonly encryptedKey: Buffer;
  /** Sixteen bytes; null where the message has no room for it. */
  readonly mic: Buffer | null;
}

const NEGOTIATE_BYTES = 40;
const CHALLENGE_BYTES = 56;
const AUTHENTICATE_BYTES = 88;
const MIC_AT = 72;

export function encodeNegotiate(flags: number): Buffer {
  const bytes = begin(NEGOTIATE_BYTES, 1);
  bytes.writeUInt32LE(flags, 12);
  bytes.set(VERSION, 32);
  return bytes;
}

/** The flags a client asks for. Errors: `SecurityFault`. */
export function decodeNegotiate(message: Uint8Array): number {
  const bytes = open(message, 1, 16);
  return bytes.readUInt32LE(12);
}

export function encodeChallenge(challenge: ChallengeMessage): Buffer {
  const bytes = begin(CHALLENGE_BYTES, 2);
  const target = wide(challenge.targetName);
  const info = encodePairs(challenge.pairs);
  writeField(bytes, 12, target.length, CHALLENGE_BYTES);
  bytes.writeUInt32LE(challenge.flags, 20);
  bytes.set(challenge.serverChallenge, 24);
  writeField(bytes, 40, info.length, CHALLENGE_BYTES + target.length);
  bytes.set(VERSION, 48);
  return Buffer.concat([bytes, target, info]);
}

/** Errors: `SecurityFault`. Source: [MS-NLMP] 2.2.1.2 (documented); captured from Samba. */
export function decodeChallenge(message: Uint8Array): ChallengeMessage {
  const bytes = open(message, 2, 48);
  return {
    flags: bytes.readUInt32LE(20),
    serverChallenge: bytes.subarray(24, 32),
    targetName: readField(bytes, 12).toString("utf16le"),
    pairs: decodePairs(readField(bytes, 40)),
  };
}

export function encodeAuthenticate(message: AuthenticateMessage): Buffer {
  const bytes = begin(AUTHENTICATE_BYTES, 3);
  const [domain, user, workstation] = [wide(message.domain), wide(message.user), wide(message.workstation)];
  const fields = [
    [28, domain],
    [36, user],
    [44, workstation],
    [12, message.lmResponse],
    [20, message.ntResponse],
    [52, message.encryptedKey],
  ] as const;
  let at = AUTHENTICATE_BYTES;
  for (const [field, value] of fields) {
    writeField(bytes, field, value.length, at);
    at += value.length;
  }
  bytes.writeUInt32LE(message.flags, 60);
  bytes.set(VERSION, 64);
  if (message.mic !== null) bytes.set(message.mic, MIC_AT);
  return Buffer.concat([bytes, ...fields.map(([, value]) => value)]);
}

/** Errors: `SecurityFault`. Source: [MS-NLMP] 2.2.1.3 (documented); captured from impacket and rpcclient. */
export function decodeAuthenticate(message: Uint8Array): AuthenticateMessage {
  const bytes = open(message, 3, 64);
  const firstPayload = Math.min(...[12, 20, 28, 36, 44, 52].map((field) => payloadStart(bytes, field)));
  return {
    lmResponse: readField(bytes, 12),
    ntResponse: readField(bytes, 20),
    domain: readField(bytes, 28).toString("utf16le"),
    user: readField(bytes, 36).toString("utf16le"),
    workstation: readField(bytes, 44).toString("utf16le"),
    encryptedKey: readField(bytes, 52),
    flags: bytes.readUInt32LE(60),
    mic:
      firstPayload >= AUTHENTICATE_BYTES && bytes.length >= AUTHENTICATE_BYTES
        ? bytes.subarray(MIC_AT, MIC_AT + 16)
        : null,
  };
}

/** A copy with zeros for its MIC, which is how the MIC is computed. */
export function withoutMic(message: Uint8Array): Buffer {
  const copy = Buffer.from(message);
  copy.fill(0, MIC_AT, MIC_AT + 16);
  return copy;
}

export function setMic(message: Buffer, mic: Uint8Array): void {
  message.set(mic, MIC_AT);
}

export function encodePairs(pairs: readonly AvPair[]): Buffer {
  const parts = pairs.map(({ id, value }) => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(id, 0);
    head.writeUInt16LE(value.length, 2);
    return Buffer.concat([head, value]);
  });
  return Buffer.concat([...parts, Buffer.alloc(4)]);
}

/** Without the one that ends them. Errors: `SecurityFault` where none does. */
export function decodePairs(bytes: Buffer): AvPair[] {
  const pairs: AvPair[] = [];
  // Servers of another age send no pairs at all.
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length || pairs.length > AV_PAIRS_MAX)
      throw new SecurityFault("target information without an end");
    const id = bytes.readUInt16LE(at);
    const length = bytes.readUInt16LE(at + 2);
    if (id === AV.end) return pairs;
    if (at + 4 + length > bytes.length) throw new SecurityFault("target information that ends in the middle");
    pairs.push({ id, value: bytes.subarray(at + 4, at + 4 + length) });
    at += 4 + length;
  }
  if (bytes.length > 0) throw new SecurityFault("target information without an end");
  return pairs;
}

export function wide(text: string): Buffer {
  return Buffer.from(text, "utf16le");
}

function begin(length: number, type: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.set(SIGNATURE);
  bytes.writeUInt32LE(type, 8);
  return bytes;
}

function open(message: Uint8Array, type: number, leastBytes: number): Buffer {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  if (bytes.length < leastBytes || !bytes.subarray(0, 8).equals(SIGNATURE) || bytes.readUInt32LE(8) !== type)
    throw new SecurityFault(`no NTLM message ${type}`);
  if (bytes.length > MESSAGE_BYTES_MAX) throw new SecurityFault(`an NTLM message of ${bytes.length} bytes`);
  return bytes;
}

function writeField(bytes: Buffer, at: number, length: number, offset: number): void {
  bytes.writeUInt16LE(length, at);
  bytes.writeUInt16LE(length, at + 2);
  bytes.writeUInt32LE(offset, at + 4);
}

function readField(bytes: Buffer, at: number): Buffer {
  const length = bytes.readUInt16LE(at);
  if (length === 0) return Buffer.alloc(0);
  const offset = bytes.readUInt32LE(at + 4);
  if (offset + length > bytes.length) throw new SecurityFault("an NTLM field outside its message");
  return bytes.subarray(offset, offset + length);
}

function payloadStart(bytes: Buffer, at: number): number {
  return bytes.readUInt16LE(at) === 0 ? Number.POSITIVE_INFINITY : bytes.readUInt32LE(at + 4);
}
