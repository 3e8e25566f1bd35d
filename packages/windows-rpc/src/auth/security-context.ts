/**
 * One login at a server, as the packages of Windows have it (NTLM, Kerberos, SPNEGO around either).
 *
 * Shape:  `start()` gives the first token; `next(token)` takes the server's and gives ours, or null when nothing more is to be
 *         sent; both directions then seal and unseal in the order of the wire. One context serves one connection.
 * Errors: `SecurityFault` for tokens that are malformed or do not verify.
 */
export interface SecurityContext {
  /** `RPC_C_AUTHN_*`: 9 SPNEGO, 10 NTLM, 16 Kerberos. */
  readonly authType: number;
  start(): Promise<Uint8Array>;
  next(token: Uint8Array): Promise<Uint8Array | null>;
  /** True once both sides have proved themselves and the keys are there. */
  readonly isEstablished: boolean;
  /** Bytes of what `seal` gives as its token, for messages of this context. */
  readonly signatureLength: number;
  /**
   * Encrypts `body` in place and signs `header + body + trailer` (RPC) or only `body` (HTTP: empty header and trailer).
   * Gives the token.
   */
  seal(message: SealedMessage): Uint8Array;
  /** Decrypts `body` in place and checks the token; throws `SecurityFault` where it does not verify. */
  unseal(message: SealedMessage, token: Uint8Array): void;
}

/** A context that can also stand inside of SPNEGO, which signs the list of what was offered. */
export interface Mechanism extends SecurityContext {
  /** Its object identifier, with tag and length. */
  readonly mechanism: Buffer;
  /** Signs what travels in clear. */
  sign(bytes: Uint8Array): Buffer;
  /** Errors: `SecurityFault` where the server's signature does not verify. */
  verify(bytes: Uint8Array, token: Buffer): void;
}

export interface SealedMessage {
  /** What is signed and not encrypted before the body; empty outside RPC. */
  readonly header: Uint8Array;
  readonly body: Uint8Array;
  /** What is signed and not encrypted behind the body (the `sec_trailer`); empty outside RPC. */
  readonly trailer: Uint8Array;
  /**
   * False where both sides of an RPC connection did not agree on header signing. Kerberos then signs the body alone;
   * NTLM signs all of it in any case.
   */
  readonly isHeaderSigned?: boolean;
}

/** A token or a message that is not what this login expects. */
export class SecurityFault extends Error {
  override readonly name = "SecurityFault";
}
