import type { IpAddress } from "../ip-address.ts";
import type { Claim, End, KeyState, KindState } from "../key-state.ts";
import type { EvidenceClass, PrincipalName, SourceFamily } from "../observation.ts";
import { tokensOf } from "../principal-directory.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { hashOfToken, packHashes } from "./token-hash.ts";

const CLASSES: readonly EvidenceClass[] = ["A", "B", "C", "D"];
const CLASS_NUMBERS: Readonly<Record<EvidenceClass, number>> = { A: 0, B: 1, C: 2, D: 3 };
/** Numbers are stored: they are added to, never given anew. */
const FAMILIES: readonly SourceFamily[] = [
  "syslog",
  "radius",
  "event-log",
  "probe",
  "srx-push",
  "dhcp",
  "cloud",
];
const FAMILY_NUMBERS: Readonly<Record<SourceFamily, number>> = {
  syslog: 0,
  radius: 1,
  "event-log": 2,
  probe: 3,
  "srx-push": 4,
  dhcp: 5,
  cloud: 6,
};

const HAS_SID = 1;
const HAS_NAME = 2;
const HAS_DOMAIN = 4;
const HAS_UPN = 8;
const HAS_CORRELATOR = 32;
const HAS_LABEL = 64;
const IS_ORDINAL = 128;
const NAMES_ANYBODY = 64;
const ANY_PRINCIPAL = 1;
const ANY_FAMILY = 2;

/**
 * Writes what is kept of one address, without the address itself: first the hashes of the names in it, so that these
 * can be found without reading the rest.
 */
export function packState(state: KeyState, writer: ByteWriter): void {
  const hashes = new Set<number>();
  for (const kind of [state.user, state.device])
    for (const claim of kind.claims)
      for (const token of tokensOf(claim.principal)) hashes.add(hashOfToken(token));
  packHashes([...hashes], writer);
  packKind(state.user, writer);
  packKind(state.device, writer);
}

export function unpackState(addressSpaceId: string, ip: IpAddress, reader: ByteReader): KeyState {
  reader.skip(reader.count() * 4);
  return { addressSpaceId, ip, user: unpackKind(reader), device: unpackKind(reader) };
}

function packKind(kind: KindState, writer: ByteWriter): void {
  writer.count(kind.claims.length);
  writer.count(kind.ends.length);
  writer.number(kind.floor);
  writer.number(kind.endFloor);
  if (kind.claims.length + kind.ends.length === 0) return;
  const base = (kind.claims[0] ?? kind.ends[0])?.at ?? 0;
  writer.number(base);
  for (const claim of kind.claims) packClaim(claim, base, writer);
  for (const end of kind.ends) packEnd(end, base, writer);
}

function unpackKind(reader: ByteReader): KindState {
  const claimCount = reader.count();
  const endCount = reader.count();
  const floor = reader.number();
  const endFloor = reader.number();
  const claims: Claim[] = [];
  const ends: End[] = [];
  if (claimCount + endCount > 0) {
    const base = reader.number();
    for (let at = 0; at < claimCount; at++) claims.push(unpackClaim(base, reader));
    for (let at = 0; at < endCount; at++) ends.push(unpackEnd(base, reader));
  }
  return { claims, ends, floor, endFloor };
}

function packClaim(claim: Claim, base: number, writer: ByteWriter): void {
  const ordinal = ordinalOf(claim.id, claim.recordId);
  writer.byte(
    flagsOf(claim.principal) |
      (claim.correlator === null ? 0 : HAS_CORRELATOR) |
      (claim.sourceLabel === undefined ? 0 : HAS_LABEL) |
      (ordinal < 0 ? 0 : IS_ORDINAL),
  );
  writer.byte(CLASS_NUMBERS[claim.class] | (FAMILY_NUMBERS[claim.family] << 2));
  writer.time(claim.at, base);
  writer.time(claim.seenAt, claim.at);
  writer.time(claim.firstAt, claim.at);
  writer.number(claim.lifetimeMs);
  writer.word(claim.sourceId);
  writer.identity(claim.recordId);
  if (ordinal < 0) writer.text(claim.id);
  else writer.count(ordinal);
  packPrincipal(claim.principal, writer);
  writer.word(claim.rule);
  if (claim.correlator !== null) writer.text(claim.correlator);
  if (claim.sourceLabel !== undefined) writer.word(claim.sourceLabel);
}

function unpackClaim(base: number, reader: ByteReader): Claim {
  const flags = reader.byte();
  const kinds = reader.byte();
  const at = reader.time(base);
  const seenAt = reader.time(at);
  const firstAt = reader.time(at);
  const lifetimeMs = reader.number();
  const sourceId = reader.text();
  const recordId = reader.text();
  const id = (flags & IS_ORDINAL) === 0 ? reader.text() : `${recordId}#${reader.count()}`;
  const principal = unpackPrincipal(flags, reader);
  const rule = reader.text();
  const correlator = (flags & HAS_CORRELATOR) === 0 ? null : reader.text();
  const claim: Claim = {
    id,
    at,
    seenAt,
    firstAt,
    lifetimeMs,
    class: CLASSES[kinds & 3] ?? "D",
    family: familyOf(kinds >> 2),
    sourceId,
    recordId,
    principal,
    correlator,
    rule,
  };
  return (flags & HAS_LABEL) === 0 ? claim : { ...claim, sourceLabel: reader.text() };
}

function packEnd(end: End, base: number, writer: ByteWriter): void {
  writer.byte(
    (end.principal === null ? NAMES_ANYBODY : flagsOf(end.principal)) |
      (end.correlator === null ? 0 : HAS_CORRELATOR),
  );
  writer.byte(
    (end.scope.principal === "any" ? ANY_PRINCIPAL : 0) |
      (end.scope.family === "any" ? ANY_FAMILY : 0) |
      (FAMILY_NUMBERS[end.family] << 2),
  );
  writer.time(end.at, base);
  writer.word(end.sourceId);
  const [recordId, ordinal] = partsOf(end.id);
  writer.identity(recordId);
  writer.count(ordinal + 1);
  if (end.principal !== null) packPrincipal(end.principal, writer);
  writer.word(end.rule);
  if (end.correlator !== null) writer.text(end.correlator);
}

function unpackEnd(base: number, reader: ByteReader): End {
  const flags = reader.byte();
  const kinds = reader.byte();
  const at = reader.time(base);
  const sourceId = reader.text();
  const recordId = reader.text();
  const ordinal = reader.count() - 1;
  const principal = (flags & NAMES_ANYBODY) === 0 ? unpackPrincipal(flags, reader) : null;
  const rule = reader.text();
  return {
    id: ordinal < 0 ? recordId : `${recordId}#${ordinal}`,
    at,
    sourceId,
    family: familyOf(kinds >> 2),
    principal,
    correlator: (flags & HAS_CORRELATOR) === 0 ? null : reader.text(),
    scope: {
      principal: (kinds & ANY_PRINCIPAL) === 0 ? "named" : "any",
      family: (kinds & ANY_FAMILY) === 0 ? "same" : "any",
    },
    rule,
  };
}

function flagsOf(principal: PrincipalName): number {
  return (
    (principal.sid === undefined ? 0 : HAS_SID) |
    (principal.name === undefined ? 0 : HAS_NAME) |
    (principal.domain === undefined ? 0 : HAS_DOMAIN) |
    (principal.upn === undefined ? 0 : HAS_UPN)
  );
}

function packPrincipal(principal: PrincipalName, writer: ByteWriter): void {
  if (principal.sid !== undefined) writer.identity(principal.sid);
  if (principal.name !== undefined) writer.text(principal.name);
  if (principal.domain !== undefined) writer.word(principal.domain);
  if (principal.upn !== undefined) writer.text(principal.upn);
}

function unpackPrincipal(flags: number, reader: ByteReader): PrincipalName {
  return {
    ...((flags & HAS_SID) === 0 ? {} : { sid: reader.text() }),
    ...((flags & HAS_NAME) === 0 ? {} : { name: reader.text() }),
    ...((flags & HAS_DOMAIN) === 0 ? {} : { domain: reader.text() }),
    ...((flags & HAS_UPN) === 0 ? {} : { upn: reader.text() }),
  };
}

function familyOf(number: number): SourceFamily {
  const family = FAMILIES[number];
  if (family === undefined) throw new RangeError(`there is no source family ${number}`);
  return family;
}

/** The ordinal of an identity that is its record's plus "#" and a number; -1: it is not. */
function ordinalOf(id: string, recordId: string): number {
  if (!id.startsWith(recordId) || id.charAt(recordId.length) !== "#") return -1;
  return decimal(id.slice(recordId.length + 1));
}

function partsOf(id: string): readonly [recordId: string, ordinal: number] {
  const mark = id.lastIndexOf("#");
  const ordinal = mark < 0 ? -1 : decimal(id.slice(mark + 1));
  return ordinal < 0 ? [id, -1] : [id.slice(0, mark), ordinal];
}

/** The number that is written exactly so; -1: it is none. */
function decimal(text: string): number {
  if (text.length === 0 || text.length > 9) return -1;
  const number = Number(text);
  return Number.isInteger(number) && number >= 0 && String(number) === text ? number : -1;
}
