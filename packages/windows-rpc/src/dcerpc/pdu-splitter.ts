import { checkHeader, HEADER_BYTES } from "./pdu.ts";

/**
 * Cuts a TCP stream into PDUs.
 *
 * Shape:  `push` gives the PDUs that are whole now, in order. What is kept meanwhile is less than one PDU, 64 KiB at most.
 *         A PDU that came in one piece is a view of that piece; nothing is copied twice.
 * Errors: `PduFault` as soon as a header is no header; the splitter is of no use afterwards.
 */
export class PduSplitter {
  #pieces: Buffer[] = [];
  #held = 0;

  push(piece: Buffer): Buffer[] {
    if (piece.length > 0) this.#pieces.push(piece);
    this.#held += piece.length;
    const pdus: Buffer[] = [];
    while (this.#held >= HEADER_BYTES) {
      const length = checkHeader(this.#peekHeader());
      if (this.#held < length) break;
      pdus.push(this.#take(length));
    }
    return pdus;
  }

  /** True in the middle of a PDU: a stream that ends here was cut off. */
  get isInside(): boolean {
    return this.#held > 0;
  }

  #peekHeader(): Buffer {
    const [first] = this.#pieces;
    if (first !== undefined && first.length >= HEADER_BYTES) return first;
    // Few pieces hold the sixteen bytes; only then are they joined.
    const joined = Buffer.concat(this.#pieces);
    this.#pieces = [joined];
    return joined;
  }

  #take(length: number): Buffer {
    const parts: Buffer[] = [];
    let missing = length;
    let used = 0;
    for (const piece of this.#pieces) {
      if (missing === 0) break;
      if (piece.length > missing) {
        parts.push(piece.subarray(0, missing));
        this.#pieces[used] = piece.subarray(missing);
        missing = 0;
        break;
      }
      parts.push(piece);
      missing -= piece.length;
      used += 1;
    }
    this.#pieces.splice(0, used);
    this.#held -= length;
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, length);
  }
}
