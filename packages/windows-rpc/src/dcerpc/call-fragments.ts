import type { SecurityContext } from "../auth/security-context.ts";
import {
  encodeCallHead,
  encodeTrailer,
  FLAG,
  PduFault,
  type RequestPdu,
  type ResponsePdu,
  TRAILER_BYTES,
} from "./pdu.ts";

/** The body of a sealed fragment is padded to this, so that ciphers of 16-byte blocks have nothing to say. */
const BLOCK_BYTES = 16;

export interface CallToSend {
  readonly type: "request" | "response";
  readonly callId: number;
  readonly contextId: number;
  /** Of a request. */
  readonly opnum: number;
  readonly objectUuid: string | null;
  readonly stub: Uint8Array;
}

export interface Sealing {
  readonly context: SecurityContext;
  readonly isHeaderSigned: boolean;
  /** Which login of the connection, as its bind named it. */
  readonly authContextId: number;
}

/**
 * Cuts the stub of a call into fragments of at most `fragmentBytes`, each sealed by itself where there is a login.
 *
 * Shape:  at least one fragment, whole PDUs in the order of the wire. The stub is not changed.
 * Source: [MS-RPCE] 2.2.2.11 and 3.3.1.5.2 (documented); accepted by Samba and impacket (captured).
 */
export function encodeCall(call: CallToSend, fragmentBytes: number, sealing: Sealing | null): Buffer[] {
  const headBytes = 24 + (call.objectUuid === null ? 0 : 16);
  const securityBytes = sealing === null ? 0 : TRAILER_BYTES + sealing.context.signatureLength;
  const room = fragmentBytes - headBytes - securityBytes;
  const stubBytesEach = sealing === null ? room : room - (room % BLOCK_BYTES);
  if (stubBytesEach <= 0) throw new PduFault(`fragments of ${fragmentBytes} bytes have no room for a stub`);
  const fragments: Buffer[] = [];
  let at = 0;
  do {
    const piece = call.stub.subarray(at, at + stubBytesEach);
    const isLast = at + piece.length >= call.stub.length;
    const flags = (at === 0 ? FLAG.first : 0) | (isLast ? FLAG.last : 0);
    fragments.push(encodeFragment(call, piece, flags, sealing));
    at += piece.length;
  } while (at < call.stub.length);
  return fragments;
}

function encodeFragment(call: CallToSend, piece: Uint8Array, flags: number, sealing: Sealing | null): Buffer {
  const tokenBytes = sealing?.context.signatureLength ?? 0;
  const padLength = sealing === null ? 0 : (BLOCK_BYTES - (piece.length % BLOCK_BYTES)) % BLOCK_BYTES;
  const body = Buffer.alloc(piece.length + padLength);
  body.set(piece);
  const header = encodeCallHead({
    ...call,
    flags,
    stubBytes: call.stub.length,
    bodyBytes: body.length,
    tokenBytes,
  });
  if (sealing === null) return Buffer.concat([header, body]);
  const trailer = encodeTrailer({
    type: sealing.context.authType,
    padLength,
    contextId: sealing.authContextId,
  });
  const token = sealing.context.seal({ header, body, trailer, isHeaderSigned: sealing.isHeaderSigned });
  if (token.length !== tokenBytes) throw new PduFault("a signature of another length than announced");
  return Buffer.concat([header, body, trailer, token]);
}

/**
 * The stub bytes in one fragment, unsealed in place.
 * Errors: `PduFault` where a login is there and the fragment is not sealed by it; `SecurityFault` where it does not verify.
 */
export function openFragment(pdu: RequestPdu | ResponsePdu, sealing: Sealing | null): Buffer {
  if (sealing === null) {
    if (pdu.auth !== null) throw new PduFault("a sealed fragment on a connection without a login");
    return pdu.body;
  }
  // Falling back to clear text is never accepted: else anybody on the way could answer.
  if (pdu.auth === null || pdu.auth.level !== 6 || pdu.auth.type !== sealing.context.authType) {
    throw new PduFault("a fragment that is not sealed by the login of this connection");
  }
  const { trailer, token, padLength } = pdu.auth;
  sealing.context.unseal(
    { header: pdu.head, body: pdu.body, trailer, isHeaderSigned: sealing.isHeaderSigned },
    token,
  );
  return pdu.body.subarray(0, pdu.body.length - padLength);
}
