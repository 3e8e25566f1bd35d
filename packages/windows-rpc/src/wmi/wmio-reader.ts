/** A value of a class as WMI holds it. 64-bit numbers and dates stay text: nobody here computes with them. */
export type WmiValue = string | number | boolean | null | readonly WmiValue[] | WmiObject;

/** One instance (a row of a query), or a class where the server sent that. */
export interface WmiObject {
  readonly kind: "instance" | "class";
  readonly className: string;
  /** The class above, of a class only. */
  readonly superClass: string | null;
  readonly server: string | null;
  readonly namespace: string | null;
  /** By name, in the order of the class. */
  readonly properties: ReadonlyMap<string, WmiValue>;
}

/** Bytes that are no object of WMI's encoding. */
export class WmioFault extends Error {
  override readonly name = "WmioFault";
}

const SIGNATURE = 0x1234_5678;
const NULL_REFERENCE = 0xffff_ffff;
const DICTIONARY_BIT = 0x8000_0000;
/** MS-WMIO 2.2.59: well-known words are written by their number. */
const DICTIONARY = [
  "'",
  "key",
  "",
  "read",
  "write",
  "volatile",
  "provider",
  "dynamic",
  "cimwin32",
  "DWORD",
  "CIMTYPE",
];

const FLAG_CLASS = 1;
const FLAG_INSTANCE = 2;
const FLAG_DECORATION = 4;

/** The widest class of Windows has some 150 properties; these bound what one object can make us do. */
const OBJECT_BYTES_MAX = 1_048_576;
const PROPERTIES_MAX = 1024;
const ELEMENTS_MAX = 4096;
const DEPTH_MAX = 4;
/** What one element of an array counts for. */
const ELEMENT_BYTES = 16;
/** Over all values of one object: references may point at one long string a thousand times. */
const VALUE_BYTES_MAX = 4 * OBJECT_BYTES_MAX;

const TYPE_ARRAY = 0x2000;
const TYPE_INHERITED = 0x4000;
const PER_PROPERTY_QUALIFIERS = 2;

/**
 * Reads one object of the Windows management interface (an `EncodingUnit`).
 *
 * Shape:  qualifiers and methods are passed over; inherited defaults are filled in where an instance has none of its own.
 * Errors: `WmioFault` for bytes that are not of this encoding, lead out of their part, or ask for more than the bounds above.
 *         Time and memory are linear in the bytes and those bounds.
 * Source: [MS-WMIO] 2.2 (documented); five dumps of real servers (captured).
 */
export function readWmiObject(bytes: Uint8Array): WmiObject {
  if (bytes.length > OBJECT_BYTES_MAX) throw new WmioFault(`an object of ${bytes.length} bytes is too long`);
  const cursor = new Cursor(bytes, 0, bytes.length, { valueBytes: VALUE_BYTES_MAX });
  if (cursor.u32() !== SIGNATURE) throw new WmioFault("no signature of a WMI object");
  const length = cursor.u32();
  return readObject(cursor.part(length), 0);
}

function readObject(cursor: Cursor, depth: number): WmiObject {
  if (depth > DEPTH_MAX) throw new WmioFault("objects inside objects go too deep");
  const flags = cursor.u8();
  const server = flags & FLAG_DECORATION ? cursor.encodedString() : null;
  const namespace = flags & FLAG_DECORATION ? cursor.encodedString() : null;
  const where = { server, namespace };
  if (flags & FLAG_CLASS) {
    // The class above comes first, each with its methods behind it.
    const parent = readClassPart(cursor, depth);
    skipMethods(cursor);
    const own = readClassPart(cursor, depth);
    return {
      kind: "class",
      className: own.name,
      superClass: parent.name === "" ? null : parent.name,
      ...where,
      properties: new Map(own.properties.map((property) => [property.name, property.byDefault])),
    };
  }
  if (!(flags & FLAG_INSTANCE)) throw new WmioFault("neither a class nor an instance");
  const shape = readClassPart(cursor, depth);
  return {
    kind: "instance",
    className: shape.name,
    superClass: null,
    ...where,
    properties: readInstance(cursor, shape, depth),
  };
}

function skipMethods(cursor: Cursor): void {
  cursor.part(cursor.u32(), 4);
}

interface Property {
  readonly name: string;
  readonly type: number;
  readonly order: number;
  /** Where its value stands in a value table. */
  readonly at: number;
  /** Its place among the two-bit flags. */
  readonly index: number;
  readonly byDefault: WmiValue;
}

interface ClassPart {
  readonly name: string;
  readonly properties: readonly Property[];
  /** Bytes of the flags and the value table together: an instance has as many. */
  readonly tableBytes: number;
}

function readClassPart(cursor: Cursor, depth: number): ClassPart {
  const start = cursor.at;
  const length = cursor.u32();
  const part = new Cursor(cursor.bytes, cursor.at, start + length, cursor.budget);
  cursor.seek(start + length);
  part.u8();
  const nameReference = part.u32();
  const tableBytes = part.u32();
  part.part(part.u32(), 4); // derivation
  part.part(part.u32(), 4); // qualifiers of the class
  const count = part.u32();
  if (count > PROPERTIES_MAX) throw new WmioFault(`a class of ${count} properties is too wide`);
  const references: { readonly name: number; readonly info: number }[] = [];
  for (let index = 0; index < count; index++) references.push({ name: part.u32(), info: part.u32() });
  const table = part.part(tableBytes);
  const heap = part.heap();
  const { flags, values } = splitTable(table, count);
  const properties = references.map(({ name, info }, index): Property => {
    const about = heap.from(info);
    const property = {
      name: heap.text(name) ?? "",
      type: about.u32() & ~TYPE_INHERITED,
      order: about.u16(),
      at: about.u32(),
      index,
    };
    const isNull = (flags(index) & 1) !== 0;
    return { ...property, byDefault: isNull ? null : readValue(values, heap, property, depth) };
  });
  return {
    name: heap.text(nameReference) ?? "",
    properties: properties.sort((a, b) => a.order - b.order),
    tableBytes,
  };
}

function readInstance(cursor: Cursor, shape: ClassPart, depth: number): Map<string, WmiValue> {
  const start = cursor.at;
  const length = cursor.u32();
  const part = new Cursor(cursor.bytes, cursor.at, start + length, cursor.budget);
  part.u8();
  part.u32(); // name of the class, once more
  const table = part.part(shape.tableBytes);
  part.part(part.u32(), 4); // qualifiers of the instance
  if (part.u8() === PER_PROPERTY_QUALIFIERS) for (const _ of shape.properties) part.part(part.u32(), 4);
  const heap = part.heap();
  const { flags, values } = splitTable(table, shape.properties.length);
  return new Map(
    shape.properties.map((property) => {
      const flag = flags(property.index);
      if (flag & 2) return [property.name, property.byDefault];
      return [property.name, flag & 1 ? null : readValue(values, heap, property, depth)];
    }),
  );
}

/** Two bits a property stand before the values: 1 it is null, 2 it has the default of its class. */
function splitTable(
  table: Cursor,
  count: number,
): { readonly flags: (index: number) => number; readonly values: Cursor } {
  const start = table.at;
  const bits = table.part(Math.ceil(count / 4));
  return {
    flags: (index) => (bits.u8At(start + (index >> 2)) >> ((index & 3) * 2)) & 3,
    values: table.rest(),
  };
}

function readValue(
  values: Cursor,
  heap: Heap,
  { type, at }: Pick<Property, "type" | "at">,
  depth: number,
): WmiValue {
  if (type & TYPE_ARRAY) {
    const reference = values.from(at).u32();
    if (reference === NULL_REFERENCE) return null;
    const elements = heap.from(reference);
    const count = elements.u32();
    if (count > ELEMENTS_MAX) throw new WmioFault(`an array of ${count} elements is too long`);
    elements.spend(count * ELEMENT_BYTES);
    return Array.from({ length: count }, () => readScalar(elements, heap, type & ~TYPE_ARRAY, depth));
  }
  return readScalar(values.from(at), heap, type, depth);
}

function readScalar(cursor: Cursor, heap: Heap, type: number, depth: number): WmiValue {
  switch (type) {
    case 2:
      return cursor.i16();
    case 3:
      return cursor.i32();
    case 4:
      return cursor.f32();
    case 5:
      return cursor.f64();
    case 8:
    case 101:
    case 102:
      return heap.text(cursor.u32());
    case 11:
      return cursor.u16() !== 0;
    case 13: {
      const reference = cursor.u32();
      if (reference === NULL_REFERENCE) return null;
      const inner = heap.from(reference);
      return readObject(inner.part(inner.u32()), depth + 1);
    }
    case 16:
      return cursor.i8();
    case 17:
      return cursor.u8();
    case 18:
    case 103:
      return cursor.u16();
    case 19:
      return cursor.u32();
    case 20:
      return cursor.i64().toString();
    case 21:
      return cursor.u64().toString();
    default:
      throw new WmioFault(`values of type ${type} are not known`);
  }
}

interface Budget {
  valueBytes: number;
}

/** Reads forward within one part of the bytes and never out of it. */
class Cursor {
  readonly bytes: Uint8Array;
  readonly budget: Budget;
  readonly #view: DataView;
  readonly #start: number;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start: number, end: number, budget: Budget) {
    if (start > end || end > bytes.length) throw new WmioFault("a part is longer than what holds it");
    this.bytes = bytes;
    this.budget = budget;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#start = start;
    this.#end = end;
    this.#at = start;
  }

  get at(): number {
    return this.#at;
  }

  /** Goes on at a place of the bytes, which must lie ahead in this part. */
  seek(at: number): void {
    if (at < this.#at || at > this.#end) throw new WmioFault("a part ends before it begins");
    this.#at = at;
  }

  /** The part of `length` bytes that comes next; `counted` of them, its length, have been read already. */
  part(length: number, counted = 0): Cursor {
    if (length < counted) throw new WmioFault("a part is shorter than its own length");
    const start = this.#take(length - counted);
    return new Cursor(this.bytes, start, this.#at, this.budget);
  }

  rest(): Cursor {
    return new Cursor(this.bytes, this.#at, this.#end, this.budget);
  }

  /** A reader of the same part, at `offset` from its start. */
  from(offset: number): Cursor {
    return new Cursor(this.bytes, this.#start + offset, this.#end, this.budget);
  }

  heap(): Heap {
    // The top bit of the length is always set.
    const length = this.u32();
    return new Heap(this.part(length >= DICTIONARY_BIT ? length - DICTIONARY_BIT : length));
  }

  u8At(at: number): number {
    if (at < this.#start || at >= this.#end) throw new WmioFault("a flag lies outside its part");
    return this.#view.getUint8(at);
  }

  encodedString(): string {
    const isWide = this.u8() !== 0;
    const from = this.#at;
    const step = isWide ? 2 : 1;
    let end = from;
    while ((isWide ? this.#u16At(end) : this.u8At(end)) !== 0) {
      end += step;
      this.spend(step);
    }
    this.#at = end + step;
    const text = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + from, end - from);
    return isWide ? text.toString("utf16le") : text.toString("latin1");
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }
  i8(): number {
    return this.#view.getInt8(this.#take(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }
  i16(): number {
    return this.#view.getInt16(this.#take(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }
  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }
  f32(): number {
    return this.#view.getFloat32(this.#take(4), true);
  }
  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }
  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  #u16At(at: number): number {
    if (at < this.#start || at + 2 > this.#end) throw new WmioFault("a string has no end");
    return this.#view.getUint16(at, true);
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#end) throw new WmioFault("it ends in the middle");
    this.#at = at + bytes;
    return at;
  }

  /** What many references to one place add up to is bounded too. */
  spend(bytes: number): void {
    this.budget.valueBytes -= bytes;
    if (this.budget.valueBytes < 0) throw new WmioFault("its strings are too long together");
  }
}

/** Where values of changing length stand. */
class Heap {
  readonly #cursor: Cursor;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  from(reference: number): Cursor {
    return this.#cursor.from(reference);
  }

  text(reference: number): string | null {
    if (reference === NULL_REFERENCE) return null;
    if (reference < DICTIONARY_BIT) return this.#cursor.from(reference).encodedString();
    const word = DICTIONARY[reference - DICTIONARY_BIT];
    if (word === undefined) throw new WmioFault("a word of the dictionary that there is none of");
    return word;
  }
}
