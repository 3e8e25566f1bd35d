import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { decodeSldc } from "./sldc.ts";
import { encodeSldc } from "./testing/encode-sldc.ts";

const FIXTURES = path.resolve(import.meta.dirname, "../../../../../shared/data/evtx/fixtures");
const isHere = existsSync(FIXTURES);
if (!isHere) console.info(`sldc.test.ts leaves out the captured message: there is no ${FIXTURES}`);

/** Bits as text, most significant first; spaces are for people. */
function bits(text: string): Uint8Array {
  const digits = text.replaceAll(" ", "");
  return Uint8Array.from(digits.match(/.{1,8}/g) ?? [], (byte) => Number.parseInt(byte.padEnd(8, "0"), 2));
}

const SCHEME1 = "1111111110001";
const RESET1 = "1111111110101";
const SCHEME2 = "1111111110010";
const END = "1111111110100 1111111110000";
const A = "0 01000001";
const B = "0 01000010";

function textOf(result: ReturnType<typeof decodeSldc>): string {
  return result.kind === "decoded" ? Buffer.from(result.bytes).toString("latin1") : result.reason;
}

describe("SLDC", () => {
  it.skipIf(!isHere)(
    "of a Windows computer is read to the byte, and no further than the end of its record",
    () => {
      const packed = readFileSync(path.join(FIXTURES, "openwec-heartbeat.sldc"));
      const plain = readFileSync(path.join(FIXTURES, "openwec-heartbeat.utf16"));
      const result = decodeSldc(packed, 1_000_000);
      expect(result.kind === "decoded" && Buffer.from(result.bytes).equals(plain)).toBe(true);
    },
  );

  it("copies 2 to 271 bytes from its last 1024, also those that it is just writing", () => {
    const copy = (count: string, from: number): string => `1 ${count} ${from.toString(2).padStart(10, "0")}`;
    expect(textOf(decodeSldc(bits(`${RESET1} ${A} ${B} ${copy("00", 0)} ${END}`), 100))).toBe("ABAB");
    expect(textOf(decodeSldc(bits(`${RESET1} ${A} ${copy("1000", 0)} ${END}`), 100))).toBe("AAAAA");
    for (const [count, length] of [
      ["01", 3],
      ["1011", 7],
      ["110000", 8],
      ["110111", 15],
      ["11100000", 16],
      ["11101111", 31],
      ["1111 00000000", 32],
      ["1111 11101111", 271],
    ] as const)
      expect(textOf(decodeSldc(bits(`${RESET1} ${A} ${copy(count, 0)} ${END}`), 1000))).toBe(
        "A".repeat(length + 1),
      );
  });

  it("writes literals plainly in scheme 2, where 255 is followed by a zero", () => {
    const text = textOf(
      decodeSldc(bits(`${SCHEME2} 01000001 11111111 0 01000010 ${SCHEME1} ${A} ${END}`), 100),
    );
    expect(text).toBe("A\u00ffBA");
  });

  it("goes beyond its history and never beyond the bound", () => {
    const plain = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7) & 255));
    const packed = encodeSldc(plain);
    const result = decodeSldc(packed, 5000);
    expect(result.kind === "decoded" && Buffer.from(result.bytes).equals(plain)).toBe(true);
    expect(decodeSldc(packed, 4999)).toEqual({ kind: "refused", reason: "too-long" });
  });

  it("that is cut, or begins with no scheme, or holds a symbol that there is not, is refused", () => {
    expect(textOf(decodeSldc(bits(`${RESET1} ${A} 1 00 0000`), 100))).toBe("cut-short");
    expect(textOf(decodeSldc(bits(`${A} ${END}`), 100))).toBe("unknown-symbol");
    expect(textOf(decodeSldc(bits("1111111111001 0000"), 100))).toBe("unknown-symbol");
  });
});
