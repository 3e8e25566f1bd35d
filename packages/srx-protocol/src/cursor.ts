import { fromBase64Url, toBase64Url } from "./base64.ts";

/**
 * Where one firewall left off.
 *
 * `revision`: greatest revision it has been told of. `resendSince`: the minute (epoch ms, whole minutes) at which a full
 * resend began that is not finished yet; null once it has caught up. A reader in the middle of a full resend
 * stands below the floor without having missed anything: see `isPruned`.
 */
export interface CursorPosition {
  readonly revision: number;
  readonly resendSince: number | null;
}

/** Whose cursor it is: any difference is answered with a full resend. */
export interface CursorContext {
  /** 16 hex digits each. */
  readonly issuer: string;
  readonly incarnation: string;
  readonly clientTag: number;
  readonly filterHash: number;
}

export type CursorReading =
  | { readonly kind: "valid"; readonly position: CursorPosition }
  | {
      readonly kind: "foreign";
      readonly because: "malformed" | "version" | "forged" | "issuer" | "incarnation" | "client" | "filter";
    };

export interface CursorCodec {
  encode(position: CursorPosition, context: CursorContext): string;
  read(text: string, context: CursorContext): CursorReading;
  /** True for a text of the form this codec writes; says nothing of its validity. */
  recognises(text: string): boolean;
}

const VERSION = 1;
const SIGNED_BYTES = 33;
const MAC_BYTES = 12;
const CURSOR_BYTES = SIGNED_BYTES + MAC_BYTES;
const CURSOR_CHARACTERS = 60;
const AT = { issuer: 1, incarnation: 9, resend: 17, revision: 20, client: 25, filter: 29, mac: 33 } as const;
/** Five bytes of revision: 2,000 changes a second for 17 years. */
export const MAX_CURSOR_REVISION = 2 ** 40 - 1;
/** Three bytes of minutes, counted from 2020, reach to 2051. */
const RESEND_EPOCH_MS = Date.UTC(2020, 0, 1);
const MINUTE_MS = 60_000;
const MAX_RESEND_MINUTE = 2 ** 24 - 1;
const FORM = /^A[Q-Za-f][A-Za-z0-9_-]{58}$/;

/**
 * Writes and reads the cookie.
 *
 * Shape:  45 bytes, 60 characters of base64url: version 1, issuer 8, incarnation 8, revision 8, client tag 4, filter hash 4,
 *         MAC 12. Of the revision's 8 bytes the first three hold the minute a running full resend began (zero otherwise),
 *         the last five the number.
 * Errors: none thrown for what a firewall sends: another issuer, incarnation, client, filter or MAC is `foreign`.
 *         A position that does not fit is a bug and is thrown.
 * Source: our own format; opaque to the firewall (that it is given back is documented).
 */
export function createCursorCodec({
  mac,
}: {
  readonly mac: (signed: Uint8Array) => Uint8Array;
}): CursorCodec {
  const seal = (signed: Uint8Array): Uint8Array => {
    const code = mac(signed);
    if (code.length < MAC_BYTES)
      throw new RangeError(`the cursor's MAC has ${code.length} bytes, needs ${MAC_BYTES}`);
    return code.subarray(0, MAC_BYTES);
  };
  return {
    encode(position, context) {
      const bytes = new Uint8Array(CURSOR_BYTES);
      bytes[0] = VERSION;
      writeHex(bytes, AT.issuer, context.issuer);
      writeHex(bytes, AT.incarnation, context.incarnation);
      writeNumber(bytes, AT.resend, 3, resendMinute(position.resendSince));
      if (
        !Number.isInteger(position.revision) ||
        position.revision < 0 ||
        position.revision > MAX_CURSOR_REVISION
      ) {
        throw new RangeError(`revision ${position.revision} does not fit a cursor`);
      }
      writeNumber(bytes, AT.revision, 5, position.revision);
      writeNumber(bytes, AT.client, 4, context.clientTag);
      writeNumber(bytes, AT.filter, 4, context.filterHash);
      bytes.set(seal(bytes.subarray(0, SIGNED_BYTES)), AT.mac);
      return toBase64Url(bytes);
    },
    read(text, context) {
      const bytes = text.length === CURSOR_CHARACTERS ? fromBase64Url(text) : null;
      if (bytes === null) return { kind: "foreign", because: "malformed" };
      if (bytes[0] !== VERSION) return { kind: "foreign", because: "version" };
      if (!sameBytes(seal(bytes.slice(0, SIGNED_BYTES)), bytes.subarray(AT.mac)))
        return { kind: "foreign", because: "forged" };
      if (readHex(bytes, AT.issuer) !== context.issuer.toLowerCase())
        return { kind: "foreign", because: "issuer" };
      if (readHex(bytes, AT.incarnation) !== context.incarnation.toLowerCase()) {
        return { kind: "foreign", because: "incarnation" };
      }
      if (readNumber(bytes, AT.client, 4) !== context.clientTag)
        return { kind: "foreign", because: "client" };
      if (readNumber(bytes, AT.filter, 4) !== context.filterHash)
        return { kind: "foreign", because: "filter" };
      const minute = readNumber(bytes, AT.resend, 3);
      return {
        kind: "valid",
        position: {
          revision: readNumber(bytes, AT.revision, 5),
          resendSince: minute === 0 ? null : RESEND_EPOCH_MS + minute * MINUTE_MS,
        },
      };
    },
    recognises: (text) => text.length === CURSOR_CHARACTERS && FORM.test(text),
  };
}

/** A full resend may take this long: half of the 24 h that tombstones are kept at least. */
const RESEND_MS_MAX = 12 * 60 * MINUTE_MS;

/**
 * Says whether a reader has missed tombstones that are pruned by now, and so needs a full resend.
 *
 * A cursor below `floorRevision` has, with one exception: a reader in the middle of a full resend passes through
 * old revisions on its way up. What was pruned meanwhile had been a tombstone for 24 h, that is since before the
 * resend began, so this reader was never told of it as live. Without the exception the first page of a
 * resend would be answered with another resend, for ever.
 */
export function isPruned(position: CursorPosition, floorRevision: number, nowMs: number): boolean {
  if (position.revision >= floorRevision) return false;
  if (position.resendSince === null) return true;
  const age = nowMs - position.resendSince;
  return age < -MINUTE_MS || age > RESEND_MS_MAX;
}

/** Four bytes that tell one enforcement point from another. `pointId` is the same in agent and cloud. */
export function clientTag(tenantId: string, pointId: string): number {
  return hash32(`${tenantId}\u0000${pointId}`);
}

/** FNV-1a with a final mix: spreads well and needs no key. Not a protection: the MAC is. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >> 8), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function resendMinute(resendSince: number | null): number {
  if (resendSince === null) return 0;
  // Held to what fits: a machine whose clock stands in 1970 still answers; its resends begin anew once the clock is right.
  return Math.min(Math.max(1, Math.floor((resendSince - RESEND_EPOCH_MS) / MINUTE_MS)), MAX_RESEND_MINUTE);
}

/** Compares in a time that does not depend on where the first difference stands. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at++) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}

function writeHex(bytes: Uint8Array, at: number, hex: string): void {
  if (!/^[0-9a-fA-F]{16}$/.test(hex)) throw new RangeError(`"${hex}" is not 16 hex digits`);
  for (let index = 0; index < 8; index++)
    bytes[at + index] = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16);
}

function readHex(bytes: Uint8Array, at: number): string {
  let hex = "";
  for (let index = 0; index < 8; index++) hex += (bytes[at + index] ?? 0).toString(16).padStart(2, "0");
  return hex;
}

// Division and multiplication, never shifts: five bytes are more than a 32-bit shift can carry.
function writeNumber(bytes: Uint8Array, at: number, width: number, value: number): void {
  let rest = value;
  for (let index = width - 1; index >= 0; index--) {
    bytes[at + index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

function readNumber(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let index = 0; index < width; index++) value = value * 256 + (bytes[at + index] ?? 0);
  return value;
}
