import { createServer, type Socket } from "node:net";
import { Ber, BerReader, BerWriter } from "ldapts";
import { messageLength, sidBytes } from "../../packages/collectors/src/directory/testing/ldap-bytes.ts";
import { bigFactsOf } from "./big-sessions.ts";

/**
 * An LDAP server that holds the directory of `big-sessions.ts`: `node big-directory.ts USERS GROUPS_OF_EACH`. Says its port on
 * a line. It answers what the agent's reader asks, and no more: who it is, everything in pages, and that nothing changed.
 */
const [users = 0, groupsOfEach = 20] = process.argv.slice(2).map(Number);
const BASE = "DC=corp,DC=example";
const CONFIGURATION = `CN=Configuration,${BASE}`;
const SERVICE = `CN=NTDS Settings,CN=DC1,CN=Servers,${CONFIGURATION}`;
const DOMAIN = [21, 1004336348, 1177238915, 682003330];
const PAGED = "1.2.840.113556.1.4.319";
const DIRSYNC = Buffer.from("1.2.840.113556.1.4.841");
/** Accounts and groups are asked for one after the other. */
const USER_TYPE = Buffer.from("805306368");
const SEARCH = 0x63;
const BIND = 0x60;
const FIRST_GROUP_RID = 2_000_000;

const groups: { readonly name: string; readonly members: number[] }[] = [];
const numbers = new Map<string, number>();
for (let at = 0; at < users; at += 1) {
  for (const name of bigFactsOf(at, groupsOfEach, 0).groups) {
    let number = numbers.get(name);
    if (number === undefined) {
      number = groups.length;
      numbers.set(name, number);
      groups.push({ name, members: [] });
    }
    groups[number]?.members.push(at);
  }
}

const server = createServer({ noDelay: true }, serve);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" ? address?.port : 0}\n`);
});
process.stdin.on("end", () => process.exit(0)).resume();

function serve(socket: Socket): void {
  let pending = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (let length = messageLength(pending); length !== null; length = messageLength(pending)) {
      const message = pending.subarray(0, length);
      pending = pending.subarray(length);
      answer(socket, message);
    }
  });
}

function answer(socket: Socket, message: Buffer): void {
  const reader = new BerReader(message);
  reader.readSequence();
  const id = reader.readInt() ?? 0;
  const operation = reader.readSequence();
  if (operation === BIND) socket.write(result(id, 0x61, 0, null));
  else if (operation === SEARCH) search(socket, id, reader, message);
  else socket.end();
}

function search(socket: Socket, id: number, reader: BerReader, message: Buffer): void {
  const base = reader.readString() ?? "";
  const scope = reader.readEnumeration() ?? 0;
  if (message.includes(DIRSYNC)) return void socket.write(result(id, 0x65, 50, null));
  if (scope === 0) {
    const entry = fixed(base);
    if (entry !== null) socket.write(entryOf(id, base, entry));
    return void socket.write(result(id, 0x65, entry === null ? 32 : 0, null));
  }
  if (base.startsWith("CN=Partitions,")) {
    socket.write(entryOf(id, `CN=CORP,${base}`, { nETBIOSName: ["CORP"], nCName: [BASE] }));
    return void socket.write(result(id, 0x65, 0, ""));
  }
  if (base.startsWith("CN=Deleted Objects,")) return void socket.write(result(id, 0x65, 32, null));
  const { size, from } = pageOf(message);
  const isForUsers = message.includes(USER_TYPE);
  const all = isForUsers ? users : groups.length;
  const end = Math.min(from + size, all);
  for (let at = from; at < end; at += 1) socket.write(isForUsers ? userEntry(id, at) : groupEntry(id, at));
  socket.write(result(id, 0x65, 0, end < all ? String(end) : ""));
}

function fixed(dn: string): Readonly<Record<string, readonly (string | Buffer)[]>> | null {
  if (dn === SERVICE) return { invocationId: [guidOf(1)] };
  if (dn !== "") return null;
  return {
    defaultNamingContext: [BASE],
    configurationNamingContext: [CONFIGURATION],
    dsServiceName: [SERVICE],
    dnsHostName: ["dc1.corp.example"],
    highestCommittedUSN: ["1000"],
  };
}

function userEntry(id: number, at: number): Buffer {
  const { name, upn = "", displayName = "" } = bigFactsOf(at, 0, 0);
  return entryOf(id, `CN=${displayName},OU=Staff ${at % 200},${BASE}`, {
    objectClass: ["top", "person", "organizationalPerson", "user"],
    objectGUID: [guidOf(1000 + at)],
    objectSid: [sidBytes(DOMAIN, 1000 + at)],
    sAMAccountName: [name],
    sAMAccountType: ["805306368"],
    userPrincipalName: [upn],
    displayName: [displayName],
    userAccountControl: ["512"],
  });
}

function groupEntry(id: number, at: number): Buffer {
  const group = groups[at];
  const rid = FIRST_GROUP_RID + at;
  return entryOf(id, `CN=${group?.name},OU=Groups,${BASE}`, {
    objectClass: ["top", "group"],
    objectGUID: [guidOf(rid)],
    objectSid: [sidBytes(DOMAIN, rid)],
    sAMAccountName: [group?.name ?? ""],
    sAMAccountType: ["268435456"],
    groupType: ["-2147483646"],
    member: (group?.members ?? []).map(
      (user) =>
        `<GUID=${guidOf(1000 + user).toString("hex")}>;<SID=S-1-5-${DOMAIN.join("-")}-${1000 + user}>;CN=Person ${user},OU=Staff ${user % 200},${BASE}`,
    ),
  });
}

function entryOf(
  id: number,
  dn: string,
  attributes: Readonly<Record<string, readonly (string | Buffer)[]>>,
): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(0x64);
  writer.writeString(dn);
  writer.startSequence();
  for (const [name, values] of Object.entries(attributes)) {
    writer.startSequence();
    writer.writeString(name);
    writer.startSequence(0x31);
    for (const value of values)
      if (typeof value === "string") writer.writeString(value);
      else writer.writeBuffer(value, Ber.OctetString);
    writer.endSequence();
    writer.endSequence();
  }
  writer.endSequence();
  writer.endSequence();
  writer.endSequence();
  return writer.buffer;
}

/** `cookie` null: no page was asked for. */
function result(id: number, tag: number, code: number, cookie: string | null): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(tag);
  writer.writeEnumeration(code);
  writer.writeString("");
  writer.writeString("");
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
  writer.endSequence();
  return writer.buffer;
}

/** The paging control is the last of the message: its value is at the end. */
function pageOf(message: Buffer): { readonly size: number; readonly from: number } {
  const at = message.lastIndexOf(PAGED);
  const reader = new BerReader(message.subarray(at + PAGED.length));
  if (reader.peek() === Ber.Boolean) reader.readBoolean();
  const value = new BerReader(reader.readString(Ber.OctetString, true) ?? Buffer.alloc(0));
  value.readSequence();
  const size = value.readInt() ?? 0;
  return { size, from: Number(value.readString() ?? "0") || 0 };
}

function guidOf(number: number): Buffer {
  const guid = Buffer.alloc(16, 9);
  guid.writeUInt32BE(number, 12);
  return guid;
}
