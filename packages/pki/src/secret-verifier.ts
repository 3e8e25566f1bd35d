import { createHmac, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import { argon2Verifier, checkArgon2, isArgon2Verifier, readArgon2, saltOfArgon2 } from "./chosen-secret.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** 62 to the power of 43 is just above 2 to the power of 256. */
const SECRET_CHARACTERS = 43;
const SALT_BYTES = 16;
const MAC_BYTES = 32;
const SCHEME = "s1";

/**
 * A firewall's client secret made by us: 43 letters and digits, 256 bits, safe in a Junos `set` line and in a form.
 * Junos takes 64 characters in its oldest releases, 128 later.
 */
export function newClientSecret(): string {
  return Array.from({ length: SECRET_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}

/**
 * Makes the verifier that is kept in place of a secret that we made: `s1$<salt>$<HMAC-SHA-256(salt, secret)>`,
 * base64url. A fast keyed hash is enough for 256 random bits. One that a person chose gets `makeChosenSecretVerifier`.
 */
export function makeSecretVerifier(secret: string): string {
  const salt = randomBytes(SALT_BYTES);
  return `${SCHEME}$${salt.toString("base64url")}$${macOf(salt, secret).toString("base64url")}`;
}

/** Makes the verifier of a secret that a person chose: argon2id, as a PHC string. Takes some 30 ms, off the event loop. */
export function makeChosenSecretVerifier(secret: string): Promise<string> {
  return argon2Verifier(secret);
}

/**
 * Says whether a secret belongs to a verifier of either kind; in constant time, false for a malformed one.
 *
 * Shape:  a boolean at once for a secret that we made; a promise for one that a person chose, which costs 30 ms and
 *         19 MiB: whoever answers strangers goes through `createSecretChecks`, which bounds that.
 */
export function verifySecret(secret: string, verifier: string): boolean | Promise<boolean> {
  return isArgon2Verifier(verifier) ? checkArgon2(secret, verifier) : verifyMadeSecret(secret, verifier);
}

/** Whether a text is a verifier of either kind that `verifySecret` can use. */
export function isSecretVerifier(text: string): boolean {
  return isArgon2Verifier(text) ? readArgon2(text) !== null : /^s1\$[\w-]{22}\$[\w-]{43}$/.test(text);
}

/** What tells two verifiers apart and is no secret: the salt. A token remembers by it which secret it was given for. */
export function verifierId(verifier: string): string {
  return (isArgon2Verifier(verifier) ? saltOfArgon2(verifier) : verifier.split("$")[1]) ?? verifier;
}

function verifyMadeSecret(secret: string, verifier: string): boolean {
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
