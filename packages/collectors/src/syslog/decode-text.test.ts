import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeText } from "./decode-text.ts";

describe("decodeText", () => {
  it("reads UTF-8 and takes line breaks, NULs and byte-order marks off", () => {
    expect(decodeText(Buffer.from("\ufeffuser=jörg\r\n\0"))).toEqual({ text: "user=jörg", isUtf8: true });
  });

  it("reads what is not UTF-8 as Latin-1 and says so", () => {
    expect(decodeText(Buffer.from("user=j\xf6rg\n", "latin1"))).toEqual({ text: "user=jörg", isUtf8: false });
  });

  it("reads any bytes, and loses none of those that are not UTF-8", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const { text, isUtf8 } = decodeText(bytes);
        if (isUtf8) return;
        const back = Buffer.from(text, "latin1");
        expect(back.equals(Buffer.from(bytes.subarray(0, back.length)))).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});
