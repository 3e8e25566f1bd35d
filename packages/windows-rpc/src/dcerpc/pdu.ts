import { uuidBytes, uuidText } from "../ndr/uuid.ts";
import { NDR20, type RpcInterface } from "./rpc-interface.ts";

/** Bytes that are no PDU of this protocol, or one that contradicts itself. */
export class PduFault extends Error {
  override readonly name = "PduFault";
}

export const HEADER_BYTES = 16;
/** Of requests and responses, up to the stub. */
export const CALL_HEADER_BYTES = 24;
export const TRAILER_BYTES = 8;
/** What Windows announces, and what we announce. Source: captured by others from Windows; Samba answers 4280 (captured). */
export const FRAGMENT_BYTES = 5840;

export const PACKET_TYPE = {
  request: 0,
  response: 2,
  fault: 3,
  bind: 11,
  bindAck: 12,
  bindNak: 13,
  alterContext: 14,
  alterContextResponse: 15,
  auth3: 16,
} as const;

export const FLAG = {
  first: 0x01,
  last: 0x02,
  /** In binds and their answers: the header may be signed too. In calls the bit means another thing. */
  headerSigning: 0x04,
  didNotExecute: 0x20,
  object: 0x80,
} as const;

export const WHOLE = FLAG.first | FLAG.last;
export const LEVEL_PRIVACY = 6;

/** The security trailer and the token behind it, as they came. */
export interface PduAuth {
  readonly type: number;
  readonly level: number;
  readonly padLength: number;
  readonly contextId: number;
  readonly trailer: Buffer;
  readonly token: Buffer;
}

interface PduBase {
  readonly callId: number;
  readonly flags: number;
  readonly auth: PduAuth | null;
}

export interface OfferedContext {
  readonly id: number;
  readonly abstractSyntax: RpcInterface;
  readonly transferSyntaxes: readonly RpcInterface[];
}

export interface ContextResult {
  readonly result: number;
  readonly reason: number;
}

export interface BindPdu extends PduBase {
  readonly kind: "bind" | "alter-context";
  readonly maxSend: number;
  readonly maxReceive: number;
  readonly group: number;
  readonly contexts: readonly OfferedContext[];
}

export interface BindAnswerPdu extends PduBase {
  readonly kind: "bind-ack" | "alter-context-response";
  readonly maxSend: number;
  readonly maxReceive: number;
  readonly group: number;
  readonly results: readonly ContextResult[];
}

export interface RequestPdu extends PduBase {
  readonly kind: "request";
  readonly contextId: number;
  readonly opnum: number;
  readonly objectUuid: string | null;
  /** All before the stub: what is signed in clear. */
  readonly head: Buffer;
  /** The stub and its padding, sealed where `auth` is there. A view: unsealed in place. */
  readonly body: Buffer;
}

export interface ResponsePdu extends PduBase {
  readonly kind: "response";
  readonly contextId: number;
  readonly head: Buffer;
  readonly body: Buffer;
}

export type Pdu =
  | BindPdu
  | BindAnswerPdu
  | RequestPdu
  | ResponsePdu
  | (PduBase & { readonly kind: "bind-nak"; readonly reason: number })
  | (PduBase & { readonly kind: "auth3" })
  | (PduBase & { readonly kind: "fault"; readonly status: number })
  /** Cancels, shutdowns and what else a peer may send: to be passed over. */
  | (PduBase & { readonly kind: "other"; readonly type: number });

/** Contexts in one bind: Windows offers three, impacket up to some thirty. */
const CONTEXTS_MAX = 64;

/**
 * Reads one whole PDU, as `PduSplitter` cuts them.
 *
 * Shape:  the buffers of the result are views of `bytes`.
 * Errors: `PduFault`.
 * Source: [C706] 12.6, [MS-RPCE] 2.2.2 (documented); captured from Samba and impacket.
 */
export function decodePdu(bytes: Buffer): Pdu {
  const length = checkHeader(bytes);
  if (length !== bytes.length) throw new PduFault(`a PDU of ${length} bytes in ${bytes.length}`);
  const type = bytes.readUInt8(2);
  const flags = bytes.readUInt8(3);
  const auth = decodeAuth(bytes);
  const end = auth === null ? length : length - auth.token.length - TRAILER_BYTES;
  const base = { callId: bytes.readUInt32LE(12), flags, auth };
  switch (type) {
    case PACKET_TYPE.bind:
      return { kind: "bind", ...base, ...decodeOffer(bytes.subarray(0, end)) };
    case PACKET_TYPE.alterContext:
      return { kind: "alter-context", ...base, ...decodeOffer(bytes.subarray(0, end)) };
    case PACKET_TYPE.bindAck:
      return { kind: "bind-ack", ...base, ...decodeResults(bytes.subarray(0, end)) };
    case PACKET_TYPE.alterContextResponse:
      return { kind: "alter-context-response", ...base, ...decodeResults(bytes.subarray(0, end)) };
    case PACKET_TYPE.bindNak:
      return { kind: "bind-nak", ...base, reason: fieldsOf(bytes, end, 2).readUInt16LE(16) };
    case PACKET_TYPE.auth3:
      return { kind: "auth3", ...base };
    case PACKET_TYPE.request: {
      const hasObject = (flags & FLAG.object) !== 0;
      const headBytes = CALL_HEADER_BYTES + (hasObject ? 16 : 0);
      const head = fieldsOf(bytes, end, headBytes - HEADER_BYTES).subarray(0, headBytes);
      return {
        kind: "request",
        ...base,
        contextId: head.readUInt16LE(20),
        opnum: head.readUInt16LE(22),
        objectUuid: hasObject ? uuidText(head.subarray(24, 40)) : null,
        head,
        body: checkPad(bytes.subarray(headBytes, end), auth),
      };
    }
    case PACKET_TYPE.response: {
      const head = fieldsOf(bytes, end, 8).subarray(0, CALL_HEADER_BYTES);
      return {
        kind: "response",
        ...base,
        contextId: head.readUInt16LE(20),
        head,
        body: checkPad(bytes.subarray(CALL_HEADER_BYTES, end), auth),
      };
    }
    case PACKET_TYPE.fault:
      return { kind: "fault", ...base, status: fieldsOf(bytes, end, 12).readUInt32LE(24) };
    default:
      return { kind: "other", ...base, type };
  }
}

/** The length that a header announces. Errors: `PduFault` for a header of another protocol, or one byte order we do not read. */
export function checkHeader(bytes: Buffer): number {
  if (bytes.length < HEADER_BYTES) throw new PduFault("a PDU ends in its header");
  if (bytes[0] !== 5 || (bytes[1] ?? 0) > 1) throw new PduFault("no DCE/RPC of version 5");
  // Integers little endian, characters ASCII, floats IEEE: what every Windows sends.
  if (bytes[4] !== 0x10 || bytes[5] !== 0) throw new PduFault("a byte order other than little endian");
  const length = bytes.readUInt16LE(8);
  if (length < HEADER_BYTES) throw new PduFault(`a PDU of ${length} bytes`);
  return length;
}

function decodeAuth(bytes: Buffer): PduAuth | null {
  const tokenBytes = bytes.readUInt16LE(10);
  if (tokenBytes === 0) return null;
  const at = bytes.length - tokenBytes - TRAILER_BYTES;
  if (at < HEADER_BYTES) throw new PduFault("a token that is longer than its PDU");
  const trailer = bytes.subarray(at, at + TRAILER_BYTES);
  return {
    type: trailer.readUInt8(0),
    level: trailer.readUInt8(1),
    padLength: trailer.readUInt8(2),
    contextId: trailer.readUInt32LE(4),
    trailer,
    token: bytes.subarray(at + TRAILER_BYTES),
  };
}

function checkPad(body: Buffer, auth: PduAuth | null): Buffer {
  if (auth !== null && auth.padLength > body.length) throw new PduFault("more padding than there is stub");
  return body;
}

function fieldsOf(bytes: Buffer, end: number, needed: number): Buffer {
  if (HEADER_BYTES + needed > end) throw new PduFault("a PDU ends in the middle of its fields");
  return bytes;
}

function decodeOffer(bytes: Buffer) {
  fieldsOf(bytes, bytes.length, 12);
  const count = bytes.readUInt8(24);
  if (count > CONTEXTS_MAX) throw new PduFault(`${count} interfaces in one bind`);
  const contexts: OfferedContext[] = [];
  let at = 28;
  for (let i = 0; i < count; i += 1) {
    const transferCount = at + 24 <= bytes.length ? bytes.readUInt8(at + 2) : 0;
    if (at + 24 + 20 * transferCount > bytes.length) throw new PduFault("a bind ends in its interfaces");
    contexts.push({
      id: bytes.readUInt16LE(at),
      abstractSyntax: readSyntax(bytes, at + 4),
      transferSyntaxes: Array.from({ length: transferCount }, (_, n) => readSyntax(bytes, at + 24 + 20 * n)),
    });
    at += 24 + 20 * transferCount;
  }
  return { ...readSizes(bytes), contexts };
}

function decodeResults(bytes: Buffer) {
  fieldsOf(bytes, bytes.length, 10);
  // The address of the server as a counted text, then aligned to four from the start of the PDU.
  const at = (26 + bytes.readUInt16LE(24) + 3) & ~3;
  if (at + 4 > bytes.length) throw new PduFault("an answer to a bind ends in its address");
  const count = bytes.readUInt8(at);
  if (at + 4 + 24 * count > bytes.length) throw new PduFault("an answer to a bind ends in its results");
  const results = Array.from({ length: count }, (_, n) => ({
    result: bytes.readUInt16LE(at + 4 + 24 * n),
    reason: bytes.readUInt16LE(at + 6 + 24 * n),
  }));
  return { ...readSizes(bytes), results };
}

function readSizes(bytes: Buffer) {
  return {
    maxSend: bytes.readUInt16LE(16),
    maxReceive: bytes.readUInt16LE(18),
    group: bytes.readUInt32LE(20),
  };
}

function readSyntax(bytes: Buffer, at: number): RpcInterface {
  return {
    uuid: uuidText(bytes.subarray(at, at + 16)),
    version: `${bytes.readUInt16LE(at + 16)}.${bytes.readUInt16LE(at + 18)}`,
  };
}

/** What is sent of a login: its token, and where a body was sealed the padding before the trailer. */
export interface AuthToSend {
  readonly type: number;
  readonly padLength?: number;
  readonly contextId?: number;
  readonly token: Uint8Array;
}

export function encodeBind(bind: {
  readonly kind: "bind" | "alter-context";
  readonly callId: number;
  readonly interface: RpcInterface;
  readonly contextId: number;
  readonly group?: number;
  readonly isHeaderSigned: boolean;
  readonly auth: AuthToSend | null;
}): Buffer {
  const body = Buffer.alloc(12 + 4);
  body.writeUInt16LE(FRAGMENT_BYTES, 0);
  body.writeUInt16LE(FRAGMENT_BYTES, 2);
  body.writeUInt32LE(bind.group ?? 0, 4);
  body.writeUInt8(1, 8);
  body.writeUInt16LE(bind.contextId, 12);
  body.writeUInt8(1, 14);
  return assemble(
    {
      type: bind.kind === "bind" ? PACKET_TYPE.bind : PACKET_TYPE.alterContext,
      flags: WHOLE | (bind.isHeaderSigned ? FLAG.headerSigning : 0),
      callId: bind.callId,
    },
    Buffer.concat([body, syntaxBytes(bind.interface), syntaxBytes(NDR20)]),
    bind.auth,
  );
}

export function encodeBindAnswer(answer: {
  readonly kind: "bind-ack" | "alter-context-response";
  readonly callId: number;
  readonly group: number;
  readonly address: string;
  readonly fragmentBytes: number;
  readonly results: readonly ContextResult[];
  readonly isHeaderSigned: boolean;
  readonly auth: AuthToSend | null;
}): Buffer {
  const address = answer.address === "" ? Buffer.alloc(0) : Buffer.from(`${answer.address}\0`, "latin1");
  const at = (26 + address.length + 3) & ~3;
  const body = Buffer.alloc(at - HEADER_BYTES + 4 + 24 * answer.results.length);
  body.writeUInt16LE(answer.fragmentBytes, 0);
  body.writeUInt16LE(answer.fragmentBytes, 2);
  body.writeUInt32LE(answer.group, 4);
  body.writeUInt16LE(address.length, 8);
  body.set(address, 10);
  body.writeUInt8(answer.results.length, at - HEADER_BYTES);
  answer.results.forEach(({ result, reason }, n) => {
    const from = at - HEADER_BYTES + 4 + 24 * n;
    body.writeUInt16LE(result, from);
    body.writeUInt16LE(reason, from + 2);
    if (result === 0) body.set(syntaxBytes(NDR20), from + 4);
  });
  return assemble(
    {
      type: answer.kind === "bind-ack" ? PACKET_TYPE.bindAck : PACKET_TYPE.alterContextResponse,
      flags: WHOLE | (answer.isHeaderSigned ? FLAG.headerSigning : 0),
      callId: answer.callId,
    },
    body,
    answer.auth,
  );
}

export function encodeBindNak(callId: number, reason: number): Buffer {
  const body = Buffer.alloc(6);
  body.writeUInt16LE(reason, 0);
  body.writeUInt8(1, 2); // one version is spoken: 5.0
  body.writeUInt8(5, 3);
  return assemble({ type: PACKET_TYPE.bindNak, flags: WHOLE, callId }, body, null);
}

/** The last token of a login that needs three. Its four bytes before the trailer mean nothing. */
export function encodeAuth3(callId: number, auth: AuthToSend): Buffer {
  return assemble({ type: PACKET_TYPE.auth3, flags: WHOLE, callId }, Buffer.alloc(4), auth);
}

export function encodeFault(callId: number, contextId: number, status: number): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt16LE(contextId, 4);
  body.writeUInt32LE(status >>> 0, 8);
  return assemble({ type: PACKET_TYPE.fault, flags: WHOLE | FLAG.didNotExecute, callId }, body, null);
}

/** The head of a fragment of a call or of its answer, up to the stub. */
export function encodeCallHead(head: {
  readonly type: "request" | "response";
  readonly flags: number;
  readonly callId: number;
  readonly contextId: number;
  readonly opnum: number;
  readonly objectUuid: string | null;
  readonly stubBytes: number;
  readonly bodyBytes: number;
  readonly tokenBytes: number;
}): Buffer {
  const headBytes = CALL_HEADER_BYTES + (head.objectUuid === null ? 0 : 16);
  const bytes = Buffer.alloc(headBytes);
  const securityBytes = head.tokenBytes === 0 ? 0 : TRAILER_BYTES + head.tokenBytes;
  writeHeader(bytes, {
    type: PACKET_TYPE[head.type],
    flags: head.flags | (head.objectUuid === null ? 0 : FLAG.object),
    callId: head.callId,
    length: headBytes + head.bodyBytes + securityBytes,
    tokenBytes: head.tokenBytes,
  });
  bytes.writeUInt32LE(head.stubBytes, 16);
  bytes.writeUInt16LE(head.contextId, 20);
  if (head.type === "request") bytes.writeUInt16LE(head.opnum, 22);
  if (head.objectUuid !== null) bytes.set(uuidBytes(head.objectUuid), 24);
  return bytes;
}

export function encodeTrailer(auth: Omit<AuthToSend, "token">): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt8(auth.type, 0);
  trailer.writeUInt8(LEVEL_PRIVACY, 1);
  trailer.writeUInt8(auth.padLength ?? 0, 2);
  trailer.writeUInt32LE(auth.contextId ?? 1, 4);
  return trailer;
}

function assemble(
  header: { readonly type: number; readonly flags: number; readonly callId: number },
  body: Buffer,
  auth: AuthToSend | null,
): Buffer {
  // The trailer stands at a multiple of four, also where nothing is sealed.
  const padLength = auth === null ? 0 : (4 - (body.length % 4)) % 4;
  const security =
    auth === null ? [] : [Buffer.alloc(padLength), encodeTrailer({ ...auth, padLength }), auth.token];
  const bytes = Buffer.concat([Buffer.alloc(HEADER_BYTES), body, ...security]);
  if (bytes.length > 0xffff) throw new PduFault("a login token that does not fit into one PDU");
  writeHeader(bytes, { ...header, length: bytes.length, tokenBytes: auth?.token.length ?? 0 });
  return bytes;
}

function writeHeader(
  bytes: Buffer,
  header: {
    readonly type: number;
    readonly flags: number;
    readonly callId: number;
    readonly length: number;
    readonly tokenBytes: number;
  },
): void {
  bytes.writeUInt8(5, 0);
  bytes.writeUInt8(header.type, 2);
  bytes.writeUInt8(header.flags, 3);
  bytes.writeUInt8(0x10, 4);
  bytes.writeUInt16LE(header.length, 8);
  bytes.writeUInt16LE(header.tokenBytes, 10);
  bytes.writeUInt32LE(header.callId >>> 0, 12);
}

function syntaxBytes({ uuid, version }: RpcInterface): Buffer {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const bytes = Buffer.alloc(20);
  bytes.set(uuidBytes(uuid), 0);
  bytes.writeUInt16LE(major, 16);
  bytes.writeUInt16LE(minor, 18);
  return bytes;
}
