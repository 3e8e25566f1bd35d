import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from "node:crypto";

/** RFC 8410: what stands before the 32 raw bytes in PKCS #8 and in SubjectPublicKeyInfo (documented). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** An Ed25519 seed: 32 random bytes, base64url (43 characters). */
export function newSigningSeed(): string {
  return randomBytes(KEY_BYTES).toString("base64url");
}

/** The raw Ed25519 public key of a seed, base64url. */
export function publicKeyOfSeed(seed: string): string {
  const spki = createPublicKey(privateKeyOf(seed)).export({ type: "spki", format: "der" });
  return spki.subarray(SPKI_PREFIX.length).toString("base64url");
}

/** SHA-256 of the raw public key, lower case hex: the fingerprint people compare. */
export function signingKeyFingerprint(publicKey: string): string {
  return createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest("hex");
}

export function signText(seed: string, text: string): string {
  return sign(null, Buffer.from(text, "utf8"), privateKeyOf(seed)).toString("base64url");
}

/** False for anything that is not exactly this key's signature in its one spelling; never throws. */
export function verifyText(publicKey: string, text: string, signature: string): boolean {
  const key = exactBytes(publicKey, KEY_BYTES);
  const value = exactBytes(signature, SIGNATURE_BYTES);
  if (!key || !value) return false;
  try {
    const keyObject = createPublicKey({
      key: Buffer.concat([SPKI_PREFIX, key]),
      format: "der",
      type: "spki",
    });
    return verify(null, Buffer.from(text, "utf8"), keyObject, value);
  } catch {
    return false;
  }
}

/** Decodes base64url strictly: one spelling only, so that no two texts mean one value. */
export function exactBytes(text: string, length: number): Buffer | null {
  const bytes = Buffer.from(text, "base64url");
  return bytes.length === length && bytes.toString("base64url") === text ? bytes : null;
}

function privateKeyOf(seed: string): KeyObject {
  const bytes = exactBytes(seed, KEY_BYTES);
  if (!bytes) throw new Error("use signing seed: not 32 bytes in base64url");
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, bytes]), format: "der", type: "pkcs8" });
}
