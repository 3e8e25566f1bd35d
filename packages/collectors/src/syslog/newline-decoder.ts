import { concatBytes, type Decoded, type FrameDecoder } from "./octet-counted-decoder.ts";

const LINE_FEED = 0x0a;

/**
 * Splits a TCP byte stream into syslog messages at line feeds.
 *
 * Shape:  frames without their line feed; empty lines are left out. A line longer than `maxFrameBytes` is skipped up
 *         to its line feed and counted in `tooLong`: the next line is read again.
 * Source: RFC 6587, section 3.4.2 (documented); rsyslog "traditional" framing (captured).
 */
export class NewlineDecoder implements FrameDecoder {
  #pending: Uint8Array = new Uint8Array(0);
  #skipping = false;
  readonly #maxFrameBytes: number;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  push(chunk: Uint8Array): Decoded {
    const frames: Uint8Array[] = [];
    let tooLong = 0;
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(LINE_FEED, from);
      if (at === -1) break;
      const piece = chunk.subarray(from, at);
      if (this.#skipping) this.#skipping = false;
      else if (this.#pending.length + piece.length > this.#maxFrameBytes) tooLong += 1;
      else if (this.#pending.length + piece.length > 0)
        frames.push(concatBytes(this.#pending, piece).slice());
      this.#pending = new Uint8Array(0);
      from = at + 1;
    }
    tooLong += this.#keep(chunk.subarray(from));
    return { frames, fault: null, tooLong };
  }

  end(): readonly Uint8Array[] {
    const last = this.#pending;
    this.#pending = new Uint8Array(0);
    return last.length === 0 ? [] : [last];
  }

  /** Keeps the head of a line that goes on in the next chunk, unless it is too long already. */
  #keep(rest: Uint8Array): number {
    if (this.#skipping || rest.length === 0) return 0;
    if (this.#pending.length + rest.length > this.#maxFrameBytes) {
      this.#pending = new Uint8Array(0);
      this.#skipping = true;
      return 1;
    }
    this.#pending = concatBytes(this.#pending, rest).slice();
    return 0;
  }
}
