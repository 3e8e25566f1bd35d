import { VALUE } from "../../binxml/value-text.ts";
import { uuidBytes } from "../../ndr/index.ts";

const FILETIME_EPOCH = 116_444_736_000_000_000n;

/**
 * A value of a record, from its text: the mirror of how Windows prints it.
 * Errors: `RangeError` for a text that is no value of the type, and for types that a test has no use for.
 */
export function valueBytes(type: number, text: string): Buffer {
  switch (type) {
    case VALUE.wide:
      return Buffer.from(text, "utf16le");
    case VALUE.ansi:
      return Buffer.from(text, "latin1");
    case 0x03:
    case 0x04:
      return Buffer.from([whole(text) & 0xff]);
    case 0x05:
    case 0x06:
      return number(2, (bytes) => bytes.writeUInt16LE(whole(text) & 0xffff));
    case 0x07:
    case 0x08:
    case 0x14:
      return number(4, (bytes) => bytes.writeUInt32LE(whole(text) >>> 0));
    case 0x09:
    case 0x0a:
    case 0x10:
    case 0x15:
      return number(8, (bytes) => bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(text))));
    case 0x0d:
      return number(4, (bytes) => bytes.writeUInt32LE(text === "true" ? 1 : 0));
    case 0x0f:
      return uuidBytes(text.replace(/[{}]/g, ""));
    case 0x11:
      return number(8, (bytes) => bytes.writeBigUInt64LE(fileTimeOf(text)));
    case VALUE.sid:
      return sidBytes(text);
    default:
      throw new RangeError(`no value of type 0x${type.toString(16)} is written`);
  }
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is no whole number`);
  return value;
}

function number(bytes: number, write: (into: Buffer) => void): Buffer {
  const into = Buffer.alloc(bytes);
  write(into);
  return into;
}

function fileTimeOf(text: string): bigint {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new RangeError(`${text} is no time`);
  return BigInt(at) * 10_000n + FILETIME_EPOCH;
}

function sidBytes(text: string): Buffer {
  const parts = /^S-1-(\d+)((?:-\d+)*)$/.exec(text);
  if (parts === null) throw new RangeError(`${text} is no SID`);
  const numbers = (parts[2] ?? "").split("-").slice(1).map(Number);
  const bytes = Buffer.alloc(8 + 4 * numbers.length);
  bytes.writeUInt8(1, 0);
  bytes.writeUInt8(numbers.length, 1);
  bytes.writeUIntBE(Number(parts[1]), 2, 6);
  for (const [index, value] of numbers.entries()) bytes.writeUInt32LE(value, 8 + 4 * index);
  return bytes;
}
