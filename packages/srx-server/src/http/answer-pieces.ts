/** Bytes that a piece may be copied for where parts meet: what one TLS record holds. */
const SEAM_BYTES = 16 * 1024;

/** A part shorter than this goes out together with what stands beside it. */
const SMALL_BYTES = 4 * 1024;

/**
 * Gives a long answer in pieces of at most `bytesMax`, in order, without putting it together: what is shared stays shared.
 * Only around the places where two parts meet is anything copied, and never more than one TLS record: a copy of a whole
 * page would cost as much as encrypting it.
 */
export class AnswerPieces {
  readonly #parts: readonly Uint8Array[];
  readonly #bytesMax: number;
  #part = 0;
  #at = 0;

  constructor(parts: readonly Uint8Array[], bytesMax: number) {
    this.#parts = parts;
    this.#bytesMax = bytesMax;
  }

  /** Null after the last one. */
  next(): Uint8Array | null {
    const part = this.#parts[this.#part];
    if (part === undefined) return null;
    const left = part.length - this.#at;
    if (this.#part === this.#parts.length - 1) return this.#take(part, this.#bytesMax);
    // Two long parts need no seam: copying at every one of many would be copying half of the answer.
    const following = this.#parts[this.#part + 1]?.length ?? 0;
    if (left >= SMALL_BYTES && following >= SMALL_BYTES) return this.#take(part, this.#bytesMax);
    // The end of a part goes out with the beginning of the next one.
    if (left > SEAM_BYTES && this.#bytesMax > SEAM_BYTES)
      return this.#take(part, Math.min(this.#bytesMax, left - SEAM_BYTES / 2));
    const room = Math.min(this.#bytesMax, SEAM_BYTES);
    const gathered: Uint8Array[] = [];
    let bytes = 0;
    for (;;) {
      const from = this.#parts[this.#part];
      if (from === undefined || bytes === room) return Buffer.concat(gathered, bytes);
      const piece = this.#take(from, room - bytes);
      gathered.push(piece);
      bytes += piece.length;
    }
  }

  #take(part: Uint8Array, bytesMax: number): Uint8Array {
    const piece = part.subarray(this.#at, this.#at + bytesMax);
    this.#at += piece.length;
    if (this.#at === part.length) {
      this.#part += 1;
      this.#at = 0;
    }
    return piece;
  }
}
