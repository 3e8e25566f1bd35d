export type FrameFault = "length-not-a-number" | "frame-too-long";

/** What a piece of a stream yielded. A `fault` is final: framing is lost and the connection is to be closed. */
export interface Decoded {
  readonly frames: readonly Uint8Array[];
  readonly fault: FrameFault | null;
  /** Frames that were longer than allowed and left out; the stream goes on. */
  readonly tooLong: number;
}

export interface FrameDecoder {
  push(chunk: Uint8Array): Decoded;
  /** What is left when the peer closed: the last frame of a sender that ends without a line break. */
  end(): readonly Uint8Array[];
}

export type FrameLength =
  | { readonly kind: "known"; readonly prefixBytes: number; readonly frameBytes: number }
  | { readonly kind: "incomplete" }
  | { readonly kind: "fault"; readonly fault: FrameFault };

const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;

/**
 * Reads "LEN SP" at the head of `bytes`. Stops at `maxFrameBytes`, however many digits follow.
 * Source: RFC 6587, section 3.4.1 (documented): MSG-LEN begins with 1 to 9.
 */
export function readFrameLength(bytes: Uint8Array, maxFrameBytes: number): FrameLength {
  let frameBytes = 0;
  for (const [index, byte] of bytes.entries()) {
    if (byte === SPACE && index > 0) return { kind: "known", prefixBytes: index + 1, frameBytes };
    const leadingZero = index === 0 && byte === ZERO;
    if (byte < ZERO || byte > NINE || leadingZero) return { kind: "fault", fault: "length-not-a-number" };
    // Multiply, never shift: in JavaScript a 32-bit shift turns a large length negative.
    frameBytes = frameBytes * 10 + (byte - ZERO);
    if (frameBytes > maxFrameBytes) return { kind: "fault", fault: "frame-too-long" };
  }
  return { kind: "incomplete" };
}

export function concatBytes(head: Uint8Array, tail: Uint8Array): Uint8Array {
  if (head.length === 0) return tail;
  const joined = new Uint8Array(head.length + tail.length);
  joined.set(head, 0);
  joined.set(tail, head.length);
  return joined;
}

/**
 * Splits a TCP byte stream into syslog messages by octet count ("LEN SP MSG").
 *
 * Shape:  push(chunk) gives the messages now complete; the rest waits inside. Frames before a fault are still given.
 * Units:  bytes. `maxFrameBytes` bounds what one peer can make us hold.
 * Errors: none thrown; a peer's bad bytes are data, not an exception.
 * Source: RFC 6587, section 3.4.1 (documented); rsyslog and syslog-ng (captured).
 */
export class OctetCountedDecoder implements FrameDecoder {
  #pending: Uint8Array = new Uint8Array(0);
  readonly #maxFrameBytes: number;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  push(chunk: Uint8Array): Decoded {
    this.#pending = concatBytes(this.#pending, chunk);
    const frames: Uint8Array[] = [];
    for (;;) {
      const length = readFrameLength(this.#pending, this.#maxFrameBytes);
      if (length.kind === "fault") {
        return { frames, fault: length.fault, tooLong: length.fault === "frame-too-long" ? 1 : 0 };
      }
      if (length.kind === "incomplete") return { frames, fault: null, tooLong: 0 };
      const end = length.prefixBytes + length.frameBytes;
      if (this.#pending.length < end) return { frames, fault: null, tooLong: 0 };
      frames.push(this.#pending.slice(length.prefixBytes, end));
      this.#pending = this.#pending.subarray(end);
    }
  }

  /** A frame that was announced and did not come whole is not a message. */
  end(): readonly Uint8Array[] {
    this.#pending = new Uint8Array(0);
    return [];
  }
}
