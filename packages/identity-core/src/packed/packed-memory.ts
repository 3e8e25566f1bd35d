import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { Slab } from "./slab.ts";
import { Vocabulary } from "./vocabulary.ts";

/**
 * Where packed records stand, and what they are written and read with. Tables that are used together share one.
 *
 * Reader and writer are there once: what was written is put away, and what was opened is read, before the next one.
 */
export class PackedMemory {
  readonly vocabulary: Vocabulary;
  readonly slab = new Slab();
  readonly writer: ByteWriter;
  readonly reader: ByteReader;
  /** For pages, which are made of records that `reader` has opened. */
  readonly pageWriter: ByteWriter;

  constructor(vocabulary: Vocabulary = new Vocabulary()) {
    this.vocabulary = vocabulary;
    this.writer = new ByteWriter(vocabulary);
    this.reader = new ByteReader(vocabulary);
    this.pageWriter = new ByteWriter(vocabulary);
  }

  /** Opens a record of the slab for reading. */
  open(handle: number): ByteReader {
    this.slab.open(handle, this.reader);
    return this.reader;
  }
}
