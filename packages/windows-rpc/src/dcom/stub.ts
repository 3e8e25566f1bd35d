/** The answer of a call is not shaped as it must be. */
export class StubFault extends Error {
  override readonly name = "StubFault";
}

/** Writes the stub of a call: NDR, little endian, each number aligned to its own size from the start of the stub. */
export class StubWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** Any number but zero says "here follows something". */
  referent(): this {
    return this.u32(0x0002_0000 + 4 * this.#parts.length);
  }

  u16(value: number): this {
    this.align(2);
    const bytes = new Uint8Array(2);
    new DataView(bytes.buffer).setUint16(0, value, true);
    return this.raw(bytes);
  }

  u32(value: number): this {
    this.align(4);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value >>> 0, true);
    return this.raw(bytes);
  }

  uuid(text: string): this {
    this.align(4);
    return this.raw(uuidBytes(text));
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  align(size: number): this {
    const missing = (size - (this.#length % size)) % size;
    return missing === 0 ? this : this.raw(new Uint8Array(missing));
  }

  /** A string with its end, behind its referent. */
  text(text: string): this {
    const count = text.length + 1;
    return this.referent()
      .u32(count)
      .u32(0)
      .u32(count)
      .raw(Buffer.from(`${text}\0`, "utf16le"));
  }

  /** A BSTR behind its referent: counted twice, without an end. */
  basicString(text: string): this {
    return this.referent()
      .u32(text.length)
      .u32(2 * text.length)
      .u32(text.length)
      .raw(Buffer.from(text, "utf16le"));
  }

  done(): Uint8Array {
    return Buffer.concat(this.#parts, this.#length);
  }
}

/** Reads the stub of an answer and never out of it. Errors: `StubFault`. */
export class StubReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#take(2, 2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4, 4));
  }

  /** Eight bytes as a number that nobody computes with. */
  u64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8, 8));
  }

  uuid(): string {
    return uuidText(this.raw(16, 4));
  }

  raw(length: number, alignment = 1): Uint8Array {
    const at = this.#take(length, alignment);
    return this.#bytes.subarray(at, at + length);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  #take(length: number, alignment: number): number {
    const at = this.#at + ((alignment - (this.#at % alignment)) % alignment);
    if (at + length > this.#bytes.length) throw new StubFault("the answer ends in the middle");
    this.#at = at + length;
    return at;
  }
}

/** The first three fields of a UUID stand little endian. */
export function uuidBytes(text: string): Uint8Array {
  const hex = text.replaceAll("-", "");
  const bytes = Buffer.from(hex, "hex");
  if (bytes.length !== 16) throw new RangeError(`${text} is no UUID`);
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

export function uuidText(bytes: Uint8Array): string {
  const copy = Buffer.from(bytes);
  copy.subarray(0, 4).reverse();
  copy.subarray(4, 6).reverse();
  copy.subarray(6, 8).reverse();
  const hex = copy.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
