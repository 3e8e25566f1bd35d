import { NdrFault } from "./ndr-fault.ts";
import { uuidText } from "./uuid.ts";

/**
 * Reads the stub of a call, field after field, and never out of it.
 *
 * Shape:  NDR 2.0, little endian; each number is aligned to its own size from the start of the stub. What `bytes` gives is
 *         a view of the stub, not a copy.
 * Errors: `NdrFault` for a stub that ends too soon or counts what cannot be there; no count is believed before as many
 *         bytes are.
 * Source: [C706] 14.2 and 14.3 (documented); captured from Samba and impacket.
 */
export class NdrReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(stub: Uint8Array) {
    this.#bytes = Buffer.from(stub.buffer, stub.byteOffset, stub.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Bytes from the start of the stub. */
  get position(): number {
    return this.#at;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1, 1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#take(2, 2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4, 4));
  }

  i32(): number {
    return this.#bytes.readInt32LE(this.#take(4, 4));
  }

  /** Aligned to eight, as every hyper is. */
  u64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8, 8));
  }

  uuid(): string {
    return uuidText(this.bytes(16, 4));
  }

  /** A context handle: twenty bytes that only the server understands. */
  contextHandle(): Buffer {
    return this.bytes(20, 4);
  }

  bytes(length: number, alignment = 1): Buffer {
    const at = this.#take(length, alignment);
    return this.#bytes.subarray(at, at + length);
  }

  align(size: number): this {
    this.#take(0, size);
    return this;
  }

  /** A unique pointer: true where what it points to follows. */
  pointer(): boolean {
    return this.u32() !== 0;
  }

  /** The count of things that follow, each of at least `bytesEach` bytes. */
  count(bytesEach: number, most = Number.POSITIVE_INFINITY): number {
    const count = this.u32();
    if (count > most) throw new NdrFault(`${count} elements where at most ${most} can be`);
    if (count * bytesEach > this.left) throw new NdrFault(`${count} elements do not fit into what is left`);
    return count;
  }

  /** A conformant array of bytes: its count stands before it. */
  byteArray(mostBytes = Number.POSITIVE_INFINITY): Buffer {
    return this.bytes(this.count(1, mostBytes));
  }

  /**
   * A conformant and varying string of sixteen-bit characters, without the NUL at its end; unpaired surrogates stay.
   * Errors: `NdrFault` also where it does not begin at its beginning.
   */
  text(mostCharacters = 65_536): string {
    const room = this.u32();
    const offset = this.u32();
    const count = this.count(2, mostCharacters);
    if (offset !== 0 || count > room) throw new NdrFault("a string whose counts contradict each other");
    const text = this.bytes(2 * count).toString("utf16le");
    return text.endsWith("\0") ? text.slice(0, -1) : text;
  }

  /** The same behind a unique pointer, where its referent follows at once. */
  optionalText(mostCharacters?: number): string | null {
    return this.pointer() ? this.text(mostCharacters) : null;
  }

  #take(length: number, alignment: number): number {
    const at = this.#at + ((alignment - (this.#at % alignment)) % alignment);
    if (at + length > this.#bytes.length) throw new NdrFault("the stub ends in the middle of a field");
    this.#at = at + length;
    return at;
  }
}
