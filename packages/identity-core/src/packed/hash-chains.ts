import { Column } from "./column.ts";

/**
 * Finds rows by a 32-bit hash. Who asks compares what the row holds: different things may have one hash.
 *
 * Linear hashing: each addition splits at most one chain, so that no addition ever waits for a large index to be built
 * anew. A row stands in it once.
 */
export class HashChains {
  /** Row + 1 of the first of each chain; 0: none. */
  readonly #heads = new Column("u32");
  readonly #next = new Column("u32");
  readonly #hashes = new Column("u32");
  #count = 0;
  #lowMask = 15;
  #split = 0;

  /** Makes room for about so many rows at once, where none is in it yet. */
  reserve(rows: number): void {
    if (this.#count > 0) return;
    while (this.#lowMask + 1 < rows) this.#lowMask = this.#lowMask * 2 + 1;
  }

  /** The first row of that hash; -1: none. */
  first(hash: number): number {
    return this.#find(this.#heads.get(this.#chainOf(hash)), hash >>> 0);
  }

  /** The next row of the same hash; -1: none. */
  after(row: number): number {
    return this.#find(this.#next.get(row), this.#hashes.get(row));
  }

  add(row: number, hash: number): void {
    const chain = this.#chainOf(hash);
    this.#hashes.set(row, hash >>> 0);
    this.#next.set(row, this.#heads.get(chain));
    this.#heads.set(chain, row + 1);
    this.#count += 1;
    if (this.#count > this.#lowMask + 1 + this.#split) this.#splitOne();
  }

  remove(row: number): void {
    const chain = this.#chainOf(this.#hashes.get(row));
    const after = this.#next.get(row);
    let before = this.#heads.get(chain);
    if (before === row + 1) this.#heads.set(chain, after);
    else {
      while (before !== 0 && this.#next.get(before - 1) !== row + 1) before = this.#next.get(before - 1);
      if (before === 0) return;
      this.#next.set(before - 1, after);
    }
    this.#next.set(row, 0);
    this.#count -= 1;
  }

  #find(from: number, hash: number): number {
    let at = from;
    while (at !== 0) {
      if (this.#hashes.get(at - 1) === hash) return at - 1;
      at = this.#next.get(at - 1);
    }
    return -1;
  }

  #chainOf(hash: number): number {
    const wide = hash & (this.#lowMask * 2 + 1);
    return wide <= this.#lowMask + this.#split ? wide : hash & this.#lowMask;
  }

  #splitOne(): void {
    const low = this.#split;
    const high = low + this.#lowMask + 1;
    let at = this.#heads.get(low);
    let lowHead = 0;
    let highHead = 0;
    while (at !== 0) {
      const next = this.#next.get(at - 1);
      if ((this.#hashes.get(at - 1) & (this.#lowMask * 2 + 1)) === high) {
        this.#next.set(at - 1, highHead);
        highHead = at;
      } else {
        this.#next.set(at - 1, lowHead);
        lowHead = at;
      }
      at = next;
    }
    this.#heads.set(low, lowHead);
    this.#heads.set(high, highHead);
    this.#split += 1;
    if (this.#split > this.#lowMask) {
      this.#lowMask = this.#lowMask * 2 + 1;
      this.#split = 0;
    }
  }
}

/** Spreads what is hashed over all 32 bits. Source: the finaliser of MurmurHash3 (public domain). */
export function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function hashText(text: string, from = 0, to = text.length): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
}

export function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return mix(hash);
}
