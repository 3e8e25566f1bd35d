import { readObjectReference } from "../dcom/object-reference.ts";
import { beginCall, openAnswer, readInterfacePointer, writeBasicString } from "../dcom/orpc.ts";
import { NdrFault } from "../ndr/index.ts";

/** The object that lets one in, and its interface. */
export const LEVEL1_LOGIN_CLASS = "8bc3f05e-d86b-11d0-a075-00c04fb68820";
export const LEVEL1_LOGIN = { uuid: "f309ad18-d86a-11d0-a075-00c04fb68820", version: "0.0" } as const;
export const SERVICES = { uuid: "9556dc99-828c-11cf-a37e-00aa003240c7", version: "0.0" } as const;
export const ENUMERATION = { uuid: "027947e1-d731-11ce-a357-000000000001", version: "0.0" } as const;
export const OPNUM = { ntlmLogin: 6, execQuery: 20, next: 4 } as const;

/** `WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY`: rows are read once, in order. */
const FORWARD_ONLY = 0x30;
/** The object's class in Windows' own marshalling: what the rows of a query are. */
const WBEM_OBJECT_CLASS = "4590f812-1d3a-11d0-891f-00aa004b2e24";
const ROWS_MAX = 1000;

/** Source: [MS-WMI] 3.1.4.1.4, IWbemLevel1Login::NTLMLogin (documented); golden stub of impacket. */
export function encodeNtlmLogin(namespace: string, causality: string): Uint8Array {
  return beginCall(causality).optionalText(namespace).u32(0).u32(0).u32(0).done();
}

/** Source: [MS-WMI] 3.1.4.3.18, IWbemServices::ExecQuery (documented); golden stub of impacket. */
export function encodeExecQuery(query: string, causality: string): Uint8Array {
  return writeBasicString(writeBasicString(beginCall(causality), "WQL"), query)
    .u32(FORWARD_ONLY)
    .u32(0)
    .done();
}

/** Source: [MS-WMI] 3.1.4.4.2, IEnumWbemClassObject::Next (documented); golden stub of impacket. */
export function encodeNext(rows: number, timeoutMs: number, causality: string): Uint8Array {
  return beginCall(causality).u32(timeoutMs).u32(rows).done();
}

export type PointerAnswer =
  | { readonly kind: "pointer"; readonly interfacePointer: string }
  | { readonly kind: "refused"; readonly status: number };

/** What NTLMLogin and ExecQuery answer: the interface of another object, and a status. Errors: `NdrFault`. */
export function decodePointer(stub: Uint8Array): PointerAnswer {
  const reader = openAnswer(stub);
  const isThere = reader.u32() !== 0;
  const object = isThere ? readObjectReference(readInterfacePointer(reader)) : null;
  const status = reader.u32();
  if (status !== 0 || object === null) return { kind: "refused", status };
  if (object.kind !== "standard") throw new NdrFault("an answer that gives the object itself");
  return { kind: "pointer", interfacePointer: object.interfacePointer };
}

export interface RowsAnswer {
  /** Encodings of the rows (`readWmiObject`). */
  readonly rows: readonly Uint8Array[];
  /** `WBEM_S_FALSE` (1): there are no more; `WBEM_S_TIMEDOUT` (0x40004): none in time. */
  readonly status: number;
}

/** Errors: `NdrFault`. */
export function decodeNext(stub: Uint8Array): RowsAnswer {
  const reader = openAnswer(stub);
  const max = reader.u32();
  reader.u32(); // offset
  const count = reader.u32();
  if (count > max || count > ROWS_MAX) throw new NdrFault("more rows than were asked for");
  const referents = Array.from({ length: count }, () => reader.u32());
  const rows = referents.filter((referent) => referent !== 0).map(() => rowOf(readInterfacePointer(reader)));
  reader.u32(); // how many there are, once more
  return { rows, status: reader.u32() };
}

function rowOf(bytes: Uint8Array): Uint8Array {
  const object = readObjectReference(bytes);
  if (object.kind !== "custom" || object.classId !== WBEM_OBJECT_CLASS)
    throw new NdrFault("a row in another encoding");
  return object.body;
}
