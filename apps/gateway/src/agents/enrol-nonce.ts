import { randomBytes, timingSafeEqual } from "node:crypto";

const NONCE_TTL_MS = 5 * 60_000;
const RANDOM_BYTES = 12;
const TIME_BYTES = 6;
const MAC_BYTES = 16;

/** Keyed hash of the installation, for this purpose only. */
export type NonceMac = (bytes: Uint8Array) => Uint8Array;

/**
 * A nonce that any gateway of the installation can check without having kept it: time, chance, and a MAC over both.
 * It makes a recorded enrolment useless after five minutes.
 */
export function newNonce(mac: NonceMac, now: number): string {
  const head = Buffer.alloc(TIME_BYTES + RANDOM_BYTES);
  head.writeUIntBE(now, 0, TIME_BYTES);
  randomBytes(RANDOM_BYTES).copy(head, TIME_BYTES);
  return Buffer.concat([head, macOf(mac, head)]).toString("base64url");
}

export function isFreshNonce(mac: NonceMac, nonce: string, now: number): boolean {
  const bytes = Buffer.from(nonce, "base64url");
  if (bytes.length !== TIME_BYTES + RANDOM_BYTES + MAC_BYTES || bytes.toString("base64url") !== nonce)
    return false;
  const head = bytes.subarray(0, TIME_BYTES + RANDOM_BYTES);
  const isOurs = timingSafeEqual(macOf(mac, head), bytes.subarray(head.length));
  const age = now - head.readUIntBE(0, TIME_BYTES);
  return isOurs && age >= -NONCE_TTL_MS && age <= NONCE_TTL_MS;
}

function macOf(mac: NonceMac, head: Uint8Array): Buffer {
  return Buffer.from(mac(head)).subarray(0, MAC_BYTES);
}
