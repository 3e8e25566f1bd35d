import { timingSafeEqual } from "node:crypto";
import { type SealedMessage, SecurityFault } from "../auth/security-context.ts";
import { type Direction, directionKey, hmacMd5 } from "./ntlm-keys.ts";
import { Rc4 } from "./rc4.ts";

export const NTLM_SIGNATURE_BYTES = 16;

/**
 * Seals or unseals one direction of one login, message after message.
 *
 * Shape:  the signature covers header, body and trailer in clear, whatever was agreed on of headers, since extended session
 *         security is on; the body goes through the key stream before the signature does.
 * Source: [MS-NLMP] 3.4.4.2 and 3.4.6 (documented); captured from Samba and impacket.
 */
export class NtlmSeal {
  readonly #signingKey: Buffer;
  readonly #sealingKey: Buffer;
  #stream: Rc4;
  #sequence = 0;

  constructor(sessionKey: Uint8Array, direction: Direction) {
    this.#signingKey = directionKey(sessionKey, direction, "signing");
    this.#sealingKey = directionKey(sessionKey, direction, "sealing");
    this.#stream = new Rc4(this.#sealingKey);
  }

  seal(message: SealedMessage): Buffer {
    const digest = this.#digest(message);
    this.#stream.apply(message.body);
    return this.#signature(digest);
  }

  /** Errors: `SecurityFault`; the login is of no use afterwards, since its stream went on. */
  unseal(message: SealedMessage, token: Uint8Array): void {
    this.#stream.apply(message.body);
    const expected = this.#signature(this.#digest(message));
    if (token.length !== expected.length || !timingSafeEqual(token, expected))
      throw new SecurityFault("a message whose NTLM signature does not verify");
  }

  /**
   * Signs the list of mechanisms of SPNEGO, and begins the stream anew; its numbers go on.
   * Source: [MS-SPNG] 3.3.5.1 (documented); that the numbers go on was captured from Samba.
   */
  signOnce(bytes: Uint8Array): Buffer {
    const signature = this.#signature(this.#digest({ header: NOTHING, body: bytes, trailer: NOTHING }));
    this.#stream = new Rc4(this.#sealingKey);
    return signature;
  }

  #digest({ header, body, trailer }: SealedMessage): Buffer {
    return hmacMd5(this.#signingKey, this.#sequenceBytes(), header, body, trailer).subarray(0, 8);
  }

  #signature(digest: Buffer): Buffer {
    this.#stream.apply(digest);
    const signature = Buffer.alloc(NTLM_SIGNATURE_BYTES);
    signature.writeUInt32LE(1, 0);
    signature.set(digest, 4);
    signature.set(this.#sequenceBytes(), 12);
    this.#sequence = (this.#sequence + 1) >>> 0;
    return signature;
  }

  #sequenceBytes(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(this.#sequence, 0);
    return bytes;
  }
}

const NOTHING = new Uint8Array(0);
