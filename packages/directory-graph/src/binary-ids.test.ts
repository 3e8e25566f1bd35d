import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { guidFromBytes, siblingSid, sidFromBytes } from "./binary-ids.ts";

describe("binary ids", () => {
  it("write a SID as Windows does", () => {
    const bytes = Uint8Array.from([
      1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 0xa0, 0x65, 0xcf, 0x7e, 0x78, 0x4b, 0x9b, 0x5f, 0xe7, 0x7c, 0x87,
      0x70, 0xf4, 1, 0, 0,
    ]);
    expect(sidFromBytes(bytes)).toBe("S-1-5-21-2127521184-1604012920-1887927527-500");
    expect(sidFromBytes(Uint8Array.from([1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]))).toBe("S-1-5-18");
  });

  it("write a GUID as Windows does: three fields turned round", () => {
    const bytes = Uint8Array.from([
      0x62, 0x1c, 0x3e, 0x6b, 0x53, 0x8a, 0x0e, 0x4f, 0x9d, 0x55, 0x0f, 0x5c, 0x1a, 0, 0, 1,
    ]);
    expect(guidFromBytes(bytes)).toBe("6b3e1c62-8a53-4f0e-9d55-0f5c1a000001");
  });

  it("refuse bytes of another shape and throw at none", () => {
    expect(sidFromBytes(Uint8Array.from([1, 2, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]))).toBeNull();
    expect(guidFromBytes(new Uint8Array(15))).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const sid = sidFromBytes(bytes);
        if (sid !== null) expect(sid).toMatch(/^S-1-\d+(-\d+)*$/);
        expect(guidFromBytes(bytes) === null).toBe(bytes.length !== 16);
      }),
    );
  });

  it("find the SID of a primary group next to its member's", () => {
    expect(siblingSid("S-1-5-21-1-2-3-1104", 513)).toBe("S-1-5-21-1-2-3-513");
    expect(siblingSid("nonsense", 513)).toBeNull();
  });
});
