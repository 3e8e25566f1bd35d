import { NdrFault } from "../ndr/index.ts";
import {
  type ObjectReference,
  readBindings,
  readObjectReference,
  type StringBinding,
} from "./object-reference.ts";
import { beginCall, openAnswer, readInterfacePointer } from "./orpc.ts";

/** The activation interface, at the endpoint mapper's own port. */
export const ACTIVATION = { uuid: "4d9f4ab8-7d1c-11cf-861e-0020af6e7c57", version: "0.0" } as const;
export const REMOTE_ACTIVATION = 0;

const TCP_TOWER = 7;
const IMPERSONATE = 2;

/**
 * Asks for a new object of a class, with one interface of it.
 * Source: [MS-DCOM] 3.1.2.5.2.3.1 RemoteActivation (documented); golden stub of impacket.
 */
export function encodeActivation(asked: {
  readonly classId: string;
  readonly interfaceId: string;
  readonly causality: string;
}): Uint8Array {
  return beginCall(asked.causality)
    .uuid(asked.classId)
    .u32(0) // name of a file to load: none
    .u32(0) // storage: none
    .u32(IMPERSONATE)
    .u32(0) // mode
    .u32(1)
    .pointer()
    .u32(1)
    .uuid(asked.interfaceId)
    .u16(1)
    .u32(1)
    .u16(TCP_TOWER)
    .done();
}

export type Activation =
  | {
      readonly kind: "activated";
      readonly object: Extract<ObjectReference, { kind: "standard" }>;
      /** Where the object's process listens. */
      readonly bindings: readonly StringBinding[];
    }
  | { readonly kind: "refused"; readonly status: number };

/** Errors: `NdrFault` for an answer that is none. */
export function decodeActivation(stub: Uint8Array): Activation {
  const reader = openAnswer(stub);
  reader.u64(); // exporter
  const hasBindings = reader.u32() !== 0;
  let bindings: StringBinding[] = [];
  if (hasBindings) {
    reader.u32(); // size once more
    const units = reader.u16();
    bindings = readBindings(reader, units, reader.u16());
  }
  reader.uuid(); // interface for references: nothing is released, the connection is closed
  reader.u32(); // hint for authentication
  reader.u16();
  reader.u16();
  const status = reader.u32();
  const count = reader.u32();
  const isThere = count === 1 && reader.u32() !== 0;
  if (!isThere) return { kind: "refused", status: status === 0 ? lastStatus(reader) : status };
  const object = readObjectReference(readInterfacePointer(reader));
  if (status !== 0) return { kind: "refused", status };
  if (object.kind !== "standard") throw new NdrFault("an activation that gives the object itself");
  return { kind: "activated", object, bindings: bindings.length > 0 ? bindings : object.bindings };
}

/** What the interface asked for came to, and then the call as a whole; the first that says something. */
function lastStatus(reader: ReturnType<typeof openAnswer>): number {
  const statuses: number[] = [];
  while (reader.left >= 4 && statuses.length < 4) statuses.push(reader.u32());
  return statuses.find((status) => status >= 0x8000_0000) ?? 0x8000_4005;
}
