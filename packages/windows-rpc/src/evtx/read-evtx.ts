import { BinXmlFault } from "../binxml/binxml-fault.ts";
import { ByteCursor } from "../binxml/byte-cursor.ts";
import { DecodedEvent } from "../binxml/decoded-event.ts";
import type { XmlNode } from "../binxml/node.ts";
import { parseFragment } from "../binxml/parse-fragment.ts";
import { renderXml } from "../binxml/render-xml.ts";
import { fileTimeMs } from "../binxml/value-text.ts";
import { ChunkDialect } from "./chunk-dialect.ts";
import { even6Form } from "./even6-form.ts";

const CHUNK_BYTES = 0x1_0000;
const CHUNK_HEADER_BYTES = 512;
const RECORD_HEADER_BYTES = 24;
const RECORD_BYTES_MIN = 28;
const RECORD_MARK = 0x2a2a;

/** One record of a file. */
export interface EvtxRecord {
  readonly kind: "record";
  readonly recordNumber: bigint;
  /** When the log took it, epoch ms. */
  readonly writtenAt: number;
  readonly event: DecodedEvent;
  /** The XML of Windows' own export. */
  xml(): string;
  /** The record as a server sends it (MS-EVEN6). */
  even6(): Buffer;
}

/** A part of a file that cannot be read; the reading goes on behind it. */
export interface EvtxDamage {
  readonly kind: "damaged";
  /** Where in the file. */
  readonly at: number;
  readonly recordNumber: bigint | null;
  readonly sentence: string;
}

/** A file of any length, read piece by piece. */
export interface EvtxSource {
  readonly length: number;
  /** Bytes from `at`: as many as asked for, or as there are. */
  read(at: number, length: number): Buffer;
}

const FILE_MARK = "ElfFile\0";
const CHUNK_MARK = "ElfChnk\0";
/** The head of a file where it does not say how long it is. */
const FILE_HEADER_BYTES = 4096;
const FILE_HEADER_BYTES_MIN = 128;

/** What is in memory as a source. */
export function inMemory(bytes: Buffer): EvtxSource {
  return { length: bytes.length, read: (at, length) => bytes.subarray(at, at + length) };
}

/**
 * Reads an event log file record by record, in the order of the file.
 *
 * Shape:  what cannot be read is told and passed over. Checksums are not looked at: a file copied from a running machine
 *         bears old ones, and a reader that refuses it is of no use. One chunk of 64 KiB is in memory at a time.
 * Errors: none thrown for what the file holds; a file without the head of one gives one line that says so.
 * Source: the open descriptions of the format (documented), files of Windows (captured).
 */
export function* readEvtx(source: EvtxSource): Generator<EvtxRecord | EvtxDamage> {
  const head = source.read(0, FILE_HEADER_BYTES_MIN);
  if (head.toString("latin1", 0, 8) !== FILE_MARK) {
    yield { kind: "damaged", at: 0, recordNumber: null, sentence: NO_LOG };
    return;
  }
  const said = head.length >= 42 ? head.readUInt16LE(40) : 0;
  const begin = said >= FILE_HEADER_BYTES_MIN ? said : FILE_HEADER_BYTES;
  for (let at = begin; at < source.length; at += CHUNK_BYTES) {
    const chunk = source.read(at, CHUNK_BYTES);
    if (chunk.toString("latin1", 0, 8) === CHUNK_MARK) yield* readChunk(chunk, at);
    else if (chunk.some((byte) => byte !== 0))
      yield { kind: "damaged", at, recordNumber: null, sentence: "a chunk without its mark" };
  }
}
/** What is said of a file that is none. */
export const NO_LOG = "this is no event log file (.evtx)";

function* readChunk(chunk: Buffer, fileAt: number): Generator<EvtxRecord | EvtxDamage> {
  if (chunk.length < CHUNK_HEADER_BYTES) {
    yield { kind: "damaged", at: fileAt, recordNumber: null, sentence: "a chunk that is cut off" };
    return;
  }
  const free = chunk.readUInt32LE(48);
  const end = Math.min(free === 0 ? chunk.length : free, chunk.length);
  const dialect = new ChunkDialect(chunk);
  for (let at = CHUNK_HEADER_BYTES; at + RECORD_BYTES_MIN <= end; ) {
    const place = fileAt + at;
    const size = chunk.readUInt32LE(at + 4);
    if (chunk.readUInt32LE(at) !== RECORD_MARK || size < RECORD_BYTES_MIN || at + size > chunk.length) {
      const next = chunk.indexOf(RECORD_BYTES, at + 4);
      const sentence = "bytes that are no record";
      yield { kind: "damaged", at: place, recordNumber: null, sentence };
      if (next < 0 || next >= end) return;
      at = next;
      continue;
    }
    yield readRecord(chunk, { at, size }, dialect, place);
    at += size;
  }
}
const RECORD_BYTES = Buffer.from([0x2a, 0x2a, 0, 0]);

function readRecord(
  chunk: Buffer,
  { at, size }: { readonly at: number; readonly size: number },
  dialect: ChunkDialect,
  place: number,
): EvtxRecord | EvtxDamage {
  const recordNumber = chunk.readBigUInt64LE(at + 8);
  let root: XmlNode;
  let event: DecodedEvent;
  try {
    const cursor = new ByteCursor(chunk, at + RECORD_HEADER_BYTES, at + size - 4);
    root = parseFragment(cursor, dialect, false, 0);
    event = new DecodedEvent(root, dialect);
  } catch (error) {
    if (!(error instanceof BinXmlFault)) throw error;
    return { kind: "damaged", at: place, recordNumber, sentence: error.message };
  }
  return {
    kind: "record",
    recordNumber,
    writtenAt: fileTimeMs(chunk, at + 16),
    event,
    xml: () => renderXml(root, dialect),
    even6: () => even6Form(root, dialect),
  };
}
