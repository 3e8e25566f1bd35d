import { BinXmlFault } from "./binxml-fault.ts";

/** Reads little-endian bytes from left to right; nothing beyond `end` is ever read. Errors: `BinXmlFault`. */
export class ByteCursor {
  readonly bytes: Buffer;
  readonly end: number;
  at: number;

  constructor(bytes: Buffer, at: number, end: number) {
    if (at < 0 || end > bytes.length || at > end)
      throw new BinXmlFault(`${at} to ${end} does not lie within ${bytes.length} bytes`);
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** The next byte, or -1 at the end. */
  peek(): number {
    return this.at < this.end ? (this.bytes[this.at] ?? -1) : -1;
  }

  u8(): number {
    return this.bytes.readUInt8(this.skip(1));
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.skip(2));
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.skip(4));
  }

  /** UTF-16 text of so many units. */
  text(units: number): string {
    const at = this.skip(units * 2);
    return this.bytes.toString("utf16le", at, at + units * 2);
  }

  /** Passes over so many bytes; gives where they begin. */
  skip(length: number): number {
    const at = this.at;
    if (length < 0 || at + length > this.end)
      throw new BinXmlFault(`${length} bytes at ${at} do not lie within ${this.end}`);
    this.at = at + length;
    return at;
  }
}
