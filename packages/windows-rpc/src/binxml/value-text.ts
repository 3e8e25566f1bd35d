/** Types of values; with `ARRAY` each is a list. */
export const VALUE = {
  none: 0x00,
  wide: 0x01,
  ansi: 0x02,
  binary: 0x0e,
  sid: 0x13,
  size: 0x10,
  fragment: 0x21,
  array: 0x80,
} as const;

/** Bytes of each value of a fixed size, by type. */
const SIZES: readonly number[] = [0, 0, 0, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 4, 0, 16, 0, 8, 16, 0, 4, 8];
const FILETIME_EPOCH = 116_444_736_000_000_000n;
const SID_PARTS_MAX = 15;
/** A list that is told element by element is told of so many. */
const LIST_MAX = 4096;

/**
 * What is wrong with a value of this type in so many bytes; null: it can be read. Looked at once, when a record is read, so
 * that no value fails later, when somebody asks for it.
 */
export function valueFault(bytes: Buffer, type: number, at: number, length: number): string | null {
  if (length === 0) return null;
  // A truth value of fewer bytes was never seen, and says as much.
  const size = type === 0x0d ? 1 : (SIZES[type] ?? 0);
  if (length < size) return `a value of type ${type} has ${length} bytes, not ${size}`;
  if (type === VALUE.sid && sidBytes(bytes, at, length) === 0) return `${length} bytes hold no SID`;
  if (type === VALUE.size && length !== 4 && length !== 8) return `a size of ${length} bytes`;
  return null;
}

/**
 * A value as Windows prints it in XML, before escaping. `length` bytes at `at`, which `valueFault` has looked at.
 *
 * Shape:  a value of a type that nobody knows is printed as its bytes.
 * Source: MS-EVEN6 2.2.12 (documented); how each is printed: Windows' own exports (captured).
 */
export function valueText(bytes: Buffer, type: number, at: number, length: number): string {
  switch (type) {
    case 0x00:
      return "";
    case 0x01:
      return untilNul(bytes.toString("utf16le", at, at + (length & ~1)));
    case 0x02:
      return untilNul(bytes.toString("latin1", at, at + length));
    case 0x0e:
      return bytes.toString("hex", at, at + length).toUpperCase();
    case 0x13:
      return sidText(bytes, at, length);
    case 0x0d:
      return boolText(bytes, at, length);
    case 0x10:
      return sizeText(bytes, at, length);
  }
  switch (type) {
    case 0x03:
      return String(bytes.readInt8(at));
    case 0x04:
      return String(bytes.readUInt8(at));
    case 0x05:
      return String(bytes.readInt16LE(at));
    case 0x06:
      return String(bytes.readUInt16LE(at));
    case 0x07:
      return String(bytes.readInt32LE(at));
    case 0x08:
      return String(bytes.readUInt32LE(at));
    case 0x09:
      return String(bytes.readBigInt64LE(at));
    case 0x0a:
      return String(bytes.readBigUInt64LE(at));
    case 0x0b:
      return String(bytes.readFloatLE(at));
    case 0x0c:
      return String(bytes.readDoubleLE(at));
    case 0x0f:
      return guidText(bytes, at);
    case 0x11:
      return fileTimeText(bytes.readBigUInt64LE(at));
    case 0x12:
      return systemTimeText(bytes, at);
    case 0x14:
      return `0x${bytes.readUInt32LE(at).toString(16)}`;
    case 0x15:
      return `0x${bytes.readBigUInt64LE(at).toString(16)}`;
    default:
      return bytes.toString("hex", at, at + length).toUpperCase();
  }
}

/** The elements of a list. */
export function listTexts(bytes: Buffer, type: number, at: number, length: number): string[] {
  const of = type & 0x7f;
  if (of === VALUE.wide || of === VALUE.ansi) {
    const text =
      of === VALUE.wide
        ? bytes.toString("utf16le", at, at + (length & ~1))
        : bytes.toString("latin1", at, at + length);
    const parts = text.split("\0", LIST_MAX);
    if (parts.at(-1) === "") parts.pop();
    return parts;
  }
  const texts: string[] = [];
  const end = at + length;
  for (let from = at; from < end && texts.length < LIST_MAX; ) {
    const size =
      of === VALUE.sid ? sidBytes(bytes, from, end - from) : of === VALUE.size ? 8 : (SIZES[of] ?? 0);
    if (size === 0 || from + size > end) {
      texts.push(bytes.toString("hex", from, end).toUpperCase());
      break;
    }
    texts.push(valueText(bytes, of, from, size));
    from += size;
  }
  return texts;
}

/** Epoch ms of a FILETIME value of eight bytes. */
export function fileTimeMs(bytes: Buffer, at: number): number {
  return Number((bytes.readBigUInt64LE(at) - FILETIME_EPOCH) / 10_000n);
}

export function guidText(bytes: Buffer, at: number): string {
  const first = bytes.readUInt32LE(at).toString(16).padStart(8, "0");
  const second = bytes
    .readUInt16LE(at + 4)
    .toString(16)
    .padStart(4, "0");
  const third = bytes
    .readUInt16LE(at + 6)
    .toString(16)
    .padStart(4, "0");
  return `{${first}-${second}-${third}-${bytes.toString("hex", at + 8, at + 10)}-${bytes.toString("hex", at + 10, at + 16)}}`;
}

function untilNul(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

/** How long the SID is that begins here; 0: it does not lie within what is there. */
function sidBytes(bytes: Buffer, at: number, length: number): number {
  const parts = length >= 8 ? bytes.readUInt8(at + 1) : Number.NaN;
  return parts <= SID_PARTS_MAX && length >= 8 + 4 * parts ? 8 + 4 * parts : 0;
}

function sidText(bytes: Buffer, at: number, length: number): string {
  const end = at + sidBytes(bytes, at, length);
  let text = `S-${bytes[at]}-${bytes.readUIntBE(at + 2, 6)}`;
  for (let part = at + 8; part < end; part += 4) text += `-${bytes.readUInt32LE(part)}`;
  return text;
}

/** Four bytes in practice; one and two were never seen and cost nothing. */
function boolText(bytes: Buffer, at: number, length: number): string {
  return bytes.subarray(at, at + Math.min(length, 4)).some((byte) => byte !== 0) ? "true" : "false";
}

function sizeText(bytes: Buffer, at: number, length: number): string {
  const size = length === 8 ? bytes.readBigUInt64LE(at) : bytes.readUInt32LE(at);
  return `0x${size.toString(16)}`;
}

/** Seven decimals and Z. Beyond what a date can hold: the number itself, which no date is. */
function fileTimeText(ticks: bigint): string {
  const since = ticks - FILETIME_EPOCH;
  let seconds = since / 10_000_000n;
  let rest = since % 10_000_000n;
  if (rest < 0n) {
    rest += 10_000_000n;
    seconds -= 1n;
  }
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return String(ticks);
  return `${date.toISOString().replace(/\.\d{3}Z$/, "")}.${rest.toString().padStart(7, "0")}Z`;
}

function systemTimeText(bytes: Buffer, at: number): string {
  const part = (index: number, width: number) =>
    String(bytes.readUInt16LE(at + 2 * index)).padStart(width, "0");
  return `${part(0, 4)}-${part(1, 2)}-${part(3, 2)}T${part(4, 2)}:${part(5, 2)}:${part(6, 2)}.${part(7, 3)}Z`;
}
