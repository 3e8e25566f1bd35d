/** Columns of a row: text, a number of 32 bits, or yes and no. Null is null. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

export interface ColumnType {
  readonly name: string;
  readonly type: "string" | "uint32" | "boolean";
}

const TYPES = {
  string: { number: 8, bytes: 4 },
  uint32: { number: 19, bytes: 4 },
  boolean: { number: 11, bytes: 2 },
} as const;
const CIMTYPE_WORD = 0x8000_000a;

/**
 * Writes one instance in the encoding of WMI: an `EncodingUnit` with server and namespace, its class, and its values.
 * Source: [MS-WMIO] 2.2 (documented); read by impacket.
 */
export function writeObject(
  className: string,
  columns: readonly ColumnType[],
  row: Row,
  server: string,
): Buffer {
  const decoration = Buffer.concat([encoded(server), encoded("ROOT\\cimv2")]);
  const block = Buffer.concat([
    Buffer.from([0x06]), // an instance, with decoration
    decoration,
    classPart(className, columns),
    instancePart(className, columns, row),
  ]);
  return Buffer.concat([u32(0x1234_5678), u32(block.length), block]);
}

function classPart(className: string, columns: readonly ColumnType[]): Buffer {
  const heap = new HeapWriter();
  const nameAt = heap.add(encoded(className));
  const entries = columns.map((column, order) => {
    const nameRef = heap.add(encoded(column.name));
    const typeRef = heap.add(encoded(column.type));
    const qualifiers = Buffer.concat([
      u32(CIMTYPE_WORD),
      Buffer.from([3]),
      u32(TYPES.string.number),
      u32(typeRef),
    ]);
    const info = heap.add(
      Buffer.concat([
        u32(TYPES[column.type].number),
        u16(order),
        u32(offsetOf(columns, order)),
        u32(0), // the class that brought it in: this one
        u32(4 + qualifiers.length),
        qualifiers,
      ]),
    );
    return { name: column.name, bytes: Buffer.concat([u32(nameRef), u32(info)]) };
  });
  entries.sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
  const valueBytes = offsetOf(columns, columns.length);
  const flagBytes = Math.ceil(columns.length / 4);
  const body = Buffer.concat([
    Buffer.from([0]),
    u32(nameAt),
    u32(flagBytes + valueBytes),
    u32(4), // no class above
    u32(4), // no qualifiers
    u32(columns.length),
    ...entries.map(({ bytes }) => bytes),
    flagsOf(sorted(columns), () => 1), // every default is null
    Buffer.alloc(valueBytes, 0xff),
    heap.done(),
  ]);
  return Buffer.concat([u32(4 + body.length), body]);
}

function instancePart(className: string, columns: readonly ColumnType[], row: Row): Buffer {
  const heap = new HeapWriter();
  const nameAt = heap.add(encoded(className));
  const values = Buffer.alloc(offsetOf(columns, columns.length), 0xff);
  for (const [order, { name, type }] of columns.entries()) {
    const value = row[name] ?? null;
    const at = offsetOf(columns, order);
    if (value === null) continue;
    if (type === "string") values.writeUInt32LE(heap.add(encoded(String(value))), at);
    else if (type === "uint32") values.writeUInt32LE(Number(value), at);
    else values.writeUInt16LE(value === true ? 0xffff : 0, at);
  }
  const body = Buffer.concat([
    Buffer.from([0]),
    u32(nameAt),
    flagsOf(sorted(columns), ({ name }) => ((row[name] ?? null) === null ? 1 : 0)),
    values,
    u32(4), // no qualifiers
    Buffer.from([1]), // nor of its values
    heap.done(),
  ]);
  return Buffer.concat([u32(4 + body.length), body]);
}

/** The table of flags follows the table of names, which is sorted. */
function sorted(columns: readonly ColumnType[]): ColumnType[] {
  return columns.toSorted((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
}

function flagsOf(columns: readonly ColumnType[], flagOf: (column: ColumnType) => number): Buffer {
  const bytes = Buffer.alloc(Math.ceil(columns.length / 4));
  for (const [index, column] of columns.entries())
    bytes[index >> 2] = (bytes[index >> 2] ?? 0) | (flagOf(column) << ((index & 3) * 2));
  return bytes;
}

function offsetOf(columns: readonly ColumnType[], order: number): number {
  return columns.slice(0, order).reduce((sum, { type }) => sum + TYPES[type].bytes, 0);
}

/** Latin text in bytes, anything else in sixteen bits; with its end. */
function encoded(text: string): Buffer {
  return [...text].every((character) => character > "\0" && character <= "ÿ")
    ? Buffer.concat([Buffer.from([0]), Buffer.from(`${text}\0`, "latin1")])
    : Buffer.concat([Buffer.from([1]), Buffer.from(`${text}\0`, "utf16le")]);
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

class HeapWriter {
  readonly #parts: Buffer[] = [];
  #length = 0;

  /** Gives the reference to what was added. */
  add(bytes: Buffer): number {
    const at = this.#length;
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return at;
  }

  done(): Buffer {
    return Buffer.concat([u32(0x8000_0000 + this.#length), ...this.#parts]);
  }
}
