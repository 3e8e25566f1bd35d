import { randomBytes, timingSafeEqual } from "node:crypto";
import { type SealedMessage, SecurityFault } from "../auth/security-context.ts";
import {
  BLOCK_BYTES,
  checksumKey,
  ctsDecrypt,
  ctsEncrypt,
  type KerberosKey,
  MAC_BYTES,
  mac,
  type UsageKeys,
  usageKeys,
} from "./aes-cts.ts";
import { USAGE } from "./kerberos-messages.ts";

const HEADER_BYTES = 16;
const WRAP = 0x0504;
const MIC = 0x0404;
const FLAG = { sentByAcceptor: 1, sealed: 2, acceptorSubkey: 4 } as const;
/** By which the encrypted bytes are turned: the last block and the MAC come first, and go into the token. */
const ROTATION = BLOCK_BYTES + MAC_BYTES;

export interface GssSealSettings {
  readonly key: KerberosKey;
  readonly isAcceptorSubkey: boolean;
  /** In the DCE style a block of filler stands behind the body. */
  readonly isDceStyle: boolean;
  readonly ownSequence: number;
  readonly peerSequence: number;
}

/**
 * Seals and unseals with the keys of one Kerberos context, in the initiator's part.
 *
 * Shape:  the body keeps its length; everything else goes into the token: 76 bytes in the DCE style, else 60. Sequence
 *         numbers must come in order, as over TCP they do.
 * Source: RFC 4121 4.2, [MS-KILE] 3.4.5.4.1 (documented); captured from Samba with and without header signing.
 */
export class GssSeal {
  readonly #settings: GssSealSettings;
  readonly #fillerBytes: number;
  readonly #ownSeal: UsageKeys;
  readonly #peerSeal: UsageKeys;
  #ownSequence: bigint;
  #peerSequence: bigint;

  constructor(settings: GssSealSettings) {
    this.#settings = settings;
    this.#fillerBytes = settings.isDceStyle ? BLOCK_BYTES : 0;
    this.#ownSeal = usageKeys(settings.key, USAGE.initiatorSeal);
    this.#peerSeal = usageKeys(settings.key, USAGE.acceptorSeal);
    this.#ownSequence = BigInt(settings.ownSequence);
    this.#peerSequence = BigInt(settings.peerSequence);
  }

  get signatureLength(): number {
    return HEADER_BYTES + this.#fillerBytes + ROTATION + BLOCK_BYTES;
  }

  seal(message: SealedMessage): Buffer {
    const confounder = randomBytes(BLOCK_BYTES);
    const filler = Buffer.alloc(this.#fillerBytes, 0xff);
    const header = this.#header(FLAG.sealed, this.#fillerBytes, 0);
    const plain = Buffer.concat([confounder, message.body, filler, header]);
    const cipher = ctsEncrypt(this.#ownSeal.encrypt, plain);
    const check = mac(this.#ownSeal.integrity, ...signedParts(message, confounder, filler, header));
    const turned = rotateRight(Buffer.concat([cipher, check]), this.#fillerBytes + ROTATION);
    const inToken = this.signatureLength - HEADER_BYTES;
    message.body.set(turned.subarray(inToken));
    header.writeUInt16BE(ROTATION, 6);
    this.#ownSequence += 1n;
    return Buffer.concat([header, turned.subarray(0, inToken)]);
  }

  /** Errors: `SecurityFault`. */
  unseal(message: SealedMessage, token: Uint8Array): void {
    const bytes = Buffer.from(token.buffer, token.byteOffset, token.byteLength);
    const { fillerBytes, rotation, header } = this.#readWrapHeader(bytes);
    const turned = Buffer.concat([bytes.subarray(HEADER_BYTES), message.body]);
    const turn = (this.#settings.isDceStyle ? fillerBytes + rotation : rotation) % turned.length;
    const whole = Buffer.concat([turned.subarray(turn), turned.subarray(0, turn)]);
    const end = whole.length - MAC_BYTES;
    if (end - 2 * BLOCK_BYTES - fillerBytes !== message.body.length)
      throw new SecurityFault("a sealed message of another length than its body");
    const plain = ctsDecrypt(this.#peerSeal.encrypt, whole.subarray(0, end));
    const body = plain.subarray(BLOCK_BYTES, BLOCK_BYTES + message.body.length);
    const filler = plain.subarray(BLOCK_BYTES + body.length, plain.length - HEADER_BYTES);
    const innerHeader = plain.subarray(plain.length - HEADER_BYTES);
    const parts = signedParts({ ...message, body }, plain.subarray(0, BLOCK_BYTES), filler, innerHeader);
    if (!timingSafeEqual(mac(this.#peerSeal.integrity, ...parts), whole.subarray(end)))
      throw new SecurityFault("a message whose Kerberos signature does not verify");
    // The header in clear is nobody's word; the one that was encrypted must be the same.
    if (!innerHeader.equals(header)) throw new SecurityFault("a sealed message with two headers");
    message.body.set(body);
    this.#peerSequence += 1n;
  }

  /** A token that signs bytes which travel in clear. Source: RFC 4121 4.2.6.1 (documented). */
  sign(bytes: Uint8Array): Buffer {
    const header = this.#micHeader(
      this.#settings.isAcceptorSubkey ? FLAG.acceptorSubkey : 0,
      this.#ownSequence,
    );
    this.#ownSequence += 1n;
    return Buffer.concat([header, mac(checksumKey(this.#settings.key, USAGE.initiatorSign), bytes, header)]);
  }

  /** Errors: `SecurityFault`. */
  verify(bytes: Uint8Array, token: Buffer): void {
    const flags = FLAG.sentByAcceptor | (this.#settings.isAcceptorSubkey ? FLAG.acceptorSubkey : 0);
    const header = this.#micHeader(flags, this.#peerSequence);
    const check = mac(checksumKey(this.#settings.key, USAGE.acceptorSign), bytes, header);
    const expected = Buffer.concat([header, check]);
    if (token.length !== expected.length || !timingSafeEqual(token, expected))
      throw new SecurityFault("a signature that does not verify");
    this.#peerSequence += 1n;
  }

  #micHeader(flags: number, number: bigint): Buffer {
    const header = Buffer.alloc(HEADER_BYTES, 0xff);
    header.writeUInt16BE(MIC, 0);
    header.writeUInt8(flags, 2);
    header.writeBigUInt64BE(number, 8);
    return header;
  }

  #header(flags: number, fillerBytes: number, rotation: number): Buffer {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(WRAP, 0);
    header.writeUInt8(flags | (this.#settings.isAcceptorSubkey ? FLAG.acceptorSubkey : 0), 2);
    header.writeUInt8(0xff, 3);
    header.writeUInt16BE(fillerBytes, 4);
    header.writeUInt16BE(rotation, 6);
    header.writeBigUInt64BE(this.#ownSequence, 8);
    return header;
  }

  #readWrapHeader(token: Buffer) {
    if (token.length < HEADER_BYTES + 2 * BLOCK_BYTES + MAC_BYTES || token.readUInt16BE(0) !== WRAP)
      throw new SecurityFault("no sealed message of Kerberos");
    const flags = token.readUInt8(2);
    const needed = FLAG.sealed | FLAG.sentByAcceptor;
    if ((flags & needed) !== needed) throw new SecurityFault("a message that the server did not seal");
    if (((flags & FLAG.acceptorSubkey) !== 0) !== this.#settings.isAcceptorSubkey)
      throw new SecurityFault("a message under another key than was agreed on");
    if (token.readBigUInt64BE(8) !== this.#peerSequence)
      throw new SecurityFault("a sealed message out of order");
    const header = Buffer.from(token.subarray(0, HEADER_BYTES));
    header.writeUInt16BE(0, 6);
    return { header, fillerBytes: token.readUInt16BE(4), rotation: token.readUInt16BE(6) };
  }
}

function signedParts(
  message: SealedMessage,
  confounder: Buffer,
  filler: Buffer,
  header: Buffer,
): Uint8Array[] {
  return message.isHeaderSigned === false
    ? [confounder, message.body, filler, header]
    : [confounder, message.header, message.body, message.trailer, filler, header];
}

function rotateRight(bytes: Buffer, count: number): Buffer {
  const at = bytes.length - (count % bytes.length);
  return Buffer.concat([bytes.subarray(at), bytes.subarray(0, at)]);
}
