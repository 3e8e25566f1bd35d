import { SecurityFault } from "../auth/security-context.ts";
import { expectTag, field, fieldsOf, octets, octetsOf, readDer, sequence, tagged } from "../kerberos/der.ts";

const SPNEGO_OID = Buffer.from("06062b0601050502", "hex");
const ENUMERATED = 0x0a;

export const NEGOTIATION = { completed: 0, incomplete: 1, rejected: 2, requestMic: 3 } as const;

export interface NegotiationAnswer {
  readonly state: number | null;
  /** With its tag and length. */
  readonly mechanism: Buffer | null;
  readonly token: Buffer | null;
  readonly mic: Buffer | null;
}

/** The list of mechanisms as it is signed. */
export function mechanismList(mechanisms: readonly Buffer[]): Buffer {
  return sequence(...mechanisms);
}

/** Source: RFC 4178 4.2.1 (documented); taken by Samba (captured). */
export function encodeFirst(mechanisms: readonly Buffer[], token: Uint8Array): Buffer {
  const init = sequence(field(0, mechanismList(mechanisms)), field(2, octets(token)));
  return tagged(0x60, SPNEGO_OID, field(0, init));
}

/** Source: RFC 4178 4.2.2 (documented). */
export function encodeAnswer(answer: {
  readonly token: Uint8Array | null;
  readonly mic: Buffer | null;
}): Buffer {
  return field(
    1,
    sequence(
      ...(answer.token === null ? [] : [field(2, octets(answer.token))]),
      ...(answer.mic === null ? [] : [field(3, octets(answer.mic))]),
    ),
  );
}

/** Errors: `SecurityFault`. */
export function decodeAnswer(token: Uint8Array): NegotiationAnswer {
  const bytes = Buffer.from(token.buffer, token.byteOffset, token.byteLength);
  const outer = expectTag(readDer(bytes), 0xa1, "an answer to the negotiation");
  const fields = fieldsOf(readDer(outer.content));
  const state = fields.get(0);
  const ours = fields.get(2);
  const mic = fields.get(3);
  if (state !== undefined && (state.tag !== ENUMERATED || state.content.length !== 1))
    throw new SecurityFault("a negotiation in no state");
  return {
    state: state?.content[0] ?? null,
    mechanism: fields.get(1)?.raw ?? null,
    token: ours === undefined ? null : octetsOf(ours, "a token"),
    mic: mic === undefined ? null : octetsOf(mic, "a signature"),
  };
}
