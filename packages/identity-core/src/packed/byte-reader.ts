import { BASE64URL, INLINE, PREFIXED, SID } from "./byte-writer.ts";
import type { Vocabulary } from "./vocabulary.ts";

/**
 * Reads what `ByteWriter` wrote. Holds no record: `open` it on one, read it, go on to the next.
 *
 * Errors: `RangeError` for bytes that nobody wrote so.
 */
export class ByteReader {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  end = 0;
  readonly #vocabulary: Vocabulary;
  readonly #float = new Float64Array(1);
  readonly #floatBytes = new Uint8Array(this.#float.buffer);

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  open(bytes: Uint8Array, at: number, end: number): this {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    if (end > bytes.length) throw new RangeError("a packed record is cut off");
    return this;
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    if (this.at >= this.end) throw new RangeError("a packed record is cut off");
    return this.bytes[this.at++] ?? 0;
  }

  count(): number {
    let byte = this.byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 0x80;
    do {
      byte = this.byte();
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
    } while (byte >= 0x80);
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError("a packed number is too large");
    return value;
  }

  number(): number {
    if (((this.bytes[this.at] ?? 0) & 1) === 1) {
      this.at += 1;
      for (let at = 0; at < 8; at++) this.#floatBytes[at] = this.byte();
      return this.#float[0] ?? 0;
    }
    const folded = this.count() / 2;
    return folded % 2 === 1 ? -(folded + 1) / 2 : folded / 2;
  }

  time(base: number): number {
    const isReal = ((this.bytes[this.at] ?? 0) & 1) === 1;
    return isReal ? this.number() : base + this.number();
  }

  uint32(): number {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 8) value |= this.byte() << shift;
    return value >>> 0;
  }

  /** Passes over `bytes` and gives where they began. */
  skip(bytes: number): number {
    const from = this.at;
    this.at += bytes;
    if (this.at > this.end) throw new RangeError("a packed record is cut off");
    return from;
  }

  /** A text, however it was written. */
  text(): string {
    const head = this.count();
    const kind = head % 4;
    const value = (head - kind) / 4;
    if (kind === INLINE) return this.#inline(value);
    const word = this.#vocabulary.words.text(value);
    if (kind === SID) return word + String(this.count());
    if (kind === PREFIXED) return word + this.#base64url();
    return word;
  }

  upn(name: string): string {
    const isOfName = this.byte() === 1;
    return isOfName ? `${name}@${this.text()}` : this.text();
  }

  /** Passes over a text. */
  skipText(): void {
    const head = this.count();
    const kind = head % 4;
    if (kind === INLINE) this.skip((head - kind) / 4);
    else if (kind === SID) this.count();
    else if (kind === PREFIXED) this.skip(16);
  }

  groups(): string[] {
    const length = this.count();
    if (length > this.end - this.at) throw new RangeError("a packed record is cut off");
    const names: string[] = [];
    for (let at = 0; at < length; at++) {
      const head = this.count();
      names.push(head % 2 === 0 ? this.#vocabulary.groups.text(head / 2) : this.#inline((head - 1) / 2));
    }
    return names;
  }

  #base64url(): string {
    let text = "";
    let held = 0;
    let bits = 0;
    for (let at = 0; at < 16; at++) {
      held = (held << 8) | this.byte();
      bits += 8;
      while (bits >= 6) {
        bits -= 6;
        text += BASE64URL.charAt((held >>> bits) & 0x3f);
      }
      held &= (1 << bits) - 1;
    }
    return text + BASE64URL.charAt((held << (6 - bits)) & 0x3f);
  }

  #inline(length: number): string {
    const to = this.at + length;
    if (to > this.end) throw new RangeError("a packed text is cut off");
    const { bytes } = this;
    let text = "";
    for (let at = this.at; at < to; ) {
      const byte = bytes[at++] ?? 0;
      if (byte < 0x80) text += String.fromCharCode(byte);
      else if (byte < 0xe0) text += String.fromCharCode(((byte & 0x1f) << 6) | ((bytes[at++] ?? 0) & 0x3f));
      else {
        const middle = (bytes[at++] ?? 0) & 0x3f;
        text += String.fromCharCode(((byte & 0xf) << 12) | (middle << 6) | ((bytes[at++] ?? 0) & 0x3f));
      }
    }
    this.at = to;
    return text;
  }
}
