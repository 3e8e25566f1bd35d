import { type SecurityContext, SecurityFault } from "../auth/security-context.ts";

const BOUNDARY = "Encrypted Boundary";
const PROTOCOL = "application/HTTP-SPNEGO-session-encrypted";
/** Longer signatures there are none. */
const TOKEN_BYTES_MAX = 512;
const HEAD_BYTES_MAX = 1024;

/** A body that is no encrypted message. */
export class EncryptedBodyFault extends Error {
  override readonly name = "EncryptedBodyFault";
}

export const ENCRYPTED_TYPE = `multipart/encrypted;protocol="${PROTOCOL}";boundary="${BOUNDARY}"`;

const EMPTY = new Uint8Array();

/**
 * Encrypts one message for the body of a request.
 * Source: [MS-WSMV] 2.2.9.1 (documented); read by python3-winrm through tools/wmi-server.
 */
export function encryptBody(text: string, context: SecurityContext): Buffer {
  const body = Buffer.from(text, "utf8");
  const plainLength = body.length;
  const token = context.seal({ header: EMPTY, body, trailer: EMPTY });
  const head =
    `--${BOUNDARY}\r\n\tContent-Type: ${PROTOCOL}\r\n` +
    `\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=${plainLength}\r\n` +
    `--${BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n`;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(token.length);
  return Buffer.concat([
    Buffer.from(head, "latin1"),
    length,
    token,
    body,
    Buffer.from(`--${BOUNDARY}--\r\n`, "latin1"),
  ]);
}

/**
 * Decrypts the body of an answer.
 *
 * Shape:  the boundary is the fixed one; tabs and spaces before fields, and the case of names, do not matter.
 * Errors: `EncryptedBodyFault` for a body that is none; `SecurityFault` where it does not verify. Linear in its bytes.
 * Source: [MS-WSMV] 2.2.9.1 (documented).
 */
export function decryptBody(bytes: Uint8Array, context: SecurityContext): string {
  const { token, cipher, plainLength } = partsOf(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  );
  const body = Buffer.from(cipher);
  context.unseal({ header: EMPTY, body, trailer: EMPTY }, token);
  if (body.length !== plainLength) throw new SecurityFault("a message of another length than announced");
  return body.toString("utf8");
}

export interface EncryptedParts {
  readonly token: Buffer;
  readonly cipher: Buffer;
  readonly plainLength: number;
}

/** The parts of an encrypted body. Errors: `EncryptedBodyFault`. */
export function partsOf(bytes: Buffer): EncryptedParts {
  const delimiter = Buffer.from(`--${BOUNDARY}`, "latin1");
  const ends = Buffer.from(`--${BOUNDARY}--`, "latin1");
  const first = bytes.indexOf(delimiter);
  const second = first < 0 ? -1 : bytes.indexOf(delimiter, first + delimiter.length);
  if (first !== 0 || second < 0 || second > HEAD_BYTES_MAX)
    throw new EncryptedBodyFault("no encrypted message");
  const head = bytes.toString("latin1", 0, second);
  const lengthText = /Length=(\d{1,8})\s*(?:\r\n|$)/i.exec(head)?.[1];
  if (lengthText === undefined || !/HTTP-(?:SPNEGO|Kerberos)-session-encrypted/i.test(head))
    throw new EncryptedBodyFault("an encrypted message that does not say how long it is");
  const type = Buffer.from("application/octet-stream\r\n", "latin1");
  const typeAt = bytes.indexOf(type, second);
  if (typeAt < 0 || typeAt > second + HEAD_BYTES_MAX)
    throw new EncryptedBodyFault("an encrypted message without its content");
  const at = typeAt + type.length;
  // What was encrypted may hold the boundary by chance; the last one is the end.
  const end = bytes.lastIndexOf(ends);
  if (at + 4 > end) throw new EncryptedBodyFault("an encrypted message that ends in the middle");
  const tokenBytes = bytes.readUInt32LE(at);
  if (tokenBytes > TOKEN_BYTES_MAX || at + 4 + tokenBytes > end)
    throw new EncryptedBodyFault("an encrypted message with a signature that does not fit");
  return {
    token: bytes.subarray(at + 4, at + 4 + tokenBytes),
    cipher: bytes.subarray(at + 4 + tokenBytes, end),
    plainLength: Number(lengthText),
  };
}
