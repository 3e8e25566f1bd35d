/**
 * Gives a long answer in pieces of at most `bytesMax`, in order, without putting it together: what is shared stays shared.
 * Only where a piece reaches over the end of a part is it copied.
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
    if (left >= this.#bytesMax || this.#part === this.#parts.length - 1)
      return this.#take(part, this.#bytesMax);
    const gathered: Uint8Array[] = [];
    let bytes = 0;
    for (;;) {
      const from = this.#parts[this.#part];
      if (from === undefined || bytes === this.#bytesMax) return Buffer.concat(gathered, bytes);
      const piece = this.#take(from, this.#bytesMax - bytes);
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
