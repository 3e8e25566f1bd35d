import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  pbkdf2,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { promisify } from "node:util";
import { SecurityFault } from "../auth/security-context.ts";

/** AES-CTS-HMAC-SHA1-96 with 256 and 128 bits: all that is offered. */
export const AES256 = 18;
export const AES128 = 17;

export interface KerberosKey {
  readonly etype: number;
  readonly bytes: Buffer;
}

export const MAC_BYTES = 12;
export const BLOCK_BYTES = 16;
const NO_IV = Buffer.alloc(BLOCK_BYTES);
/** What Active Directory and everybody else uses. */
const ITERATIONS = 4096;
/** A key distribution centre that asks for more wants to keep us busy, one that asks for less makes guessing cheap. */
const ITERATIONS_MAX = 262_144;

const pbkdf2Async = promisify(pbkdf2);

export function isKnownEtype(etype: number): boolean {
  return etype === AES256 || etype === AES128;
}

/** Errors: `SecurityFault` for a key of another length than its type has. */
export function kerberosKey(etype: number, bytes: Buffer): KerberosKey {
  if (!isKnownEtype(etype) || bytes.length !== keyBytes(etype))
    throw new SecurityFault(`a Kerberos key of type ${etype} that is not AES`);
  return { etype, bytes };
}

/**
 * The key of a password. `parameters` are four bytes of iterations, where the key distribution centre gave them.
 * Source: RFC 3962 section 4 and its vectors in appendix B (documented).
 */
export async function stringToKey(
  etype: number,
  password: string,
  salt: string | Buffer,
  parameters: Buffer | null = null,
): Promise<KerberosKey> {
  const iterations = parameters === null ? ITERATIONS : iterationsOf(parameters);
  return stringToKeyWith(etype, password, salt, iterations);
}

export async function stringToKeyWith(
  etype: number,
  password: string,
  salt: string | Buffer,
  iterations: number,
): Promise<KerberosKey> {
  const seed = await pbkdf2Async(password, salt, iterations, keyBytes(etype), "sha1");
  return { etype, bytes: deriveBytes(seed, Buffer.from("kerberos", "latin1")) };
}

function iterationsOf(parameters: Buffer): number {
  const iterations = parameters.length === 4 ? parameters.readUInt32BE(0) : 0;
  if (iterations < ITERATIONS || iterations > ITERATIONS_MAX)
    throw new SecurityFault(`${iterations} iterations for the key of a password are not accepted`);
  return iterations;
}

export interface UsageKeys {
  readonly encrypt: Buffer;
  readonly integrity: Buffer;
}

/** The keys of one use. Source: RFC 3961 5.1 and 5.3, RFC 4120 7.5.1 (documented). */
export function usageKeys(key: KerberosKey, usage: number): UsageKeys {
  return { encrypt: derive(key, usage, 0xaa), integrity: derive(key, usage, 0x55) };
}

export function checksumKey(key: KerberosKey, usage: number): Buffer {
  return derive(key, usage, 0x99);
}

export function mac(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const hmac = createHmac("sha1", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest().subarray(0, MAC_BYTES);
}

/** Source: RFC 3962 section 6 (documented). */
export function encrypt(key: KerberosKey, usage: number, plain: Uint8Array): Buffer {
  const keys = usageKeys(key, usage);
  const confounded = Buffer.concat([randomBytes(BLOCK_BYTES), plain]);
  return Buffer.concat([ctsEncrypt(keys.encrypt, confounded), mac(keys.integrity, confounded)]);
}

/** Errors: `SecurityFault` where it does not verify: another key, or changed bytes. */
export function decrypt(key: KerberosKey, usage: number, cipher: Buffer): Buffer {
  const at = cipher.length - MAC_BYTES;
  if (at < BLOCK_BYTES) throw new SecurityFault("an encrypted part that is too short");
  const keys = usageKeys(key, usage);
  const plain = ctsDecrypt(keys.encrypt, cipher.subarray(0, at));
  if (!timingSafeEqual(mac(keys.integrity, plain), cipher.subarray(at)))
    throw new SecurityFault("an encrypted part that does not verify");
  return plain.subarray(BLOCK_BYTES);
}

/** CBC with its last two blocks swapped, the last cut to length: as many bytes out as in. At least one block. */
export function ctsEncrypt(key: Buffer, plain: Buffer): Buffer {
  if (plain.length <= BLOCK_BYTES) return cbc(key, plain, "encrypt");
  const padding = (BLOCK_BYTES - (plain.length % BLOCK_BYTES)) % BLOCK_BYTES;
  const whole = cbc(key, padding === 0 ? plain : Buffer.concat([plain, Buffer.alloc(padding)]), "encrypt");
  const last = whole.subarray(whole.length - BLOCK_BYTES);
  const before = whole.subarray(whole.length - 2 * BLOCK_BYTES, whole.length - BLOCK_BYTES);
  const head = whole.subarray(0, whole.length - 2 * BLOCK_BYTES);
  return Buffer.concat([head, last, before], plain.length);
}

export function ctsDecrypt(key: Buffer, cipher: Buffer): Buffer {
  if (cipher.length < BLOCK_BYTES) throw new SecurityFault("less than one block of cipher text");
  if (cipher.length === BLOCK_BYTES) return cbc(key, cipher, "decrypt");
  const tailBytes = cipher.length % BLOCK_BYTES || BLOCK_BYTES;
  const tailAt = cipher.length - tailBytes;
  const before = cipher.subarray(tailAt - BLOCK_BYTES, tailAt);
  const tail = cipher.subarray(tailAt);
  // What the swapped block decrypts to is the last plain bytes masked by the tail, and the bytes that were stolen from it.
  const masked = cbc(key, before, "decrypt");
  const stolen = masked.subarray(tailBytes);
  const head = cbc(key, Buffer.concat([cipher.subarray(0, tailAt - BLOCK_BYTES), tail, stolen]), "decrypt");
  const end = Buffer.alloc(tailBytes);
  for (let i = 0; i < tailBytes; i += 1) end[i] = (masked[i] ?? 0) ^ (tail[i] ?? 0);
  return Buffer.concat([head, end]);
}

function cbc(key: Buffer, bytes: Buffer, way: "encrypt" | "decrypt"): Buffer {
  const name = `aes-${8 * key.length}-cbc`;
  const cipher = way === "encrypt" ? createCipheriv(name, key, NO_IV) : createDecipheriv(name, key, NO_IV);
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
}

function derive(key: KerberosKey, usage: number, kind: number): Buffer {
  const constant = Buffer.alloc(5);
  constant.writeUInt32BE(usage, 0);
  constant.writeUInt8(kind, 4);
  return deriveBytes(key.bytes, constant);
}

function deriveBytes(key: Buffer, constant: Buffer): Buffer {
  const blocks: Buffer[] = [];
  let block = nFold(constant, BLOCK_BYTES);
  for (let bytes = 0; bytes < key.length; bytes += BLOCK_BYTES) {
    block = cbc(key, block, "encrypt");
    blocks.push(block);
  }
  return Buffer.concat(blocks, key.length);
}

/**
 * Stretches or folds bytes to a length: copies, each rotated by 13 more bits, added in ones' complement.
 * Source: RFC 3961 5.1, vectors in its appendix A.1 (documented).
 */
export function nFold(input: Uint8Array, lengthBytes: number): Buffer {
  const inputBits = BigInt(8 * input.length);
  const value = BigInt(`0x${Buffer.from(input).toString("hex")}`);
  const mask = (1n << inputBits) - 1n;
  const copies = lengthBytes / greatestCommonDivisor(input.length, lengthBytes);
  let all = 0n;
  for (let copy = 0n; copy < BigInt(copies); copy += 1n) {
    const turn = (13n * copy) % inputBits;
    all = (all << inputBits) | (((value >> turn) | (value << (inputBits - turn))) & mask);
  }
  // A sum in ones' complement is a remainder; all ones stands for zero.
  const ones = (1n << BigInt(8 * lengthBytes)) - 1n;
  const sum = all % ones;
  const folded = sum === 0n && all !== 0n ? ones : sum;
  return Buffer.from(folded.toString(16).padStart(2 * lengthBytes, "0"), "hex");
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function keyBytes(etype: number): number {
  return etype === AES256 ? 32 : 16;
}
