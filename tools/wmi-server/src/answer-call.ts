import { randomUUID } from "node:crypto";
import { answerQuery, type Computer } from "./computer.ts";
import { type ColumnType, type Row, writeObject } from "./write-object.ts";

/** One call as it comes from the wire, opened. UUIDs in lower case. */
export interface IncomingCall {
  readonly interfaceId: string;
  readonly opnum: number;
  readonly objectUuid: string | null;
  readonly stub: Uint8Array;
}

export type CallAnswer =
  | { readonly kind: "stub"; readonly stub: Buffer }
  | { readonly kind: "fault"; readonly status: number };

export const INTERFACE = {
  activation: "4d9f4ab8-7d1c-11cf-861e-0020af6e7c57",
  login: "f309ad18-d86a-11d0-a075-00c04fb68820",
  services: "9556dc99-828c-11cf-a37e-00aa003240c7",
  enumeration: "027947e1-d731-11ce-a357-000000000001",
  unknown: "00000131-0000-0000-c000-000000000046",
} as const;

const LOGIN_CLASS = "8bc3f05e-d86b-11d0-a075-00c04fb68820";
const OBJECT_CLASS = "4590f812-1d3a-11d0-891f-00aa004b2e24";
const OBJECT_INTERFACE = "dc12a681-737f-11cf-884d-00aa004b2e24";
const ORPCTHIS_BYTES = 32;
const OPNUM_OUT_OF_RANGE = 0x1c01_0002;
const UNKNOWN_OBJECT = 0x8001_0114;
const CLASS_NOT_REGISTERED = 0x8004_0154;
const ACCESS_DENIED = 0x8004_1003;
const INVALID_NAMESPACE = 0x8004_100e;
const NO_MORE = 1;
const OXID = 0x0102_0304_0506_0708n;

type Known =
  | { readonly kind: "login" }
  | { readonly kind: "services" }
  | {
      readonly kind: "rows";
      readonly className: string;
      readonly columns: readonly ColumnType[];
      rows: Row[];
    };

export interface AnswerOptions {
  readonly computer: Computer;
  /** Where objects are called, as clients are told it: `host[port]`. */
  readonly binding: () => string;
  /** Whoever logged in may read the namespace. */
  readonly mayRead: (user: string) => boolean;
}

/** The objects of one fake computer, and what they answer. Its clients' calls, whichever connection they come by. */
export class WmiObjects {
  readonly #options: AnswerOptions;
  readonly #objects = new Map<string, Known>();

  constructor(options: AnswerOptions) {
    this.#options = options;
  }

  answer(call: IncomingCall, user: string): CallAnswer {
    const fields = behindOrpcThis(Buffer.from(call.stub));
    if (call.interfaceId === INTERFACE.activation && call.opnum === 0) return this.#activate(fields);
    if (call.interfaceId === INTERFACE.unknown) return stub(orpcThat(), u32(0));
    const object = this.#objects.get(call.objectUuid ?? "");
    if (object === undefined) return { kind: "fault", status: UNKNOWN_OBJECT };
    if (call.interfaceId === INTERFACE.login && call.opnum === 6 && object.kind === "login")
      return this.#logIn(fields, user);
    if (call.interfaceId === INTERFACE.services && call.opnum === 20 && object.kind === "services")
      return this.#query(fields);
    if (call.interfaceId === INTERFACE.enumeration && call.opnum === 4 && object.kind === "rows")
      return this.#next(fields, object);
    return { kind: "fault", status: OPNUM_OUT_OF_RANGE };
  }

  #activate(fields: Buffer): CallAnswer {
    const isKnown = uuidAt(fields, 0) === LOGIN_CLASS;
    const pointer = isKnown ? standardReference(INTERFACE.login, this.#put({ kind: "login" })) : null;
    const status = isKnown ? 0 : CLASS_NOT_REGISTERED;
    const bindings = bindingsOf(this.#options.binding());
    return stub(
      orpcThat(),
      u64(OXID),
      u32(0x0002_0000),
      u32(bindings.units),
      u16(bindings.units),
      u16(bindings.securityOffset),
      bindings.bytes,
      "align4",
      uuid(randomUUID()),
      u32(1),
      u16(5),
      u16(7),
      u32(status),
      u32(1),
      u32(pointer === null ? 0 : 0x0002_0004),
      ...(pointer === null ? [] : [u32(pointer.length), u32(pointer.length), pointer, "align4" as const]),
      u32(1),
      u32(status),
      u32(status),
    );
  }

  #logIn(fields: Buffer, user: string): CallAnswer {
    const namespace = textAt(fields, 4, 16);
    if (!/root[\\/]cimv2$/i.test(namespace)) return refused(INVALID_NAMESPACE);
    if (!this.#options.mayRead(user)) return refused(ACCESS_DENIED);
    return pointer(standardReference(INTERFACE.services, this.#put({ kind: "services" })));
  }

  #query(fields: Buffer): CallAnswer {
    // Language and question: each a referent, then the counts and the text.
    const languageEnd = 16 + 2 * fields.readUInt32LE(4);
    const at = languageEnd + ((4 - (languageEnd % 4)) % 4);
    const question = textAt(fields, at + 4, at + 16);
    const answer = answerQuery(question, this.#options.computer);
    if (answer.kind === "refused") return refused(answer.status);
    const { className, columns, rows } = answer;
    const id = this.#put({ kind: "rows", className, columns, rows: [...rows] });
    return pointer(standardReference(INTERFACE.enumeration, id));
  }

  #next(fields: Buffer, object: Extract<Known, { kind: "rows" }>): CallAnswer {
    const wanted = fields.readUInt32LE(4);
    const rows = object.rows.splice(0, wanted);
    const objects = rows.map((row) =>
      customReference(writeObject(object.className, object.columns, row, this.#options.computer.name)),
    );
    return stub(
      orpcThat(),
      u32(wanted),
      u32(0),
      u32(objects.length),
      ...objects.map((_, index) => u32(0x0002_0000 + 4 * index)),
      ...objects.flatMap((bytes) => [u32(bytes.length), u32(bytes.length), bytes, "align4" as const]),
      u32(objects.length),
      u32(rows.length < wanted ? NO_MORE : 0),
    );
  }

  #put(object: Known): string {
    const id = randomUUID();
    this.#objects.set(id, object);
    return id;
  }
}

function pointer(bytes: Buffer): CallAnswer {
  return stub(orpcThat(), u32(0x0002_0000), u32(bytes.length), u32(bytes.length), bytes, "align4", u32(0));
}

function refused(status: number): CallAnswer {
  return stub(orpcThat(), u32(0), u32(status));
}

function standardReference(interfaceId: string, ipid: string): Buffer {
  return Buffer.concat([
    u32(0x574f_454d),
    u32(1),
    uuid(interfaceId),
    u32(0x1000), // no pings
    u32(5),
    u64(OXID),
    u64(1n),
    uuid(ipid),
    u16(0),
    u16(0),
  ]);
}

function customReference(body: Buffer): Buffer {
  return Buffer.concat([
    u32(0x574f_454d),
    u32(4),
    uuid(OBJECT_INTERFACE),
    uuid(OBJECT_CLASS),
    u32(0),
    u32(body.length),
    body,
  ]);
}

function bindingsOf(address: string): {
  readonly bytes: Buffer;
  readonly units: number;
  readonly securityOffset: number;
} {
  const text = Buffer.concat([u16(7), Buffer.from(`${address}\0`, "utf16le"), u16(0)]);
  // One way to log in: NTLM, no name.
  const security = Buffer.concat([u16(10), u16(0xffff), u16(0), u16(0)]);
  const bytes = Buffer.concat([text, security]);
  return { bytes, units: bytes.length / 2, securityOffset: text.length / 2 };
}

/** What follows the ORPCTHIS. impacket's activation has an empty list of extensions in it, Windows has none. */
function behindOrpcThis(bytes: Buffer): Buffer {
  const hasExtensions = bytes.readUInt32LE(ORPCTHIS_BYTES - 4) !== 0;
  if (!hasExtensions) return bytes.subarray(ORPCTHIS_BYTES);
  // How many, nothing, and where they are: behind it the list, empty.
  const hasList = bytes.readUInt32LE(ORPCTHIS_BYTES + 8) !== 0;
  return bytes.subarray(ORPCTHIS_BYTES + (hasList ? 16 : 12));
}

function orpcThat(): Buffer {
  return Buffer.concat([u32(0), u32(0)]);
}

function stub(...parts: readonly (Buffer | "align4")[]): CallAnswer {
  let bytes = Buffer.alloc(0);
  for (const part of parts)
    bytes = Buffer.concat([bytes, part === "align4" ? Buffer.alloc((4 - (bytes.length % 4)) % 4) : part]);
  return { kind: "stub", stub: bytes };
}

/** A text of as many units as the number at `countAt` says; ends of strings are left out. */
function textAt(fields: Buffer, countAt: number, at: number): string {
  const count = fields.readUInt32LE(countAt);
  return fields
    .subarray(at, at + 2 * count)
    .toString("utf16le")
    .replace(/\0+$/, "");
}

function uuidAt(fields: Buffer, at: number): string {
  const bytes = Buffer.from(fields.subarray(at, at + 16));
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function uuid(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll("-", ""), "hex");
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
