import type { Entry, EntryDevice, EntryUser } from "../entry.ts";
import type { IpAddress } from "../ip-address.ts";
import type { EvidenceClass } from "../observation.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { hashBytes } from "./hash-chains.ts";

const HAS_USER = 1;
const HAS_DEVICE = 2;
const HAS_LAST_USER = 4;
const REASON_SHIFT = 3;
/** Numbers are stored: they are added to, never given anew. */
const REASONS: readonly Entry["unknownBecause"][] = [
  undefined,
  "ended",
  "expired",
  "contested",
  "disabled",
  "suppressed",
  "never-seen",
  "source-dark",
];
const REASON_NUMBERS: Readonly<Record<NonNullable<Entry["unknownBecause"]>, number>> = {
  ended: 1,
  expired: 2,
  contested: 3,
  disabled: 4,
  suppressed: 5,
  "never-seen": 6,
  "source-dark": 7,
};
const CLASSES: readonly EvidenceClass[] = ["A", "B", "C", "D"];
const CLASS_NUMBERS: Readonly<Record<EvidenceClass, number>> = { A: 0, B: 1, C: 2, D: 3 };

/** Writes an entry without its address and its revision, which its owner keeps beside it. */
export function packEntry(entry: Entry, writer: ByteWriter): void {
  const reason = entry.unknownBecause === undefined ? 0 : REASON_NUMBERS[entry.unknownBecause];
  writer.byte(
    (entry.user === null ? 0 : HAS_USER) |
      (entry.device === null ? 0 : HAS_DEVICE) |
      (entry.lastUser === undefined ? 0 : HAS_LAST_USER) |
      (reason << REASON_SHIFT),
  );
  writer.number(entry.changedAt);
  writer.count(entry.domainsSeen.length);
  for (const domain of entry.domainsSeen) writer.word(domain);
  if (entry.lastUser !== undefined) {
    writer.word(entry.lastUser.domain);
    writer.text(entry.lastUser.name);
  }
  if (entry.user !== null) packUser(entry.user, entry.changedAt, writer);
  if (entry.device !== null) packDevice(entry.device, entry.changedAt, writer);
}

export interface EntryPlace {
  readonly addressSpaceId: string;
  readonly ip: IpAddress;
  readonly revision: number;
}

export function unpackEntry({ addressSpaceId, ip, revision }: EntryPlace, reader: ByteReader): Entry {
  const flags = reader.byte();
  const changedAt = reader.number();
  const domainsSeen = readWords(reader);
  const lastUser = (flags & HAS_LAST_USER) === 0 ? undefined : { domain: reader.text(), name: reader.text() };
  const user = (flags & HAS_USER) === 0 ? null : unpackUser(changedAt, reader);
  const device = (flags & HAS_DEVICE) === 0 ? null : unpackDevice(changedAt, reader);
  const unknownBecause = REASONS[flags >> REASON_SHIFT];
  return {
    addressSpaceId,
    ip,
    revision,
    changedAt,
    user,
    device,
    ...(unknownBecause === undefined ? {} : { unknownBecause }),
    ...(lastUser === undefined ? {} : { lastUser }),
    domainsSeen,
  };
}

/** What a log must know of a packed entry, without reading all of it. */
export function peekEntry(reader: ByteReader): { readonly isLive: boolean; readonly changedAt: number } {
  const isLive = (reader.byte() & (HAS_USER | HAS_DEVICE)) !== 0;
  return { isLive, changedAt: reader.number() };
}

/** A number that stands for the principal of a packed entry's user, without reading who it is; -1: it has no user. */
export function userNumber(reader: ByteReader): number {
  const flags = reader.byte();
  if ((flags & HAS_USER) === 0) return -1;
  reader.number();
  for (let left = reader.count(); left > 0; left--) reader.skipText();
  reader.byte();
  const from = reader.at;
  reader.skipText();
  // One vocabulary writes one key always in the same bytes.
  return hashBytes(reader.bytes, from, reader.at);
}

function readWords(reader: ByteReader): string[] {
  const count = reader.count();
  const words: string[] = [];
  for (let at = 0; at < count; at++) words.push(reader.text());
  return words;
}

function packUser(user: EntryUser, base: number, writer: ByteWriter): void {
  writer.byte(
    CLASS_NUMBERS[user.class] |
      (user.netbiosDomain === undefined ? 0 : 4) |
      (user.upn === undefined ? 0 : 8) |
      (user.displayName === undefined ? 0 : 16),
  );
  writer.identity(user.principalKey);
  writer.word(user.domain);
  if (user.netbiosDomain !== undefined) writer.word(user.netbiosDomain);
  writer.text(user.name);
  if (user.upn !== undefined) writer.upn(user.upn, user.name);
  if (user.displayName !== undefined) writer.text(user.displayName);
  writer.time(user.since, base);
  writer.time(user.lastSeenAt, base);
  writer.time(user.expiresAt, base);
  writer.word(user.sourceId);
  writer.word(user.sourceLabel);
  writer.word(user.rule);
  packIdentity(user.observationId, writer);
  writer.groups(user.groups);
}

function unpackUser(base: number, reader: ByteReader): EntryUser {
  const flags = reader.byte();
  const principalKey = reader.text();
  const domain = reader.text();
  const netbiosDomain = (flags & 4) === 0 ? undefined : reader.text();
  const name = reader.text();
  const upn = (flags & 8) === 0 ? undefined : reader.upn(name);
  const displayName = (flags & 16) === 0 ? undefined : reader.text();
  return {
    principalKey,
    domain,
    ...(netbiosDomain === undefined ? {} : { netbiosDomain }),
    name,
    ...(upn === undefined ? {} : { upn }),
    ...(displayName === undefined ? {} : { displayName }),
    since: reader.time(base),
    lastSeenAt: reader.time(base),
    expiresAt: reader.time(base),
    class: CLASSES[flags & 3] ?? "D",
    sourceId: reader.text(),
    sourceLabel: reader.text(),
    rule: reader.text(),
    observationId: unpackIdentity(reader),
    groups: reader.groups(),
  };
}

const DEVICE_TEXTS = ["os", "osVersion", "category", "vendor", "model", "sourceId"] as const;

function packDevice(device: EntryDevice, base: number, writer: ByteWriter): void {
  let flags = device.netbiosDomain === undefined ? 0 : 1;
  for (const [at, field] of DEVICE_TEXTS.entries()) if (device[field] !== undefined) flags |= 2 << at;
  writer.byte(flags);
  writer.identity(device.principalKey);
  writer.word(device.domain);
  if (device.netbiosDomain !== undefined) writer.word(device.netbiosDomain);
  writer.text(device.name);
  writer.time(device.since, base);
  writer.time(device.expiresAt, base);
  for (const field of DEVICE_TEXTS) {
    const text = device[field];
    if (text !== undefined) writer.word(text);
  }
  writer.groups(device.groups);
}

function unpackDevice(base: number, reader: ByteReader): EntryDevice {
  const flags = reader.byte();
  const principalKey = reader.text();
  const domain = reader.text();
  const netbiosDomain = (flags & 1) === 0 ? undefined : reader.text();
  const name = reader.text();
  const since = reader.time(base);
  const expiresAt = reader.time(base);
  const texts: { [Field in (typeof DEVICE_TEXTS)[number]]?: string } = {};
  for (const [at, field] of DEVICE_TEXTS.entries())
    if ((flags & (2 << at)) !== 0) texts[field] = reader.text();
  return {
    principalKey,
    domain,
    ...(netbiosDomain === undefined ? {} : { netbiosDomain }),
    name,
    groups: reader.groups(),
    since,
    expiresAt,
    ...texts,
  };
}

/** An observation's identity is its record's plus "#" and a digit. */
function packIdentity(id: string, writer: ByteWriter): void {
  const mark = id.length - 2;
  const digit = id.charCodeAt(mark + 1) - 0x30;
  const isOrdinal = mark >= 0 && id.charAt(mark) === "#" && digit >= 0 && digit <= 9;
  writer.byte(isOrdinal ? digit : 10);
  writer.identity(isOrdinal ? id.slice(0, mark) : id);
}

function unpackIdentity(reader: ByteReader): string {
  const digit = reader.byte();
  const text = reader.text();
  return digit === 10 ? text : `${text}#${digit}`;
}
