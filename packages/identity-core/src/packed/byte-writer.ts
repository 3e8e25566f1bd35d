import type { Vocabulary } from "./vocabulary.ts";

const INLINE = 0;
const WORD = 1;
const SID = 2;
const PREFIXED = 3;
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const DIGIT_OF: Readonly<Record<string, number>> = Object.fromEntries(
  [...BASE64URL].map((one, at) => [one, at]),
);
const PREFIX_LENGTH_MAX = 32;

export { BASE64URL, INLINE, PREFIXED, SID, WORD };

/**
 * Writes a packed record into a buffer that is used again and again.
 *
 * Shape:  `bytes` up to `length` is what was written since `begin`.
 */
export class ByteWriter {
  bytes = new Uint8Array(1024);
  length = 0;
  readonly #vocabulary: Vocabulary;
  readonly #float = new Float64Array(1);
  readonly #floatBytes = new Uint8Array(this.#float.buffer);

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  begin(): this {
    this.length = 0;
    return this;
  }

  byte(value: number): void {
    if (this.length >= this.bytes.length) this.#room(1);
    this.bytes[this.length++] = value;
  }

  /** A whole number from 0 up to 2^53. */
  count(value: number): void {
    this.#room(8);
    let left = value;
    while (left >= 0x80) {
      this.bytes[this.length++] = (left % 0x80) | 0x80;
      left = left > 0x7fff_ffff ? Math.floor(left / 0x80) : left >>> 7;
    }
    this.bytes[this.length++] = left;
  }

  /** Any number; short where it is whole and near 0. */
  number(value: number): void {
    if (Number.isSafeInteger(value) && Math.abs(value) < 2 ** 50) {
      this.count((value < 0 ? -value * 2 - 1 : value * 2) * 2);
      return;
    }
    this.#real(value);
  }

  /** A time by its distance from another one. */
  time(value: number, base: number): void {
    const isWhole = Number.isSafeInteger(value) && Number.isSafeInteger(base);
    if (isWhole && Math.abs(value - base) < 2 ** 50) this.number(value - base);
    else this.#real(value);
  }

  #real(value: number): void {
    this.byte(1);
    this.#float[0] = value;
    for (const byte of this.#floatBytes) this.byte(byte);
  }

  uint32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte((value >>> shift) & 0xff);
  }

  raw(bytes: Uint8Array, from: number, to: number): void {
    this.#room(to - from);
    this.bytes.set(bytes.subarray(from, to), this.length);
    this.length += to - from;
  }

  /** Text that is nobody else's. */
  text(text: string): void {
    this.#inline(text, INLINE, 4);
  }

  /** Text that repeats from record to record. */
  word(text: string): void {
    const number = this.#vocabulary.words.numberOf(text);
    if (number < 0) this.text(text);
    else this.count(number * 4 + WORD);
  }

  /** A SID, or an identity made of a prefix and 128 bits in base64url: the shapes that most identities have. */
  identity(text: string): void {
    if (!this.#sid(text) && !this.#prefixed(text)) this.text(text);
  }

  /** A UPN beside the name it mostly begins with. */
  upn(upn: string, name: string): void {
    const isOfName = upn.startsWith(name) && upn.charAt(name.length) === "@";
    this.byte(Number(isOfName));
    if (isOfName) this.word(upn.slice(name.length + 1));
    else this.text(upn);
  }

  /** Names of groups, in order. */
  groups(names: readonly string[]): void {
    this.count(names.length);
    for (const name of names) {
      const number = this.#vocabulary.groups.numberOf(name);
      if (number < 0) this.#inline(name, 1, 2);
      else this.count(number * 2);
    }
  }

  #sid(text: string): boolean {
    if (text.length > 80 || !(text.startsWith("S-1-5-21-") || text.startsWith("s-1-5-21-"))) return false;
    const end = text.lastIndexOf("-") + 1;
    const last = text.slice(end);
    const relative = Number(last);
    if (!Number.isInteger(relative) || relative < 0 || relative > 0xffff_ffff || String(relative) !== last)
      return false;
    const number = this.#vocabulary.words.numberOf(text.slice(0, end));
    if (number < 0) return false;
    this.count(number * 4 + SID);
    this.count(relative);
    return true;
  }

  #prefixed(text: string): boolean {
    const colon = text.indexOf(":") + 1;
    if (colon === 0 || colon > PREFIX_LENGTH_MAX || text.length !== colon + 22) return false;
    let bits = 0;
    const start = this.length;
    const number = this.#vocabulary.words.numberOf(text.slice(0, colon));
    if (number < 0) return false;
    this.count(number * 4 + PREFIXED);
    let held = 0;
    for (let at = colon; at < text.length; at++) {
      const digit = DIGIT_OF[text.charAt(at)];
      // The last digit of 128 bits carries two: any other would not come back as it was.
      if (digit === undefined || (at === text.length - 1 && (digit & 0xf) !== 0)) {
        this.length = start;
        return false;
      }
      held = (held << 6) | digit;
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        this.byte((held >>> bits) & 0xff);
        held &= (1 << bits) - 1;
      }
    }
    return true;
  }

  /** Each UTF-16 unit by itself in up to three bytes: every text comes back as it was, half a character too. */
  #inline(text: string, tag: number, tags: number): void {
    let bytes = text.length;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) bytes += unit < 0x800 ? 1 : 2;
    }
    this.count(bytes * tags + tag);
    this.#room(bytes);
    const into = this.bytes;
    let to = this.length;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit < 0x80) into[to++] = unit;
      else if (unit < 0x800) {
        into[to++] = 0xc0 | (unit >> 6);
        into[to++] = 0x80 | (unit & 0x3f);
      } else {
        into[to++] = 0xe0 | (unit >> 12);
        into[to++] = 0x80 | ((unit >> 6) & 0x3f);
        into[to++] = 0x80 | (unit & 0x3f);
      }
    }
    this.length = to;
  }

  #room(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    let size = this.bytes.length;
    while (size < this.length + bytes) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}
