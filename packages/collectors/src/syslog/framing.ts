import { NewlineDecoder } from "./newline-decoder.ts";
import {
  concatBytes,
  type Decoded,
  type FrameDecoder,
  OctetCountedDecoder,
  readFrameLength,
} from "./octet-counted-decoder.ts";

const LESS_THAN = 0x3c;
/** More digits than this are not a length; the first bytes of a connection are held no longer than that. */
const MAX_PREFIX_BYTES = 12;
const NOTHING: Decoded = { frames: [], fault: null, tooLong: 0 };

/** What the first bytes of a connection say of its framing. */
export type Framing = "octet-counted" | "newline" | "undecided";

/**
 * Tells the framing from the first bytes: "LEN SP <" is octet counting, anything else is lines.
 * A line that begins with a number and a space ("12 monkeys") is a line, for no `<` follows.
 * Source: RFC 6587, section 3.4 (documented). syslog-ng sends the count in a packet of its own (captured), so the
 * answer may have to wait for more.
 */
export function tellFraming(head: Uint8Array): Framing {
  const length = readFrameLength(head.subarray(0, MAX_PREFIX_BYTES), Number.MAX_SAFE_INTEGER);
  if (length.kind === "fault") return "newline";
  if (length.kind === "incomplete") return head.length >= MAX_PREFIX_BYTES ? "newline" : "undecided";
  const next = head[length.prefixBytes];
  if (next === undefined) return "undecided";
  return next === LESS_THAN ? "octet-counted" : "newline";
}

/** A decoder that finds the framing of its connection by itself and keeps to it. */
export class DetectingDecoder implements FrameDecoder {
  #decoder: FrameDecoder | null = null;
  #head: Uint8Array = new Uint8Array(0);
  readonly #maxFrameBytes: number;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  push(chunk: Uint8Array): Decoded {
    if (this.#decoder !== null) return this.#decoder.push(chunk);
    this.#head = concatBytes(this.#head, chunk);
    const framing = tellFraming(this.#head);
    if (framing === "undecided") return NOTHING;
    return this.#begin(framing).push(this.#head);
  }

  end(): readonly Uint8Array[] {
    if (this.#decoder !== null) return this.#decoder.end();
    const decoder = this.#begin("newline");
    const { frames } = decoder.push(this.#head);
    return [...frames, ...decoder.end()];
  }

  #begin(framing: "octet-counted" | "newline"): FrameDecoder {
    const decoder =
      framing === "octet-counted"
        ? new OctetCountedDecoder(this.#maxFrameBytes)
        : new NewlineDecoder(this.#maxFrameBytes);
    this.#decoder = decoder;
    return decoder;
  }
}
