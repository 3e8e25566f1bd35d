import { BinXmlFault } from "./binxml-fault.ts";
import { ByteCursor } from "./byte-cursor.ts";
import { DecodedEvent } from "./decoded-event.ts";
import { Even6Dialect } from "./even6-dialect.ts";
import { parseFragment } from "./parse-fragment.ts";
import { renderXml } from "./render-xml.ts";

/** A record that is longer is not read. */
export const RECORD_BYTES_MAX = 2 * 1024 * 1024;

export type ReadEvent =
  | { readonly kind: "event"; readonly event: DecodedEvent }
  | { readonly kind: "damaged"; readonly sentence: string };

/** Reads records as a server sends them (MS-EVEN6). It learns templates: one for each server. */
export interface EventReader {
  read(bytes: Uint8Array): ReadEvent;
  /** The XML of Windows' own export; null where it cannot be read. */
  xml(bytes: Uint8Array): string | null;
}

export function createEventReader(): EventReader {
  const dialect = new Even6Dialect();
  const parse = (bytes: Uint8Array) => {
    if (bytes.length > RECORD_BYTES_MAX)
      throw new BinXmlFault(`a record of ${bytes.length} bytes, more than ${RECORD_BYTES_MAX}`);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return parseFragment(new ByteCursor(buffer, 0, buffer.length), dialect, false, 0);
  };
  return {
    read(bytes) {
      try {
        return { kind: "event", event: new DecodedEvent(parse(bytes), dialect) };
      } catch (error) {
        if (error instanceof BinXmlFault) return { kind: "damaged", sentence: error.message };
        throw error;
      }
    },
    xml(bytes) {
      try {
        return renderXml(parse(bytes), dialect);
      } catch (error) {
        if (error instanceof BinXmlFault) return null;
        throw error;
      }
    },
  };
}
