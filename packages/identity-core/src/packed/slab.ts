import type { ByteReader } from "./byte-reader.ts";

const UNIT = 8;
const CHUNK_BYTES = 4 * 1024 * 1024;
const CHUNK_UNITS_BITS = 19;
/** Small tables are small: the first chunks are shorter than the rest. */
const FIRST_CHUNKS = [4096, 65_536, 1024 * 1024];
const FINE_MAX = 256;

/** The sizes blocks come in: by 8 bytes up to 256, then an eighth more each. */
const SIZES: readonly number[] = (() => {
  const sizes: number[] = [];
  for (let size = UNIT; size <= FINE_MAX; size += UNIT) sizes.push(size);
  for (let size = FINE_MAX; size < CHUNK_BYTES; ) {
    size = Math.min(CHUNK_BYTES, Math.ceil((size * 9) / 8 / UNIT) * UNIT);
    sizes.push(size);
  }
  return sizes;
})();

/** The longest record that can be kept. */
export const RECORD_BYTES_MAX = CHUNK_BYTES - UNIT - 4;

/**
 * Byte records outside the heap, in chunks that are never moved. A record is known by its handle, a number above 0.
 *
 * Shape:  what is freed is used again for records of about its size.
 * Errors: `RangeError` for a record beyond `RECORD_BYTES_MAX`.
 */
export class Slab {
  readonly #chunks: Uint8Array[] = [];
  readonly #free = new Map<number, number>();
  #chunk = new Uint8Array(0);
  /** Handle 0 is nobody's. */
  #used = 0;

  put(bytes: Uint8Array, length: number): number {
    const handle = this.#take(sizeClass(length));
    this.#write(handle, bytes, length);
    return handle;
  }

  /** Puts the record in place of another; gives the handle it has from now on. */
  replace(handle: number, bytes: Uint8Array, length: number): number {
    if (handle === 0) return this.put(bytes, length);
    if (sizeClass(this.#lengthOf(handle)) !== sizeClass(length)) {
      this.drop(handle);
      return this.put(bytes, length);
    }
    this.#write(handle, bytes, length);
    return handle;
  }

  drop(handle: number): void {
    if (handle !== 0) this.#giveBack(handle, sizeClass(this.#lengthOf(handle)));
  }

  /** Opens the record for reading. What is read is right until the next change of the slab. */
  open(handle: number, reader: ByteReader): void {
    const chunk = this.#chunkOf(handle);
    const at = startOf(handle);
    const head = headerBytes(chunk, at);
    const start = at + head;
    reader.open(chunk, start, start + this.#lengthOf(handle));
  }

  /** Whether the record is these bytes. */
  holds(handle: number, bytes: Uint8Array, length: number): boolean {
    if (handle === 0 || this.#lengthOf(handle) !== length) return false;
    const chunk = this.#chunkOf(handle);
    const start = startOf(handle) + headerBytes(chunk, startOf(handle));
    for (let at = 0; at < length; at++) if (chunk[start + at] !== bytes[at]) return false;
    return true;
  }

  #write(handle: number, bytes: Uint8Array, length: number): void {
    const chunk = this.#chunkOf(handle);
    let at = startOf(handle);
    let left = length;
    while (left >= 0x80) {
      chunk[at++] = (left & 0x7f) | 0x80;
      left >>>= 7;
    }
    chunk[at++] = left;
    // A loop is quicker than a view and `set` for records of this length.
    if (length < 128) for (let i = 0; i < length; i++) chunk[at + i] = bytes[i] ?? 0;
    else chunk.set(bytes.subarray(0, length), at);
  }

  #lengthOf(handle: number): number {
    const chunk = this.#chunkOf(handle);
    let at = startOf(handle);
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = chunk[at++] ?? 0;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) return length;
    }
  }

  #chunkOf(handle: number): Uint8Array {
    const chunk = this.#chunks[handle >>> CHUNK_UNITS_BITS];
    if (chunk === undefined) throw new RangeError(`there is no record ${handle}`);
    return chunk;
  }

  #take(sized: number): number {
    const size = SIZES[sized] ?? CHUNK_BYTES;
    const free = this.#free.get(sized);
    if (free) {
      const chunk = this.#chunkOf(free);
      const at = startOf(free);
      const next =
        (chunk[at] ?? 0) |
        ((chunk[at + 1] ?? 0) << 8) |
        ((chunk[at + 2] ?? 0) << 16) |
        ((chunk[at + 3] ?? 0) << 24);
      this.#free.set(sized, next >>> 0);
      return free;
    }
    if (this.#used + size > this.#chunk.length) this.#addChunk(size);
    const handle = ((this.#chunks.length - 1) << CHUNK_UNITS_BITS) | (this.#used / UNIT);
    this.#used += size;
    return handle >>> 0;
  }

  #giveBack(handle: number, sized: number): void {
    const chunk = this.#chunkOf(handle);
    const at = startOf(handle);
    const next = this.#free.get(sized) ?? 0;
    chunk[at] = next & 0xff;
    chunk[at + 1] = (next >>> 8) & 0xff;
    chunk[at + 2] = (next >>> 16) & 0xff;
    chunk[at + 3] = next >>> 24;
    this.#free.set(sized, handle);
  }

  #addChunk(atLeast: number): void {
    this.#leaveRest();
    const planned = FIRST_CHUNKS[this.#chunks.length] ?? CHUNK_BYTES;
    const isFirst = this.#chunks.length === 0;
    this.#chunk = new Uint8Array(Math.min(CHUNK_BYTES, Math.max(planned, atLeast + (isFirst ? UNIT : 0))));
    this.#used = isFirst ? UNIT : 0;
    this.#chunks.push(this.#chunk);
  }

  /** What is left of a chunk that is too short for a record serves smaller ones. */
  #leaveRest(): void {
    for (let left = this.#chunk.length - this.#used; left >= UNIT; left = this.#chunk.length - this.#used) {
      let sized = SIZES.length - 1;
      while (sized > 0 && (SIZES[sized] ?? 0) > left) sized -= 1;
      const handle = ((this.#chunks.length - 1) << CHUNK_UNITS_BITS) | (this.#used / UNIT);
      this.#giveBack(handle >>> 0, sized);
      this.#used += SIZES[sized] ?? UNIT;
    }
  }
}

function startOf(handle: number): number {
  return (handle & ((1 << CHUNK_UNITS_BITS) - 1)) * UNIT;
}

function headerBytes(chunk: Uint8Array, at: number): number {
  let bytes = 1;
  while ((chunk[at + bytes - 1] ?? 0) >= 0x80) bytes += 1;
  return bytes;
}

function sizeClass(length: number): number {
  if (length > RECORD_BYTES_MAX) throw new RangeError(`a record of ${length} bytes is too long to keep`);
  const size = length + (length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x20_0000 ? 3 : 4);
  if (size <= FINE_MAX) return Math.ceil(size / UNIT) - 1;
  let low = FINE_MAX / UNIT;
  let high = SIZES.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((SIZES[middle] ?? 0) < size) low = middle + 1;
    else high = middle;
  }
  return low;
}
