import { NdrFault, NdrReader } from "../ndr/index.ts";

/** Where an object can be reached, by protocol: 7 is TCP, `host[port]`. */
export interface StringBinding {
  readonly tower: number;
  readonly address: string;
}

/** A reference to an object in another process. */
export type ObjectReference =
  | {
      readonly kind: "standard";
      readonly interfaceId: string;
      /** Names the interface of that object in each call. */
      readonly interfacePointer: string;
      readonly bindings: readonly StringBinding[];
    }
  | {
      /** The object itself, in an encoding of its class. */
      readonly kind: "custom";
      readonly interfaceId: string;
      readonly classId: string;
      readonly body: Uint8Array;
    };

const SIGNATURE = 0x574f_454d;
const FLAG_STANDARD = 1;
const FLAG_CUSTOM = 4;
/** In sixteen bits; a computer with a hundred addresses has some 3,000. */
const BINDING_UNITS_MAX = 16_384;
const BINDINGS_MAX = 256;

/**
 * Reads an OBJREF: standard or custom; the two others never carry what is asked for here.
 * Errors: `NdrFault` for bytes that are none.
 * Source: [MS-DCOM] 2.2.18 (documented).
 */
export function readObjectReference(bytes: Uint8Array): ObjectReference {
  const reader = new NdrReader(bytes);
  if (reader.u32() !== SIGNATURE) throw new NdrFault("no signature of an object reference");
  const flags = reader.u32();
  const interfaceId = reader.uuid();
  if (flags === FLAG_STANDARD) {
    reader.u32(); // flags of the reference
    reader.u32(); // how many references it stands for
    reader.bytes(16); // exporter and object: nobody is pinged in the seconds that a question takes
    const interfacePointer = reader.uuid();
    const units = reader.u16();
    const securityOffset = reader.u16();
    return {
      kind: "standard",
      interfaceId,
      interfacePointer,
      bindings: readBindings(reader, units, securityOffset),
    };
  }
  if (flags === FLAG_CUSTOM) {
    const classId = reader.uuid();
    reader.u32(); // size of an extension that nobody sends
    reader.u32(); // size, which servers also set to zero: what is left is the body
    return { kind: "custom", interfaceId, classId, body: reader.bytes(reader.left) };
  }
  throw new NdrFault(`object references of form ${flags} are not read`);
}

/**
 * The string bindings at the head of a DUALSTRINGARRAY; the security bindings behind them are passed over.
 * Source: [MS-DCOM] 2.2.19 (documented).
 */
export function readBindings(reader: NdrReader, units: number, securityOffset: number): StringBinding[] {
  if (units > BINDING_UNITS_MAX || securityOffset > units) throw new NdrFault("bindings that do not fit");
  const words = Array.from({ length: units }, () => reader.u16()).slice(0, securityOffset);
  const bindings: StringBinding[] = [];
  for (let at = 0; at < words.length; ) {
    const tower = words[at] ?? 0;
    if (tower === 0) break;
    const end = words.indexOf(0, at + 1);
    if (end < 0) throw new NdrFault("a binding has no end");
    bindings.push({ tower, address: String.fromCharCode(...words.slice(at + 1, end)) });
    if (bindings.length > BINDINGS_MAX) throw new NdrFault("more bindings than a computer has addresses");
    at = end + 1;
  }
  return bindings;
}

/** The TCP port among the bindings: the host is the one we asked, whatever names the computer gives itself. */
export function tcpPortOf(bindings: readonly StringBinding[]): number | null {
  for (const { tower, address } of bindings) {
    if (tower !== 7) continue;
    const port = Number(/\[(\d{1,5})\]$/.exec(address)?.[1]);
    if (port >= 1 && port <= 65_535) return port;
  }
  return null;
}
