export type ChunkReading =
  | { readonly kind: "incomplete" }
  /** `at`: the first byte after the body. */
  | { readonly kind: "whole"; readonly body: Buffer; readonly at: number }
  | { readonly kind: "malformed" }
  | { readonly kind: "too-large" };

type Place = "size" | "size-lf" | "data" | "data-cr" | "data-lf" | "end-cr" | "end-lf";

const CR = 0x0d;
const LF = 0x0a;
/** A million times what a body may have: more digits are no size but an attempt. */
const SIZE_DIGITS_MAX = 8;

/**
 * Reads a body that comes in chunks, however it is cut.
 *
 * Errors: `malformed` for chunk extensions and trailers too: no firewall sends them, and what one reader skips there another
 *         may take for a request. `too-large` as soon as the announced chunks add up to more than `maxBytes`.
 * Source: RFC 9112, section 7.1 (documented).
 */
export class ChunkedBody {
  readonly #maxBytes: number;
  /** One piece, made longer as it fills: an object for each chunk would let a peer of tiny chunks hold a hundred times its body. */
  #body: Buffer = Buffer.alloc(0);
  #filled = 0;
  #place: Place = "size";
  #digits = 0;
  #size = 0;
  #left = 0;
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the bytes in `from` to `to`; each is given once. */
  read(bytes: Buffer, from: number, to: number): ChunkReading {
    let at = from;
    while (at < to) {
      if (this.#place === "data") {
        const taken = Math.min(this.#left, to - at);
        this.#keep(bytes, at, taken);
        this.#left -= taken;
        at += taken;
        if (this.#left === 0) this.#place = "data-cr";
        continue;
      }
      const outcome = this.#step(bytes[at] ?? 0);
      at++;
      if (outcome === "whole") return { kind: "whole", body: this.#body.subarray(0, this.#filled), at };
      if (outcome !== "go-on") return { kind: outcome };
    }
    return { kind: "incomplete" };
  }

  /** A copy: the bytes stand in a buffer that is written to again. */
  #keep(bytes: Buffer, from: number, count: number): void {
    const filled = this.#filled + count;
    if (filled > this.#body.length) {
      const longer = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, Math.max(2 * filled, 1024)));
      this.#body.copy(longer, 0, 0, this.#filled);
      this.#body = longer;
    }
    bytes.copy(this.#body, this.#filled, from, from + count);
    this.#filled = filled;
  }

  #step(byte: number): "go-on" | "whole" | "malformed" | "too-large" {
    switch (this.#place) {
      case "size": {
        const digit = hexDigit(byte);
        if (digit < 0) {
          if (byte !== CR || this.#digits === 0) return "malformed";
          this.#place = "size-lf";
          return "go-on";
        }
        this.#digits += 1;
        this.#size = this.#size * 16 + digit;
        return this.#digits > SIZE_DIGITS_MAX ? "malformed" : "go-on";
      }
      case "size-lf":
        if (byte !== LF) return "malformed";
        this.#length += this.#size;
        if (this.#length > this.#maxBytes) return "too-large";
        this.#left = this.#size;
        this.#place = this.#size === 0 ? "end-cr" : "data";
        this.#digits = 0;
        this.#size = 0;
        return "go-on";
      case "data-cr":
        this.#place = "data-lf";
        return byte === CR ? "go-on" : "malformed";
      case "data-lf":
        this.#place = "size";
        return byte === LF ? "go-on" : "malformed";
      case "end-cr":
        this.#place = "end-lf";
        return byte === CR ? "go-on" : "malformed";
      case "end-lf":
        return byte === LF ? "whole" : "malformed";
      case "data":
        return "malformed";
    }
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
