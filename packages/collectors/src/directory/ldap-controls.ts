import { Ber, type BerReader, BerWriter, Control } from "ldapts";

/**
 * Asks for one page. ldapts has its own paging, which stops at an empty page even when the server gave a cookie to go
 * on with (Active Directory does send such pages), so the cookie is carried by hand.
 * Source: RFC 2696 (documented); ldapts 9.2, `_sendSearch` (seen in code).
 */
export class PageControl extends Control {
  static readonly oid = "1.2.840.113556.1.4.319";
  readonly #size: number;
  readonly #cookie: Uint8Array;

  constructor(size: number, cookie: Uint8Array) {
    super(PageControl.oid, { critical: true });
    this.#size = size;
    this.#cookie = cookie;
  }

  protected override writeControl(writer: BerWriter): void {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(this.#size);
    if (this.#cookie.length === 0) value.writeString("");
    else value.writeBuffer(Buffer.from(this.#cookie), Ber.OctetString);
    value.endSequence();
    writer.writeBuffer(value.buffer, Ber.OctetString);
  }
}

/**
 * Asks for DNs as `<GUID=…>;<SID=…>;CN=…`: a link then survives renames, and names foreign members by their SID.
 * Source: MS-ADTS 3.1.1.3.4.1.5, LDAP_SERVER_EXTENDED_DN_OID (documented); flag 1: as text.
 */
export class ExtendedDnControl extends Control {
  constructor() {
    super("1.2.840.113556.1.4.529", { critical: true });
  }

  protected override writeControl(writer: BerWriter): void {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(1);
    value.endSequence();
    writer.writeBuffer(value.buffer, Ber.OctetString);
  }
}

/** Shows tombstones, to those who may read them. Source: MS-ADTS 3.1.1.3.4.1.14, LDAP_SERVER_SHOW_DELETED_OID (documented). */
export class ShowDeletedControl extends Control {
  constructor() {
    super("1.2.840.113556.1.4.417", { critical: true });
  }
}

/** What a caller without the right to replicate must ask for: only what it may read. */
export const DIRSYNC_OBJECT_SECURITY = 0x1;
/** Of a group's members those that came (`member;range=1-1`) and those that left (`member;range=0-0`). */
const DIRSYNC_INCREMENTAL_VALUES = 0x8000_0000;
/** The server ends an answer at about so many bytes, and says that there is more. */
const DIRSYNC_BYTES = 1_048_576;
/** A cookie is some hundred bytes; one that grows without end is not kept. */
const COOKIE_BYTES_MAX = 65_536;

/**
 * Asks what changed since a cookie, deletions among it. The answer's cookie is read into this control.
 * Source: MS-ADTS 3.1.1.3.4.1.3, LDAP_SERVER_DIRSYNC_OID (documented).
 */
export class DirSyncControl extends Control {
  readonly #flags: number;
  readonly #cookie: Uint8Array;
  next: Uint8Array | null = null;
  hasMore = false;

  constructor(flags: number, cookie: Uint8Array) {
    super("1.2.840.113556.1.4.841", { critical: true });
    this.#flags = flags | DIRSYNC_INCREMENTAL_VALUES | 0;
    this.#cookie = cookie;
  }

  protected override writeControl(writer: BerWriter): void {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(this.#flags);
    value.writeInt(DIRSYNC_BYTES);
    value.writeBuffer(Buffer.from(this.#cookie), Ber.OctetString);
    value.endSequence();
    writer.writeBuffer(value.buffer, Ber.OctetString);
  }

  protected override parseControl(reader: BerReader): void {
    if (reader.readSequence() === null) return;
    this.hasMore = reader.readInt() !== 0;
    reader.readInt();
    const cookie = reader.readString(Ber.OctetString, true);
    this.next = cookie === null || cookie.length > COOKIE_BYTES_MAX ? null : Uint8Array.from(cookie);
  }
}
