import { uuidBytes } from "./uuid.ts";

const ROOM_BYTES = 256;
/** As Windows counts them; any number but zero would do. */
const FIRST_REFERENT = 0x0002_0000;

/**
 * Writes the stub of a call: the mirror of `NdrReader`.
 *
 * Shape:  every method gives the writer, so that a call reads like its interface definition; padding is zero bytes.
 * Source: [C706] 14.2 and 14.3 (documented).
 */
export class NdrWriter {
  #bytes: Buffer = Buffer.alloc(ROOM_BYTES);
  #length = 0;
  #referents = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#take(1, 1);
    this.#bytes.writeUInt8(value, at);
    return this;
  }

  u16(value: number): this {
    const at = this.#take(2, 2);
    this.#bytes.writeUInt16LE(value, at);
    return this;
  }

  u32(value: number): this {
    const at = this.#take(4, 4);
    this.#bytes.writeUInt32LE(value >>> 0, at);
    return this;
  }

  i32(value: number): this {
    return this.u32(value);
  }

  u64(value: bigint): this {
    const at = this.#take(8, 8);
    this.#bytes.writeBigUInt64LE(value, at);
    return this;
  }

  uuid(text: string): this {
    return this.align(4).bytes(uuidBytes(text));
  }

  contextHandle(handle: Uint8Array): this {
    if (handle.length !== 20) throw new RangeError("a context handle has twenty bytes");
    return this.align(4).bytes(handle);
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#take(bytes.length, 1);
    this.#bytes.set(bytes, at);
    return this;
  }

  align(size: number): this {
    this.#take(0, size);
    return this;
  }

  /** A unique pointer to something that the caller writes where it belongs. */
  pointer(): this {
    this.#referents += 1;
    return this.u32(FIRST_REFERENT + 4 * (this.#referents - 1));
  }

  nullPointer(): this {
    return this.u32(0);
  }

  byteArray(bytes: Uint8Array): this {
    return this.u32(bytes.length).bytes(bytes);
  }

  /** A conformant and varying string with a NUL at its end. */
  text(text: string): this {
    const count = text.length + 1;
    return this.u32(count)
      .u32(0)
      .u32(count)
      .bytes(Buffer.from(`${text}\0`, "utf16le"));
  }

  /** The same behind a unique pointer; null is the pointer that points nowhere. */
  optionalText(text: string | null): this {
    return text === null ? this.nullPointer() : this.pointer().text(text);
  }

  /** What was written; the writer may be written on without changing it. */
  done(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  #take(length: number, alignment: number): number {
    const at = this.#length + ((alignment - (this.#length % alignment)) % alignment);
    const end = at + length;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#length = end;
    return at;
  }
}
