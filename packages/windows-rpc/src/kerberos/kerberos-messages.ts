import { SecurityFault } from "../auth/security-context.ts";
import { encrypt, isKnownEtype, type KerberosKey, kerberosKey } from "./aes-cts.ts";
import {
  application,
  applicationOf,
  bits32,
  type DerValue,
  expectTag,
  field,
  fieldsOf,
  integer,
  membersOf,
  numberOf,
  octets,
  octetsOf,
  readDer,
  sequence,
  text,
  textOf,
  time,
  timeOf,
} from "./der.ts";

/** Whose key encrypts what. Source: RFC 4120 7.5.1, RFC 4121 2 (documented). */
export const USAGE = {
  asRequestTimestamp: 1,
  asReply: 3,
  tgsChecksum: 6,
  tgsAuthenticator: 7,
  tgsReplySessionKey: 8,
  apAuthenticator: 11,
  apReply: 12,
  acceptorSeal: 22,
  acceptorSign: 23,
  initiatorSeal: 24,
  initiatorSign: 25,
} as const;

export const NAME_TYPE = { principal: 1, service: 2, enterprise: 10 } as const;

export interface PrincipalName {
  readonly type: number;
  readonly parts: readonly string[];
}

export interface KerberosError {
  readonly code: number;
  readonly serverTimeMs: number;
  /** The client's realm, where the error is a way on to it. */
  readonly clientRealm: string | null;
  readonly data: Buffer | null;
  /** What Windows says more exactly than Kerberos has words for. */
  readonly ntStatus: number | null;
}

export interface EtypeInfo {
  readonly etype: number;
  readonly salt: string | null;
  readonly parameters: Buffer | null;
}

export interface EncryptedData {
  readonly etype: number;
  readonly cipher: Buffer;
}

export interface KdcReply {
  readonly clientRealm: string;
  readonly client: PrincipalName;
  /** The ticket as it came: it is only passed on. */
  readonly ticket: Buffer;
  readonly encrypted: EncryptedData;
  readonly etypes: readonly EtypeInfo[];
}

export interface KdcReplyPart {
  readonly key: KerberosKey;
  readonly nonce: number;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly realm: string;
  readonly server: PrincipalName;
}

const VERSION = 5;
const PA_TGS_REQ = 1;
const PA_ENC_TIMESTAMP = 2;
const PA_ETYPE_INFO2 = 19;
const ETYPES = [18, 17] as const;
/** Forwardable, renewable, canonicalize, renewable-ok: what Windows asks for. */
const KDC_OPTIONS = 0x4081_0010;
const CHECKSUM_SHA1_96 = { 18: 16, 17: 15 } as const;
const SERVICE_PARTS_MAX = 8;

export function serviceName(spn: string): PrincipalName {
  return { type: NAME_TYPE.service, parts: spn.split("/") };
}

export function nameText({ parts }: PrincipalName): string {
  return parts.join("/");
}

export interface KdcRequest {
  /** Null in a request for a service: there the ticket says who. */
  readonly client: PrincipalName | null;
  readonly realm: string;
  readonly server: PrincipalName;
  readonly tillMs: number;
  readonly nonce: number;
}

/** Source: RFC 4120 5.4.1, KDC-REQ-BODY (documented); taken by Samba (captured). */
export function encodeRequestBody(request: KdcRequest): Buffer {
  return sequence(
    field(0, bits32(KDC_OPTIONS)),
    ...(request.client === null ? [] : [field(1, encodeName(request.client))]),
    field(2, text(request.realm)),
    field(3, encodeName(request.server)),
    field(5, time(request.tillMs)),
    field(7, integer(request.nonce)),
    field(8, sequence(...ETYPES.map(integer))),
  );
}

export function encodeAsRequest(body: Buffer, timestamp: Buffer | null): Buffer {
  const padata = timestamp === null ? [] : [field(3, sequence(encodePadata(PA_ENC_TIMESTAMP, timestamp)))];
  return application(
    10,
    sequence(field(1, integer(VERSION)), field(2, integer(10)), ...padata, field(4, body)),
  );
}

export function encodeTgsRequest(body: Buffer, apRequest: Buffer): Buffer {
  const padata = sequence(encodePadata(PA_TGS_REQ, apRequest));
  return application(
    12,
    sequence(field(1, integer(VERSION)), field(2, integer(12)), field(3, padata), field(4, body)),
  );
}

/** Proves that the password is known, by the time. */
export function encodeTimestamp(key: KerberosKey, nowMs: number): Buffer {
  const plain = sequence(field(0, time(nowMs)), field(1, integer(microsecondsOf(nowMs))));
  return encodeEncrypted(key, encrypt(key, USAGE.asRequestTimestamp, plain));
}

export interface AuthenticatorParts {
  readonly clientRealm: string;
  readonly client: PrincipalName;
  readonly nowMs: number;
  /** Makes two authenticators of one millisecond different. */
  readonly tick: number;
  readonly checksum: { readonly type: number; readonly bytes: Uint8Array };
  readonly subkey?: KerberosKey;
  readonly sequence?: number;
}

/** Source: RFC 4120 5.5.1 (documented). */
export function encodeApRequest(
  ticket: Buffer,
  key: KerberosKey,
  usage: number,
  options: number,
  parts: AuthenticatorParts,
): Buffer {
  const authenticator = application(
    2,
    sequence(
      field(0, integer(VERSION)),
      field(1, text(parts.clientRealm)),
      field(2, encodeName(parts.client)),
      field(3, sequence(field(0, integer(parts.checksum.type)), field(1, octets(parts.checksum.bytes)))),
      field(4, integer(microsecondsOf(parts.nowMs) + (parts.tick % 1000))),
      field(5, time(parts.nowMs)),
      ...(parts.subkey === undefined ? [] : [field(6, encodeKey(parts.subkey))]),
      ...(parts.sequence === undefined ? [] : [field(7, integer(parts.sequence))]),
    ),
  );
  return application(
    14,
    sequence(
      field(0, integer(VERSION)),
      field(1, integer(14)),
      field(2, bits32(options)),
      field(3, ticket),
      field(4, encodeEncrypted(key, encrypt(key, usage, authenticator))),
    ),
  );
}

export function tgsChecksumType(key: KerberosKey): number {
  return key.etype === 17 ? CHECKSUM_SHA1_96[17] : CHECKSUM_SHA1_96[18];
}

/** The client's own answer to an AP-REP, the third leg of the DCE style. */
export function encodeApReply(key: KerberosKey, nowMs: number, sequenceNumber: number): Buffer {
  const part = application(
    27,
    sequence(
      field(0, time(nowMs)),
      field(1, integer(microsecondsOf(nowMs))),
      field(3, integer(sequenceNumber)),
    ),
  );
  return application(
    15,
    sequence(
      field(0, integer(VERSION)),
      field(1, integer(15)),
      field(2, encodeEncrypted(key, encrypt(key, USAGE.apReply, part))),
    ),
  );
}

/** Null for a message that is no error. Errors: `SecurityFault`. */
export function decodeError(message: Buffer): KerberosError | null {
  if (message[0] !== 0x60 + 30) return null;
  const fields = fieldsOf(applicationOf(message, 30, "an error"));
  const data = fields.get(12);
  const realm = fields.get(7);
  return {
    code: numberOf(fields.get(6), "an error's code"),
    serverTimeMs: timeOf(fields.get(4), "an error's time"),
    clientRealm: realm === undefined ? null : textOf(realm, "an error's realm"),
    data: data === undefined ? null : octetsOf(data, "an error's data"),
    ntStatus: data === undefined ? null : ntStatusIn(octetsOf(data, "an error's data")),
  };
}

const KERB_ERROR_EXTENDED = 3;
const PA_PW_SALT = 3;

/**
 * The status of Windows in an error's data: alone, or as a method of a list. Null where the data
 * is something else; errors of all kinds have data of their own, and none of it is needed to understand them.
 * Source: [MS-KILE] 2.2.1 and 2.2.2, KERB-EXT-ERROR (documented); the list is assumed. Samba sends neither (captured).
 */
function ntStatusIn(data: Buffer): number | null {
  try {
    const outer = readDer(data);
    const [first] = membersOf(outer);
    const isList = first?.tag === 0x30;
    const fields = fieldsOf(isList ? first : outer);
    const type = numberOf(fields.get(1), "the type of an error's data");
    const bytes = fields.get(2)?.content;
    if (type !== (isList ? PA_PW_SALT : KERB_ERROR_EXTENDED) || bytes?.length !== 12) return null;
    return bytes.readUInt32LE(0);
  } catch {
    return null;
  }
}

/** What of an error's data says how passwords become keys; empty where nothing does. */
export function decodeEtypes(data: Buffer | null): readonly EtypeInfo[] {
  return data === null || data.length === 0
    ? []
    : etypesIn(membersOf(expectTag(readDer(data), 0x30, "methods")));
}

function etypesIn(padata: readonly DerValue[]): readonly EtypeInfo[] {
  for (const one of padata) {
    const fields = fieldsOf(one);
    if (numberOf(fields.get(1), "a method's type") !== PA_ETYPE_INFO2) continue;
    const entries = membersOf(expectTag(readDer(octetsOf(fields.get(2), "a method")), 0x30, "key types"));
    return entries.map((entry) => {
      const parts = fieldsOf(entry);
      const salt = parts.get(1);
      const parameters = parts.get(2);
      return {
        etype: numberOf(parts.get(0), "a key type"),
        salt: salt === undefined ? null : textOf(salt, "a salt"),
        parameters: parameters === undefined ? null : octetsOf(parameters, "a key type's parameters"),
      };
    });
  }
  return [];
}

/** `kind` 11 for a login, 13 for a service. Errors: `SecurityFault`. Source: RFC 4120 5.4.2 (documented). */
export function decodeKdcReply(message: Buffer, kind: 11 | 13): KdcReply {
  const fields = fieldsOf(applicationOf(message, kind, "the key distribution centre's answer"));
  const padata = fields.get(2);
  return {
    clientRealm: textOf(fields.get(3), "the client's realm"),
    client: decodeName(fields.get(4)),
    ticket: expectTag(fields.get(5), 0x61, "a ticket").raw,
    encrypted: decodeEncrypted(fields.get(6)),
    etypes: padata === undefined ? [] : etypesIn(membersOf(padata)),
  };
}

/** What is told to the client alone. Both application tags are used for both replies by somebody. */
export function decodeReplyPart(plain: Buffer): KdcReplyPart {
  const outer = readDer(plain);
  if (outer.tag !== 0x60 + 25 && outer.tag !== 0x60 + 26) throw new SecurityFault("no part of a reply");
  const fields = fieldsOf(readDer(outer.content));
  const authTime = timeOf(fields.get(5), "the time of the login");
  const starts = fields.get(6);
  return {
    key: decodeKey(fields.get(0)),
    nonce: numberOf(fields.get(2), "a nonce"),
    startsAtMs: starts === undefined ? authTime : timeOf(starts, "a ticket's start"),
    endsAtMs: timeOf(fields.get(7), "a ticket's end"),
    realm: textOf(fields.get(9), "a realm"),
    server: decodeName(fields.get(10)),
  };
}

export function decodeApReply(message: Buffer): EncryptedData {
  return decodeEncrypted(fieldsOf(applicationOf(message, 15, "the server's proof")).get(2));
}

export interface ApReplyPart {
  readonly subkey: KerberosKey | null;
  readonly sequence: number;
}

export function decodeApReplyPart(
  plain: Buffer,
): ApReplyPart & { readonly timeMs: number; readonly microseconds: number } {
  const fields = fieldsOf(applicationOf(plain, 27, "the server's proof"));
  const subkey = fields.get(2);
  const number = fields.get(3);
  return {
    timeMs: timeOf(fields.get(0), "the time in the server's proof"),
    microseconds: numberOf(fields.get(1), "the time in the server's proof"),
    subkey: subkey === undefined ? null : decodeKey(subkey),
    // Thirty-two bits that some write as a negative number.
    sequence: number === undefined ? 0 : numberOf(number, "a sequence number") >>> 0,
  };
}

function encodePadata(type: number, value: Buffer): Buffer {
  return sequence(field(1, integer(type)), field(2, octets(value)));
}

function encodeName({ type, parts }: PrincipalName): Buffer {
  return sequence(field(0, integer(type)), field(1, sequence(...parts.map(text))));
}

function decodeName(value: DerValue | undefined): PrincipalName {
  if (value === undefined) throw new SecurityFault("a name is missing");
  const fields = fieldsOf(value);
  const parts = membersOf(expectTag(fields.get(1), 0x30, "a name"));
  if (parts.length > SERVICE_PARTS_MAX) throw new SecurityFault("a name of too many parts");
  return {
    type: numberOf(fields.get(0), "a name's type"),
    parts: parts.map((part) => textOf(part, "a name")),
  };
}

function encodeKey({ etype, bytes }: KerberosKey): Buffer {
  return sequence(field(0, integer(etype)), field(1, octets(bytes)));
}

function decodeKey(value: DerValue | undefined): KerberosKey {
  if (value === undefined) throw new SecurityFault("a key is missing");
  const fields = fieldsOf(value);
  return kerberosKey(numberOf(fields.get(0), "a key's type"), octetsOf(fields.get(1), "a key"));
}

function encodeEncrypted({ etype }: KerberosKey, cipher: Buffer): Buffer {
  return sequence(field(0, integer(etype)), field(2, octets(cipher)));
}

function decodeEncrypted(value: DerValue | undefined): EncryptedData {
  if (value === undefined) throw new SecurityFault("an encrypted part is missing");
  const fields = fieldsOf(value);
  const etype = numberOf(fields.get(0), "an encrypted part's type");
  if (!isKnownEtype(etype)) throw new SecurityFault(`an encrypted part of type ${etype}, which is not AES`);
  return { etype, cipher: octetsOf(fields.get(2), "an encrypted part") };
}

export function microsecondsOf(ms: number): number {
  return (Math.trunc(ms) % 1000) * 1000;
}
