export type SldcResult =
  | { readonly kind: "decoded"; readonly bytes: Uint8Array }
  | {
      readonly kind: "refused";
      readonly reason: "too-long" | "cut-short" | "unknown-symbol";
    };

const CONTROL_PREFIX = 0x1ff;
const CONTROL_PREFIX_BITS = 9;
const HISTORY_BYTES = 1024;
const HISTORY_MASK = HISTORY_BYTES - 1;
/** The last four bits of a control symbol. Source: ECMA-321, table 3 (documented). */
const CONTROL = {
  flush: 0b0000,
  scheme1: 0b0001,
  scheme2: 0b0010,
  fileMark: 0b0011,
  endOfRecord: 0b0100,
  resetToScheme1: 0b0101,
  resetToScheme2: 0b0110,
} as const;

/**
 * Decodes SLDC, the compression of forwarded events.
 *
 * Shape:  bits, most significant first: literals and copies out of the last 1024 bytes, between control symbols. What
 *         follows the end of the record is not read: Windows appends the length of what was compressed there (u32 LE).
 * Units:  bytes; never gives more than `maxBytes`, and holds no more while it works.
 * Errors: none thrown; whatever a stranger sent is a reason.
 * Source: ECMA-321 (documented); the length at the end (captured: fixtures/openwec-heartbeat.sldc).
 */
export function decodeSldc(bytes: Uint8Array, maxBytes: number): SldcResult {
  const bits = new BitReader(bytes);
  const history = new Uint8Array(HISTORY_BYTES);
  let out = new Uint8Array(Math.min(maxBytes, Math.max(256, bytes.length * 4)));
  let length = 0;
  let place = 0;
  let scheme: 0 | 1 | 2 = 0;

  const put = (byte: number): boolean => {
    if (length === out.length) {
      if (length >= maxBytes) return false;
      const grown = new Uint8Array(Math.min(maxBytes, out.length * 2));
      grown.set(out);
      out = grown;
    }
    out[length] = byte;
    length += 1;
    history[place] = byte;
    place = (place + 1) & HISTORY_MASK;
    return true;
  };

  while (bits.left >= CONTROL_PREFIX_BITS) {
    if (bits.peek(CONTROL_PREFIX_BITS) === CONTROL_PREFIX) {
      if (bits.left < CONTROL_PREFIX_BITS + 4) return { kind: "refused", reason: "cut-short" };
      switch (bits.read(CONTROL_PREFIX_BITS + 4) & 0xf) {
        case CONTROL.scheme1:
          scheme = 1;
          break;
        case CONTROL.scheme2:
          scheme = 2;
          break;
        case CONTROL.resetToScheme1:
          scheme = 1;
          place = 0;
          break;
        case CONTROL.resetToScheme2:
          scheme = 2;
          place = 0;
          break;
        case CONTROL.flush:
          bits.alignTo(32);
          break;
        case CONTROL.fileMark:
          break;
        case CONTROL.endOfRecord:
          return { kind: "decoded", bytes: out.subarray(0, length) };
        default:
          return { kind: "refused", reason: "unknown-symbol" };
      }
      continue;
    }
    if (scheme === 0) return { kind: "refused", reason: "unknown-symbol" };
    if (scheme === 2) {
      const byte = bits.read(8);
      // A literal 255 is followed by a zero: with a one it would be a control symbol.
      if (byte === 0xff) bits.read(1);
      if (!put(byte)) return { kind: "refused", reason: "too-long" };
      continue;
    }
    if (bits.read(1) === 0) {
      if (!put(bits.read(8))) return { kind: "refused", reason: "too-long" };
      continue;
    }
    const count = readCount(bits);
    if (bits.left < 10) return { kind: "refused", reason: "cut-short" };
    const from = bits.read(10);
    for (let index = 0; index < count; index += 1)
      if (!put(history[(from + index) & HISTORY_MASK] ?? 0)) return { kind: "refused", reason: "too-long" };
  }
  return { kind: "decoded", bytes: out.subarray(0, length) };
}

/** How many bytes a copy takes: 2 to 271. Source: ECMA-321, 7.4 (documented). */
function readCount(bits: BitReader): number {
  if (bits.read(1) === 0) return 2 + bits.read(1);
  if (bits.read(1) === 0) return 4 + bits.read(2);
  if (bits.read(1) === 0) return 8 + bits.read(3);
  if (bits.read(1) === 0) return 16 + bits.read(4);
  return 32 + bits.read(8);
}

/** Bits of bytes, most significant first. Beyond the end it gives zeros; `left` says how many are really there. */
class BitReader {
  readonly #bytes: Uint8Array;
  #next = 0;
  /** The lowest `#heldBits` bits are what was taken from the bytes and not yet read. */
  #held = 0;
  #heldBits = 0;
  left: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.left = bytes.length * 8;
  }

  peek(count: number): number {
    while (this.#heldBits < count) {
      this.#held = (this.#held << 8) | (this.#bytes[this.#next] ?? 0);
      this.#next += 1;
      this.#heldBits += 8;
    }
    return (this.#held >>> (this.#heldBits - count)) & ((1 << count) - 1);
  }

  read(count: number): number {
    const value = this.peek(count);
    this.#heldBits -= count;
    this.left = Math.max(0, this.left - count);
    return value;
  }

  /** Skips to the next multiple of `bits` from the beginning. */
  alignTo(bits: number): void {
    const at = this.#next * 8 - this.#heldBits;
    let skip = (bits - (at % bits)) % bits;
    while (skip > 0) {
      const step = Math.min(skip, 8);
      this.read(step);
      skip -= step;
    }
  }
}
