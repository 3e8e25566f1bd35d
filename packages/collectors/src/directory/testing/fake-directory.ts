import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import {
  AndFilter,
  Ber,
  BerReader,
  BerWriter,
  EqualityFilter,
  type Filter,
  FilterParser,
  GreaterThanEqualsFilter,
  OrFilter,
} from "ldapts";
import { messageLength, sidBytes } from "./ldap-bytes.ts";

const BASE = "DC=corp,DC=example";
const CONFIGURATION = `CN=Configuration,${BASE}`;
const SERVICE = `CN=NTDS Settings,CN=DC1,CN=Servers,${CONFIGURATION}`;
const PAGED = "1.2.840.113556.1.4.319";
const SHOW_DELETED = "1.2.840.113556.1.4.417";
const DIRSYNC = "1.2.840.113556.1.4.841";
const DOMAIN = [21, 1, 2, 3];

type Attributes = Record<string, readonly (string | Buffer)[]>;

interface FakeObject {
  dn: string;
  rid: number;
  isDeleted: boolean;
  attributes: Attributes;
  /** Number of the last change of anything but members. */
  otherUsn: number;
}

interface MemberNote {
  readonly usn: number;
  readonly group: number;
  readonly member: string;
  readonly isAdded: boolean;
}

interface Search {
  readonly base: string;
  readonly scope: number;
  readonly filter: Filter;
  readonly attributes: readonly string[];
  readonly pageSize: number;
  readonly offset: number;
  readonly showDeleted: boolean;
  /** DirSync: its flags, and the number that the cookie holds. */
  readonly sync: { readonly flags: number; readonly since: number } | null;
}

/**
 * A small LDAP server that behaves like a domain controller where a reader can go wrong: pages that are empty and go
 * on, members that come in pieces, refused passwords, another controller behind the same name. Without TLS.
 */
export class FakeDirectory {
  password = "right";
  /** The sub-code of a refused log-on. */
  refusal = "52e";
  /** Active Directory gives 1,500 members at once; the rest is to be asked for. */
  memberLimit = 1500;
  /** Sends an empty page with a cookie before each full one. */
  sendsEmptyPages = false;
  canSeeDeleted = false;
  /** Who may ask for the stream of changes: nobody, callers who may replicate, or everybody for what they may read. */
  dirSync: "none" | "all" | "object-security" = "none";
  /** Objects of one answer of the stream; it then says that there is more. */
  dirSyncLimit = 1000;
  /** The reader may see a group's members, and not a user's groups. */
  hidesMemberOf = false;
  /** The cookies of before are not taken any more. */
  forgetsCookies = false;
  invocation = 1;
  binds = 0;
  /** What becomes of a password: it is answered, or it is taken and the connection closed, or left to wait. */
  passwords: "answered" | "dropped" | "left" = "answered";
  /** Called with each search, numbered. */
  onSearch: (count: number) => void = () => undefined;
  searches = 0;
  readonly #objects = new Map<number, FakeObject>();
  readonly #memberNotes: MemberNote[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  #usn = 1000;

  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === "string" ? 0 : address.port;
  }

  async open(port = 0): Promise<void> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async close(): Promise<void> {
    this.dropConnections();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Ends connections as a server does that has had nothing to do on them for too long. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.end();
  }

  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  addUser(rid: number, name = `u${rid}`, overrides: Attributes = {}): void {
    this.#put(rid, `CN=${name},OU=Staff,${BASE}`, {
      objectClass: ["top", "person", "user"],
      sAMAccountName: [name],
      sAMAccountType: ["805306368"],
      userAccountControl: ["512"],
      primaryGroupID: ["513"],
      ...overrides,
    });
  }

  addComputer(rid: number, name: string, ou: string, overrides: Attributes = {}): void {
    this.#put(rid, `CN=${name},OU=${ou},${BASE}`, {
      objectClass: ["top", "person", "user", "computer"],
      sAMAccountName: [`${name}$`],
      sAMAccountType: ["805306369"],
      userAccountControl: ["4096"],
      primaryGroupID: ["515"],
      dNSHostName: [`${name.toLowerCase()}.corp.example`],
      ...overrides,
    });
  }

  /** Moves an object into another OU. */
  move(rid: number, ou: string): void {
    const object = this.#objects.get(rid);
    if (object === undefined) throw new Error(`there is no object ${rid}`);
    this.#put(rid, `${object.dn.split(",", 1)[0]},OU=${ou},${BASE}`, object.attributes);
  }

  addGroup(rid: number, name: string, members: readonly number[]): void {
    this.#put(rid, `CN=${name},OU=Groups,${BASE}`, {
      objectClass: ["top", "group"],
      sAMAccountName: [name],
      sAMAccountType: ["268435456"],
      groupType: ["-2147483646"],
      member: members.map((member) => this.#extendedDn(member)),
    });
  }

  change(rid: number, attributes: Attributes): void {
    const object = this.#objects.get(rid);
    if (object === undefined) throw new Error(`there is no object ${rid}`);
    this.#put(rid, object.dn, { ...object.attributes, ...attributes });
  }

  /** Deletes an object; links to it go too, and the groups that had them do not change for that. */
  remove(rid: number): void {
    const object = this.#objects.get(rid);
    if (object === undefined) throw new Error(`there is no object ${rid}`);
    this.#usn += 1;
    const dn = `CN=${rid}\\0ADEL,CN=Deleted Objects,${BASE}`;
    const attributes = { ...object.attributes, isDeleted: ["TRUE"], uSNChanged: [String(this.#usn)] };
    this.#objects.set(rid, { ...object, dn, isDeleted: true, attributes, otherUsn: this.#usn });
  }

  /** Changes an object without a number: what another controller wrote and this one has got by a way of its own. */
  changeSilently(rid: number, attributes: Attributes): void {
    const object = this.#objects.get(rid);
    if (object === undefined) throw new Error(`there is no object ${rid}`);
    this.#objects.set(rid, { ...object, attributes: { ...object.attributes, ...attributes } });
  }

  setMembersSilently(rid: number, members: readonly number[]): void {
    this.changeSilently(rid, { member: members.map((member) => this.#extendedDn(member)) });
  }

  /** Loses an object without a trace and without a number. */
  forget(rid: number): void {
    this.#objects.delete(rid);
  }

  /** Hides an object without a trace, as taking the right to read it does. */
  hide(rid: number): void {
    this.#objects.delete(rid);
    this.#usn += 1;
  }

  /** Another controller answers from now on; its numbers are its own. */
  becomeAnotherController(usn: number): void {
    this.invocation += 1;
    this.#usn = usn;
  }

  #put(rid: number, dn: string, attributes: Attributes): void {
    this.#usn += 1;
    const ids = {
      objectGUID: [guidOf(rid)],
      objectSid: [sidBytes(DOMAIN, rid)],
      uSNChanged: [String(this.#usn)],
    };
    const before = this.#objects.get(rid);
    const old = before?.attributes.member ?? [];
    const now = attributes.member ?? [];
    const note = (member: string | Buffer, isAdded: boolean) =>
      this.#memberNotes.push({ usn: this.#usn, group: rid, member: String(member), isAdded });
    for (const member of now) if (!old.includes(member)) note(member, true);
    for (const member of old) if (!now.includes(member)) note(member, false);
    const without = ({
      member: _member,
      objectGUID: _guid,
      objectSid: _sid,
      uSNChanged: _usn,
      ...rest
    }: Attributes) => JSON.stringify(rest);
    const isOther =
      before === undefined || before.dn !== dn || without(before.attributes) !== without(attributes);
    const otherUsn = isOther ? this.#usn : before.otherUsn;
    this.#objects.set(rid, { dn, rid, isDeleted: false, attributes: { ...attributes, ...ids }, otherUsn });
  }

  #extendedDn(rid: number): string {
    const hex = guidOf(rid).toString("hex");
    return `<GUID=${hex}>;<SID=S-1-5-${DOMAIN.join("-")}-${rid}>;CN=member${rid},${BASE}`;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    let pending = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (let length = messageLength(pending); length !== null; length = messageLength(pending)) {
        const message = pending.subarray(0, length);
        pending = pending.subarray(length);
        this.#answer(socket, message);
      }
    });
  }

  #answer(socket: Socket, message: Buffer): void {
    const reader = new BerReader(message);
    reader.readSequence();
    const id = reader.readInt() ?? 0;
    const operation = reader.readSequence();
    if (operation === 0x60) this.#bind(socket, id, reader);
    else if (operation === 0x63) this.#search(socket, id, reader);
    else socket.end();
  }

  #bind(socket: Socket, id: number, reader: BerReader): void {
    this.binds += 1;
    if (this.passwords === "dropped") socket.destroy();
    if (this.passwords !== "answered") return;
    reader.readInt();
    reader.readString();
    const password = reader.readString(0x80);
    const isRight = password === this.password;
    const text = isRight
      ? ""
      : `80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data ${this.refusal}, v3839`;
    socket.write(result(id, 0x61, isRight ? 0 : 49, text));
  }

  #search(socket: Socket, id: number, reader: BerReader): void {
    this.searches += 1;
    this.onSearch(this.searches);
    const search = readSearch(reader);
    if (search.sync !== null) {
      this.#searchChanges(socket, id, search, search.sync);
      return;
    }
    const found = this.#find(search);
    if (found === null) {
      socket.write(result(id, 0x65, 32, "no such object"));
      return;
    }
    // An offset that is no multiple of two means: the empty page was sent, now the full one.
    const sendsNothing = this.sendsEmptyPages && search.pageSize > 0 && search.offset % 2 === 0;
    const from = search.offset >> 1;
    const page = sendsNothing ? [] : search.pageSize > 0 ? found.slice(from, from + search.pageSize) : found;
    for (const object of page) socket.write(this.#entry(id, object, search));
    const next = this.#nextCookie(search, found.length, sendsNothing);
    socket.write(result(id, 0x65, 0, "", search.pageSize > 0 ? next : null));
  }

  /** As Samba answers (captured): what changed of each object, members as those that came and those that left. */
  #searchChanges(
    socket: Socket,
    id: number,
    search: Search,
    { flags, since }: NonNullable<Search["sync"]>,
  ): void {
    const isAllowed = this.dirSync === "all" || (this.dirSync === "object-security" && (flags & 1) === 1);
    if (!isAllowed || (this.forgetsCookies && since > 0)) {
      socket.write(result(id, 0x65, isAllowed ? 53 : 50, "insufficient access rights"));
      return;
    }
    const changed = [...this.#objects.values()]
      .filter(
        ({ isDeleted, attributes }) =>
          Number(attributes.uSNChanged?.[0]) > since &&
          (!isDeleted || this.canSeeDeleted) &&
          matches(search.filter, attributes),
      )
      .sort((a, b) => Number(a.attributes.uSNChanged?.[0]) - Number(b.attributes.uSNChanged?.[0]));
    const answer = changed.slice(0, this.dirSyncLimit);
    for (const object of answer) socket.write(this.#entry(id, this.#changeOf(object, since), search));
    const isLast = answer.length === changed.length;
    const reached = isLast ? this.#usn : Number(answer.at(-1)?.attributes.uSNChanged?.[0]);
    socket.write(result(id, 0x65, 0, "", null, { hasMore: !isLast, cookie: String(reached) }));
  }

  #changeOf(object: FakeObject, since: number): FakeObject {
    const notes = this.#memberNotes.filter(({ group, usn }) => group === object.rid && usn > since);
    const { member: _member, ...rest } = object.attributes;
    const isOther = object.otherUsn > since;
    const attributes: Attributes = {
      ...(isOther ? rest : { objectGUID: rest.objectGUID ?? [] }),
      "member;range=1-1": notes.filter(({ isAdded }) => isAdded).map(({ member }) => member),
      "member;range=0-0": notes.filter(({ isAdded }) => !isAdded).map(({ member }) => member),
    };
    return { ...object, attributes };
  }

  #nextCookie(search: Search, total: number, sentNothing: boolean): string {
    if (sentNothing) return String(search.offset + 1);
    const following = (search.offset >> 1) + search.pageSize;
    return following < total ? String(following * 2 + (this.sendsEmptyPages ? 0 : 1)) : "";
  }

  #find(search: Search): readonly FakeObject[] | null {
    const fixed = this.#fixedEntry(search.base);
    if (search.scope === 0) {
      if (fixed !== null) return [fixed];
      const guid = /^<GUID=([0-9a-f-]+)>$/.exec(search.base)?.[1]?.replaceAll("-", "");
      const one = [...this.#objects.values()].find(
        ({ dn, rid, isDeleted }) =>
          !isDeleted && (guid === undefined ? dn === search.base : textOfGuid(guidOf(rid)) === guid),
      );
      if (one === undefined) return null;
      return matches(search.filter, this.#plainLinks(one)) ? [one] : [];
    }
    if (search.base.startsWith("CN=Partitions,")) {
      return [
        {
          dn: `CN=CORP,${search.base}`,
          rid: 0,
          isDeleted: false,
          otherUsn: 0,
          attributes: { nETBIOSName: ["CORP"], nCName: [BASE] },
        },
      ];
    }
    if (search.base.startsWith("CN=Deleted Objects,") && !this.canSeeDeleted) return null;
    return [...this.#objects.values()].filter(
      ({ dn, isDeleted, attributes }) =>
        dn.endsWith(search.base) && (!isDeleted || search.showDeleted) && matches(search.filter, attributes),
    );
  }

  #fixedEntry(dn: string): FakeObject | null {
    const make = (attributes: Attributes): FakeObject => ({
      dn,
      rid: 0,
      isDeleted: false,
      attributes,
      otherUsn: 0,
    });
    if (dn === "") {
      return make({
        defaultNamingContext: [BASE],
        configurationNamingContext: [CONFIGURATION],
        dsServiceName: [SERVICE],
        dnsHostName: ["dc1.corp.example"],
        highestCommittedUSN: [String(this.#usn)],
      });
    }
    return dn === SERVICE ? make({ invocationId: [guidOf(this.invocation)] }) : null;
  }

  #entry(id: number, object: FakeObject, search: Search): Buffer {
    const writer = new BerWriter();
    writer.startSequence();
    writer.writeInt(id);
    writer.startSequence(0x64);
    writer.writeString(object.dn);
    writer.startSequence();
    const ranges = search.sync === null ? [] : ["member;range=1-1", "member;range=0-0"];
    for (const wanted of [...search.attributes, ...ranges]) {
      const given = object.attributes[wanted];
      const piece = ranges.includes(wanted)
        ? given === undefined || given.length === 0
          ? null
          : { name: wanted, values: given }
        : this.#attribute(object, wanted);
      if (piece === null) continue;
      writer.startSequence();
      writer.writeString(piece.name);
      writer.startSequence(0x31);
      for (const value of piece.values) {
        if (typeof value === "string") writer.writeString(value);
        else writer.writeBuffer(value, Ber.OctetString);
      }
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
    writer.endSequence();
    writer.endSequence();
    return writer.buffer;
  }

  #attribute(
    object: FakeObject,
    wanted: string,
  ): { name: string; values: readonly (string | Buffer)[] } | null {
    const [plain = "", option = ""] = wanted.split(";");
    if (plain === "memberOf") {
      const values = this.hidesMemberOf ? [] : this.#memberOf(object);
      return values.length === 0 ? null : { name: plain, values };
    }
    const live = (object.attributes[plain] ?? []).filter((value) => !this.#isDeadLink(plain, value));
    if (plain !== "member" || (option === "" && live.length <= this.memberLimit)) {
      return live.length === 0 ? null : { name: plain, values: live };
    }
    const from = option === "" ? 0 : Number(/range=(\d+)-/.exec(option)?.[1]);
    const piece = live.slice(from, from + this.memberLimit);
    const isLast = from + piece.length >= live.length;
    return { name: `member;range=${from}-${isLast ? "*" : from + piece.length - 1}`, values: piece };
  }

  /** Links as a filter compares them: by DN, and `memberOf` made of the groups. */
  #plainLinks(object: FakeObject): Attributes {
    const member = (object.attributes.member ?? []).map((value) => {
      const rid = Number(/-(\d+)>;CN=/.exec(String(value))?.[1]);
      return this.#objects.get(rid)?.dn ?? "";
    });
    return { ...object.attributes, member };
  }

  #memberOf({ rid }: FakeObject): readonly string[] {
    return [...this.#objects.values()]
      .filter(({ attributes }) => attributes.member?.includes(this.#extendedDn(rid)))
      .map(
        (group) =>
          `<GUID=${textOfGuid(guidOf(group.rid), "-")}>;<SID=S-1-5-${DOMAIN.join("-")}-${group.rid}>;${group.dn}`,
      );
  }

  #isDeadLink(attribute: string, value: string | Buffer): boolean {
    if (attribute !== "member" || typeof value !== "string") return false;
    const rid = Number(/-(\d+)>;CN=/.exec(value)?.[1]);
    const target = this.#objects.get(rid);
    return target === undefined || target.isDeleted;
  }
}

function guidOf(rid: number): Buffer {
  const guid = Buffer.alloc(16, 7);
  // Seven bits a byte: the library's parser of filters, which this server uses, reads values as text.
  for (const index of [0, 1, 2, 3]) guid[12 + index] = (rid >> (7 * (3 - index))) & 0x7f;
  return guid;
}

/** As text in the order that Windows writes it. */
function textOfGuid(bytes: Buffer, dash = ""): string {
  const hex = (...indexes: number[]) =>
    indexes.map((index) => (bytes[index] ?? 0).toString(16).padStart(2, "0")).join("");
  return [hex(3, 2, 1, 0), hex(5, 4), hex(7, 6), hex(8, 9), hex(10, 11, 12, 13, 14, 15)].join(dash);
}

function readSearch(reader: BerReader): Search {
  const base = reader.readString() ?? "";
  const scope = reader.readEnumeration() ?? 0;
  reader.readEnumeration();
  reader.readInt();
  reader.readInt();
  reader.readBoolean();
  const filter = FilterParser.parse(reader);
  const attributes: string[] = [];
  reader.readSequence();
  const end = reader.offset + reader.length;
  while (reader.offset < end) attributes.push(reader.readString() ?? "");
  let pageSize = 0;
  let offset = 0;
  let showDeleted = false;
  let sync: Search["sync"] = null;
  if (reader.peek() === 0xa0) {
    reader.readSequence();
    const controlsEnd = reader.offset + reader.length;
    while (reader.offset < controlsEnd) {
      reader.readSequence();
      const controlEnd = reader.offset + reader.length;
      const oid = reader.readString();
      if (reader.peek() === Ber.Boolean) reader.readBoolean();
      if (oid === SHOW_DELETED) showDeleted = true;
      if (oid === PAGED) {
        const value = new BerReader(reader.readString(Ber.OctetString, true) ?? Buffer.alloc(0));
        value.readSequence();
        pageSize = value.readInt() ?? 0;
        offset = Number(value.readString(Ber.OctetString, true)?.toString() ?? "0") || 0;
      }
      if (oid === DIRSYNC) {
        const value = new BerReader(reader.readString(Ber.OctetString, true) ?? Buffer.alloc(0));
        value.readSequence();
        const flags = value.readInt() ?? 0;
        value.readInt();
        sync = { flags, since: Number(value.readString(Ber.OctetString, true)?.toString() ?? "0") || 0 };
      }
      reader.offset = controlEnd;
    }
  }
  return { base, scope, filter, attributes, pageSize, offset, showDeleted, sync };
}

function result(
  id: number,
  tag: number,
  code: number,
  text: string,
  cookie: string | null = null,
  sync: { readonly hasMore: boolean; readonly cookie: string } | null = null,
): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(tag);
  writer.writeEnumeration(code);
  writer.writeString("");
  writer.writeString(text);
  writer.endSequence();
  if (cookie !== null) {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(0);
    value.writeString(cookie);
    value.endSequence();
    writer.startSequence(0xa0);
    writer.startSequence();
    writer.writeString(PAGED);
    writer.writeBuffer(value.buffer, Ber.OctetString);
    writer.endSequence();
    writer.endSequence();
  }
  if (sync !== null) {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(sync.hasMore ? 1 : 0);
    value.writeInt(0);
    value.writeString(sync.cookie);
    value.endSequence();
    writer.startSequence(0xa0);
    writer.startSequence();
    writer.writeString(DIRSYNC);
    writer.writeBuffer(value.buffer, Ber.OctetString);
    writer.endSequence();
    writer.endSequence();
  }
  writer.endSequence();
  return writer.buffer;
}

function matches(filter: Filter, attributes: Attributes): boolean {
  if (filter instanceof AndFilter) return filter.filters.every((inner) => matches(inner, attributes));
  if (filter instanceof OrFilter) return filter.filters.some((inner) => matches(inner, attributes));
  const values = (name: string) =>
    Object.entries(attributes).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? [];
  if (filter instanceof GreaterThanEqualsFilter) {
    return values(filter.attribute).some((value) => Number(value) >= Number(filter.value));
  }
  if (filter instanceof EqualityFilter) {
    const wanted = Buffer.from(filter.value);
    return values(filter.attribute).some((value) => Buffer.from(value).equals(wanted));
  }
  return true;
}
