/** One record as a server hands it over. */
export interface EventLogRecord {
  /**
   * Its number in the log that is read. A collector's log keeps the number that the record had at home in its
   * `EventRecordID`; this one is of the binary bookmark, and the one to go on from.
   */
  readonly recordNumber: bigint;
  /** A view of the answer. */
  readonly binXml: Uint8Array;
}

/** A result that is not shaped as the protocol says. */
export class ResultSetFault extends Error {
  override readonly name = "ResultSetFault";
}

const HEADER_BYTES = 16;
const BOOKMARK_HEADER_BYTES = 24;
const CHANNELS_MAX = 512;

/**
 * Reads one element of a result set: a record with its bookmark.
 *
 * Shape:  nothing is copied.
 * Errors: `ResultSetFault`; no offset or size is believed before it is known to lie inside the element.
 * Source: [MS-EVEN6] 2.2.14 and 2.2.17 (documented); read alike by impacket from our test server.
 */
export function readResultSet(bytes: Uint8Array): EventLogRecord {
  const element = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const total = u32(element, 0);
  if (total > element.length) throw new ResultSetFault(`${total} bytes where ${element.length} are`);
  const eventAt = u32(element, 8);
  const bookmarkAt = u32(element, 12);
  if (eventAt < HEADER_BYTES) throw new ResultSetFault("an event inside of the header");
  const size = u32(element, eventAt);
  const binXmlAt = eventAt + 4;
  if (size > total - binXmlAt) throw new ResultSetFault("an event that is longer than its element");
  return {
    recordNumber: readBookmark(part(element, bookmarkAt, total)),
    binXml: element.subarray(binXmlAt, binXmlAt + size),
  };
}

function readBookmark(bookmark: Buffer): bigint {
  const size = u32(bookmark, 0);
  const channels = u32(bookmark, 8);
  const current = u32(bookmark, 12);
  const numbersAt = u32(bookmark, 20);
  if (size > bookmark.length) throw new ResultSetFault("a bookmark that is longer than its element");
  if (channels > CHANNELS_MAX || current >= channels)
    throw new ResultSetFault(`channel ${current} of ${channels} in a bookmark`);
  if (numbersAt < BOOKMARK_HEADER_BYTES) throw new ResultSetFault("record numbers inside of the header");
  const at = numbersAt + 8 * current;
  if (at + 8 > size) throw new ResultSetFault("a record number behind the end of its bookmark");
  return bookmark.readBigUInt64LE(at);
}

function u32(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw new ResultSetFault("an element that ends in the middle of a field");
  return bytes.readUInt32LE(at);
}

function part(bytes: Buffer, from: number, to: number): Buffer {
  if (from > to) throw new ResultSetFault("a bookmark behind the end of its element");
  return bytes.subarray(from, to);
}
