import { NdrFault, NdrReader, NdrWriter } from "../ndr/index.ts";

/** Version 5.7 is what every Windows since 2000 speaks. */
const VERSION_MAJOR = 5;
const VERSION_MINOR = 7;

/**
 * Begins the stub of a call at an object. `causality` names the chain of calls: one UUID for a whole question.
 * Source: [MS-DCOM] 2.2.13.3, ORPCTHIS (documented).
 */
export function beginCall(causality: string): NdrWriter {
  return new NdrWriter().u16(VERSION_MAJOR).u16(VERSION_MINOR).u32(0).u32(0).uuid(causality).u32(0);
}

/**
 * Opens the answer behind its ORPCTHAT. Extensions are refused: nobody asked for them.
 * Source: [MS-DCOM] 2.2.13.4 (documented).
 */
export function openAnswer(stub: Uint8Array): NdrReader {
  const reader = new NdrReader(stub);
  reader.u32();
  if (reader.u32() !== 0) throw new NdrFault("an answer with extensions");
  return reader;
}

/** Longer ones than any row of a query: what one pointer may bring. */
const POINTER_BYTES_MAX = 1_048_576;

/** The body of an MInterfacePointer, behind its referent. */
export function readInterfacePointer(reader: NdrReader): Uint8Array {
  const max = reader.u32();
  const length = reader.u32();
  if (length > max || length > POINTER_BYTES_MAX) throw new NdrFault("an object that does not fit");
  return reader.bytes(length);
}

/**
 * A BSTR behind its pointer: counted twice, without a NUL at its end.
 * Source: [MS-OAUT] 2.2.23 (documented); impacket's requests (captured).
 */
export function writeBasicString(writer: NdrWriter, text: string): NdrWriter {
  return writer
    .pointer()
    .u32(text.length)
    .u32(2 * text.length)
    .u32(text.length)
    .bytes(Buffer.from(text, "utf16le"));
}
