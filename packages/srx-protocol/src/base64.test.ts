import fc from "fast-check";
import { expect, test } from "vitest";
import { fromBase64, fromBase64Url, toBase64Url } from "./base64.ts";

test("what is written is what Node writes, and is read back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = toBase64Url(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64url"));
      expect(fromBase64Url(text)).toEqual(bytes);
      expect(fromBase64(Buffer.from(bytes).toString("base64"))).toEqual(bytes);
    }),
  );
});

test.each(["A", "AR", "AAB", "AA=", "A A", "AA\u0000A", "é"])("%j is no canonical base64url", (text) => {
  expect(fromBase64Url(text)).toBeNull();
});

test.each(["A===", "-_==", "AR=="])("%j is no base64", (text) => {
  expect(fromBase64(text)).toBeNull();
});
