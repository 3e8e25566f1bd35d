import { ByteReader } from "@rollcall/identity-core/packed/byte-reader";
import { ByteWriter } from "@rollcall/identity-core/packed/byte-writer";
import { Column } from "@rollcall/identity-core/packed/column";
import { HashChains, hashText, mix } from "@rollcall/identity-core/packed/hash-chains";
import { RECORD_BYTES_MAX, Slab } from "@rollcall/identity-core/packed/slab";
import { Vocabulary } from "@rollcall/identity-core/packed/vocabulary";
import { packTexts, plain, splitDn, unpackTexts } from "./principal-text.ts";
import type { GroupRecord, PrincipalRecord } from "./records.ts";
import { Words } from "./words.ts";

/** `unread`: named by a group or as a primary group, and not read (yet): a foreign principal, or one that comes later. */
export type NodeKind = "unread" | "user" | "device" | "group";

const KINDS: readonly NodeKind[] = ["unread", "user", "device", "group"];
const KIND_BITS = 3;
const IS_ENABLED = 4;
const IS_SECURITY = 8;
const HAS_NETBIOS = 16;
/** Of a device: one of Remote Desktop; of a user: any. */
const HAS_SERVICE_NAME = 32;
const IS_PASSWORD_FOREVER = 64;
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Stands before a SID that has no number at its end, and is kept as it is. */
const WHOLE = "=";
const NO_TEXTS = new Uint8Array(0);
const RID_MAX = 0xffff_ffff;

/**
 * Objects of directories by number, packed: columns of numbers, and one byte record of texts each.
 *
 * Holds: one number a SID, for ever; of each read object its record. What many objects share (domains, places in the
 *        tree, systems) stands once.
 * Units: some 120 bytes a user beside his memberships; as plain objects it were 650.
 * Does not: know memberships, or who must be looked at again.
 */
export class NodeStore {
  #count = 0;
  readonly #flags = new Column("u8");
  /** SIDs: what stands before the last number, and that number. */
  readonly #prefixes = new Words();
  readonly #prefix = new Column("u32");
  readonly #rid = new Column("u32");
  readonly #bySid = new HashChains();
  readonly #guid: readonly Column[] = [
    new Column("u32"),
    new Column("u32"),
    new Column("u32"),
    new Column("u32"),
  ];
  readonly #byGuid = new HashChains();
  /** Ids of objects that are no GUIDs, by object. */
  readonly #oddGuids = new Map<number, string>();
  readonly #byName = new HashChains();
  /** Directory, domain and its NetBIOS name, together. */
  readonly #homes = new Words();
  readonly #home = new Column("u32");
  readonly #parents = new Words();
  readonly #parent = new Column("u32");
  readonly #systems = new Words();
  readonly #system = new Column("u32");
  /** RID of the primary group + 1; 0: none. */
  readonly #primaryRid = new Column("u32");
  /** Handle of the record of an object's own texts; 0: none. */
  readonly #text = new Column("u32");
  readonly #texts = new Slab();
  /** Texts beyond the longest record. */
  readonly #longTexts = new Map<number, Uint8Array>();
  readonly #writer: ByteWriter;
  readonly #reader: ByteReader;
  readonly #recordBytesMax: number;

  constructor(recordBytesMax = RECORD_BYTES_MAX) {
    const vocabulary = new Vocabulary();
    this.#writer = new ByteWriter(vocabulary);
    this.#reader = new ByteReader(vocabulary);
    this.#recordBytesMax = recordBytesMax;
  }

  get count(): number {
    return this.#count;
  }

  kindOf(id: number): NodeKind {
    return KINDS[this.#flags.get(id) & KIND_BITS] ?? "unread";
  }

  isPrincipal(id: number): boolean {
    const kind = this.#flags.get(id) & KIND_BITS;
    return kind === 1 || kind === 2;
  }

  isSecurityGroup(id: number): boolean {
    const flags = this.#flags.get(id);
    return (flags & KIND_BITS) === 3 && (flags & IS_SECURITY) !== 0;
  }

  sidOf(id: number): string {
    const rid = this.#rid.get(id);
    const prefix = this.#prefixes.textOf(this.#prefix.get(id));
    return prefix.startsWith(WHOLE) ? prefix.slice(WHOLE.length) : `${prefix}${rid}`;
  }

  /** The number of a SID; it gets one where it has none yet. */
  numberOf(sid: string): number {
    const [prefix, rid] = splitSid(sid);
    const word = this.#prefixes.numberOf(prefix);
    const known = this.#find(word, rid);
    if (known >= 0) return known;
    const id = this.#count;
    this.#count += 1;
    this.#prefix.set(id, word);
    this.#rid.set(id, rid);
    this.#bySid.add(id, hashOfSid(word, rid));
    return id;
  }

  /** The number of a SID; -1 where it has none. */
  findSid(sid: string): number {
    const [prefix, rid] = splitSid(sid);
    const word = this.#prefixes.find(prefix);
    return word < 0 ? -1 : this.#find(word, rid);
  }

  /** The object of that GUID; -1 where none is read. */
  findGuid(guid: string): number {
    const hash = hashText(guid);
    for (let id = this.#byGuid.first(hash); id >= 0; id = this.#byGuid.after(id))
      if (this.guidOf(id) === guid) return id;
    return -1;
  }

  guidOf(id: number): string {
    const odd = this.#oddGuids.get(id);
    if (odd !== undefined) return odd;
    const hex = this.#guid.map((column) => column.get(id).toString(16).padStart(8, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  directoryOf(id: number): string {
    return this.#homeOf(id)[0];
  }

  domainOf(id: number): string {
    return this.#homeOf(id)[1];
  }

  principal(id: number): PrincipalRecord | null {
    if (!this.isPrincipal(id)) return null;
    const [directoryId, domain, netbios] = this.#homeOf(id);
    const { rdn, ...texts } = unpackTexts(this.#openTexts(id), domain);
    const [os = "", osVersion = ""] = this.#systems.textOf(this.#system.get(id)).split("\u0000");
    const flags = this.#flags.get(id);
    const primaryRid = this.#primaryRid.get(id);
    return {
      guid: this.guidOf(id),
      sid: this.sidOf(id),
      kind: (flags & KIND_BITS) === 2 ? "device" : "user",
      directoryId,
      domain,
      netbiosDomain: (flags & HAS_NETBIOS) === 0 ? null : netbios,
      ...texts,
      ...(os === "" ? {} : { os }),
      ...(osVersion === "" ? {} : { osVersion }),
      dn: `${rdn}${this.#parents.textOf(this.#parent.get(id))}`,
      primaryGroupRid: primaryRid === 0 ? null : primaryRid - 1,
      ...((flags & HAS_SERVICE_NAME) === 0
        ? {}
        : (flags & KIND_BITS) === 2
          ? { hasRemoteDesktopName: true }
          : { hasServiceName: true }),
      ...((flags & IS_PASSWORD_FOREVER) === 0 ? {} : { isPasswordForever: true }),
      enabled: (flags & IS_ENABLED) !== 0,
    };
  }

  group(id: number): GroupRecord | null {
    const flags = this.#flags.get(id);
    if ((flags & KIND_BITS) !== 3) return null;
    const [directoryId, domain] = this.#homeOf(id);
    const security = (flags & IS_SECURITY) !== 0;
    return {
      guid: this.guidOf(id),
      sid: this.sidOf(id),
      directoryId,
      domain,
      name: this.nameOf(id),
      security,
    };
  }

  /** The name of a principal or a group. */
  nameOf(id: number): string {
    const reader = this.#openTexts(id);
    return reader.isAtEnd ? "" : reader.text();
  }

  /** Principals of that name, whatever its case, but for the one with number `except`. */
  namesakes(name: string, except = -1): readonly number[] {
    const wanted = name.toLowerCase();
    const found: number[] = [];
    for (let id = this.#byName.first(hashText(wanted)); id >= 0; id = this.#byName.after(id))
      if (id !== except && this.nameOf(id).toLowerCase() === wanted) found.push(id);
    return found;
  }

  /** Writes a principal under the number of its SID. What was there must have been cleared. */
  writePrincipal(id: number, record: PrincipalRecord): void {
    const { kind, enabled, directoryId, domain, netbiosDomain, os, osVersion, primaryGroupRid } = record;
    const [rdn, parent] = splitDn(plain(record.dn));
    const name = plain(record.name);
    packTexts(
      {
        name,
        upn: record.upn === null ? null : plain(record.upn),
        displayName: record.displayName === null ? null : plain(record.displayName),
        dnsHostName: record.dnsHostName === null ? null : plain(record.dnsHostName),
        rdn,
      },
      domain,
      this.#writer.begin(),
    );
    this.#keepTexts(id);
    this.#flags.set(
      id,
      (kind === "device" ? 2 : 1) |
        (enabled ? IS_ENABLED : 0) |
        (netbiosDomain === null ? 0 : HAS_NETBIOS) |
        (hasServiceName(record) ? HAS_SERVICE_NAME : 0) |
        (record.isPasswordForever === true ? IS_PASSWORD_FOREVER : 0),
    );
    this.#home.set(id, this.#homes.numberOf([directoryId, domain, netbiosDomain ?? ""].join("\u0000")));
    this.#parent.set(id, this.#parents.numberOf(parent));
    this.#system.set(id, this.#systems.numberOf(`${plain(os ?? "")}\u0000${plain(osVersion ?? "")}`));
    const hasPrimary = primaryGroupRid !== null && primaryGroupRid >= 0 && primaryGroupRid < RID_MAX;
    this.#primaryRid.set(id, hasPrimary ? primaryGroupRid + 1 : 0);
    this.#setGuid(id, record.guid);
    this.#byName.add(id, hashText(name.toLowerCase()));
  }

  writeGroup(id: number, record: GroupRecord): void {
    this.#writer.begin().text(plain(record.name));
    this.#keepTexts(id);
    this.#flags.set(id, 3 | (record.security ? IS_SECURITY : 0));
    this.#home.set(id, this.#homes.numberOf([record.directoryId, record.domain, ""].join("\u0000")));
    this.#setGuid(id, record.guid);
  }

  /** Forgets what was read of an object; its number and its SID stay. */
  clear(id: number): void {
    if (this.kindOf(id) === "unread") return;
    if (this.isPrincipal(id)) this.#byName.remove(id);
    this.#byGuid.remove(id);
    this.#oddGuids.delete(id);
    this.#dropTexts(id);
    this.#flags.set(id, 0);
  }

  /** Keeps what the writer holds. */
  #keepTexts(id: number): void {
    this.#dropTexts(id);
    const { bytes, length } = this.#writer;
    if (length > this.#recordBytesMax) this.#longTexts.set(id, bytes.slice(0, length));
    else this.#text.set(id, this.#texts.put(bytes, length));
  }

  #dropTexts(id: number): void {
    this.#texts.drop(this.#text.get(id));
    this.#text.set(id, 0);
    this.#longTexts.delete(id);
  }

  #openTexts(id: number): ByteReader {
    const handle = this.#text.get(id);
    if (handle !== 0) {
      this.#texts.open(handle, this.#reader);
      return this.#reader;
    }
    const long = this.#longTexts.get(id) ?? NO_TEXTS;
    return this.#reader.open(long, 0, long.length);
  }

  #setGuid(id: number, guid: string): void {
    if (GUID.test(guid)) {
      const hex = guid.replaceAll("-", "");
      for (const [at, column] of this.#guid.entries())
        column.set(id, Number.parseInt(hex.slice(8 * at, 8 * at + 8), 16));
    } else this.#oddGuids.set(id, guid);
    this.#byGuid.add(id, hashText(guid));
  }

  #homeOf(id: number): readonly [directoryId: string, domain: string, netbios: string] {
    const [directoryId = "", domain = "", netbios = ""] = this.#homes
      .textOf(this.#home.get(id))
      .split("\u0000");
    return [directoryId, domain, netbios];
  }

  #find(word: number, rid: number): number {
    const hash = hashOfSid(word, rid);
    for (let id = this.#bySid.first(hash); id >= 0; id = this.#bySid.after(id))
      if (this.#prefix.get(id) === word && this.#rid.get(id) === rid) return id;
    return -1;
  }
}

function hasServiceName(record: PrincipalRecord): boolean {
  return (record.kind === "device" ? record.hasRemoteDesktopName : record.hasServiceName) === true;
}

function hashOfSid(prefix: number, rid: number): number {
  return mix(Math.imul(prefix + 1, 0x9e3779b1) ^ rid);
}

/** `S-1-5-21-1-2-3-1103` as what stands before its last number, and that number. */
function splitSid(sid: string): readonly [prefix: string, rid: number] {
  const dash = sid.lastIndexOf("-");
  const last = sid.slice(dash + 1);
  const rid = /^(0|[1-9]\d{0,9})$/.test(last) ? Number(last) : -1;
  return dash < 0 || rid < 0 || rid > RID_MAX ? [`${WHOLE}${sid}`, 0] : [sid.slice(0, dash + 1), rid];
}
