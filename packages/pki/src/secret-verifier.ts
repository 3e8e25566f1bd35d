import { createHmac, randomBytes, randomInt, timingSafeEqual } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SECRET_CHARACTERS = 40;
const SALT_BYTES = 16;
const MAC_BYTES = 32;
const SCHEME = "s1";

/** A firewall's client secret: 40 characters of letters and digits (238 bits), safe in a Junos `set` line and in a form. */
export function newClientSecret(): string {
  return Array.from({ length: SECRET_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}

/**
 * Makes the verifier that is kept in place of a secret: `s1$<salt>$<HMAC-SHA-256(salt, secret)>`, base64url.
 * A fast keyed hash is enough because we make the secrets ourselves, with more than 230 bits.
 */
export function makeSecretVerifier(secret: string): string {
  const salt = randomBytes(SALT_BYTES);
  return `${SCHEME}$${salt.toString("base64url")}$${macOf(salt, secret).toString("base64url")}`;
}

/** Compares in constant time; false for a malformed verifier. */
export function verifySecret(secret: string, verifier: string): boolean {
  const [scheme, salt, mac, ...rest] = verifier.split("$");
  const expected = Buffer.from(mac ?? "", "base64url");
  const saltBytes = Buffer.from(salt ?? "", "base64url");
  const wellFormed =
    scheme === SCHEME &&
    rest.length === 0 &&
    saltBytes.length === SALT_BYTES &&
    expected.length === MAC_BYTES;
  // A malformed verifier costs the same work, so that it cannot be told from a wrong secret by the clock.
  const given = macOf(wellFormed ? saltBytes : Buffer.alloc(SALT_BYTES), secret);
  return timingSafeEqual(given, wellFormed ? expected : Buffer.alloc(MAC_BYTES)) && wellFormed;
}

function macOf(salt: Buffer, secret: string): Buffer {
  return createHmac("sha256", salt).update(secret, "utf8").digest();
}
