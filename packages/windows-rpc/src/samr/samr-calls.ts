import type { RpcInterface } from "../dcerpc/index.ts";
import { NdrFault, NdrReader, NdrWriter } from "../ndr/index.ts";

export const SAMR: RpcInterface = { uuid: "12345778-1234-abcd-ef00-0123456789ac", version: "1.0" };

const CONNECT2 = 57;
const ENUMERATE_DOMAINS = 6;
const LOOKUP_DOMAIN = 5;
const OPEN_DOMAIN = 7;
const ENUMERATE_USERS = 13;
const CLOSE = 1;

const MAXIMUM_ALLOWED = 0x0200_0000;
export const MORE_ENTRIES = 0x0000_0105;
const NAMES_MAX = 100_000;

export interface SamrCall {
  readonly opnum: number;
  readonly stub: Buffer;
}

export interface NamedEntry {
  readonly rid: number;
  readonly name: string;
}

export interface Enumerated {
  readonly entries: readonly NamedEntry[];
  /** Where the next call goes on. */
  readonly resume: number;
  /** 0, or `MORE_ENTRIES`, or what went wrong. */
  readonly status: number;
}

/** The calls of the account database that show what an account may see. Source: [MS-SAMR] 3.1.5 (documented); captured from Samba. */
export function connect2(serverName: string): SamrCall {
  return { opnum: CONNECT2, stub: new NdrWriter().optionalText(serverName).u32(MAXIMUM_ALLOWED).done() };
}

export function enumerateDomains(server: Uint8Array, resume: number): SamrCall {
  const stub = new NdrWriter().contextHandle(server).u32(resume).u32(0xffff);
  return { opnum: ENUMERATE_DOMAINS, stub: stub.done() };
}

export function lookupDomain(server: Uint8Array, name: string): SamrCall {
  const stub = new NdrWriter()
    .contextHandle(server)
    .u16(2 * name.length)
    .u16(2 * name.length)
    .pointer();
  stub.u32(name.length).u32(0).u32(name.length).bytes(Buffer.from(name, "utf16le"));
  return { opnum: LOOKUP_DOMAIN, stub: stub.done() };
}

export function openDomain(server: Uint8Array, sid: SidBytes): SamrCall {
  const stub = new NdrWriter().contextHandle(server).u32(MAXIMUM_ALLOWED);
  stub.u32((sid.length - 8) / 4).bytes(sid);
  return { opnum: OPEN_DOMAIN, stub: stub.done() };
}

export function enumerateUsers(domain: Uint8Array, resume: number, mostBytes: number): SamrCall {
  const stub = new NdrWriter().contextHandle(domain).u32(resume).u32(0).u32(mostBytes);
  return { opnum: ENUMERATE_USERS, stub: stub.done() };
}

export function closeHandle(handle: Uint8Array): SamrCall {
  return { opnum: CLOSE, stub: new NdrWriter().contextHandle(handle).done() };
}

/** The answer of calls that give a handle. Errors: `NdrFault`, also where the server says no. */
export function readHandle(stub: Uint8Array): Buffer {
  const reader = new NdrReader(stub);
  const handle = reader.contextHandle();
  const status = reader.u32();
  if (status !== 0) throw new NdrFault(`the account database answered 0x${status.toString(16)}`);
  return handle;
}

export type SidBytes = Buffer;

export function readSid(stub: Uint8Array): SidBytes {
  const reader = new NdrReader(stub);
  if (!reader.pointer()) throw new NdrFault(`no such domain: 0x${reader.u32().toString(16)}`);
  const count = reader.count(4, 15);
  return reader.bytes(8 + 4 * count);
}

/** The answer of `enumerateDomains` and `enumerateUsers`. */
export function readEnumerated(stub: Uint8Array): Enumerated {
  const reader = new NdrReader(stub);
  const resume = reader.u32();
  const entries: NamedEntry[] = [];
  if (reader.pointer()) {
    reader.u32();
    if (reader.pointer()) {
      const heads = Array.from({ length: reader.count(12, NAMES_MAX) }, () => {
        const rid = reader.u32();
        reader.u16();
        reader.u16();
        return { rid, hasName: reader.pointer() };
      });
      for (const { rid, hasName } of heads) entries.push({ rid, name: hasName ? reader.text() : "" });
    }
  }
  reader.u32(); // how many entries came
  return { entries, resume, status: reader.u32() };
}
