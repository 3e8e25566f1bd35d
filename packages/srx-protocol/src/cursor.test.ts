import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CursorContext, clientTag, createCursorCodec, isPruned, MAX_CURSOR_REVISION } from "./cursor.ts";

const mac = (key: string) => (signed: Uint8Array) => createHmac("sha256", key).update(signed).digest();
const codec = createCursorCodec({ mac: mac("ours") });
const context: CursorContext = {
  issuer: "0123456789abcdef",
  incarnation: "fedcba9876543210",
  clientTag: clientTag("tenant", "point"),
  filterHash: 7,
};
const MINUTE = 60_000;
const NOW = Date.UTC(2026, 0, 5, 8);

describe("a cookie", () => {
  test("gives back what was put in, in 60 characters that need no escaping", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: MAX_CURSOR_REVISION }),
        fc.option(
          fc.integer({ min: 26_298_000, max: 42_000_000 }).map((minute) => minute * MINUTE),
          { nil: null },
        ),
        fc.integer({ min: 0, max: 0xffffffff }),
        (revision, resendSince, tag) => {
          const cookie = codec.encode({ revision, resendSince }, { ...context, clientTag: tag });
          expect(cookie).toMatch(/^[A-Za-z0-9_-]{60}$/);
          expect(codec.recognises(cookie)).toBe(true);
          expect(codec.read(cookie, { ...context, clientTag: tag })).toEqual({
            kind: "valid",
            position: { revision, resendSince },
          });
        },
      ),
    );
  });

  test("is recognised whatever its issuer", () => {
    for (const issuer of ["0000000000000000", "ffffffffffffffff", "8000000000000000"]) {
      expect(codec.recognises(codec.encode({ revision: 1, resendSince: null }, { ...context, issuer }))).toBe(
        true,
      );
    }
  });

  test.each([
    ["issuer", { issuer: "0000000000000001" }],
    ["incarnation", { incarnation: "0000000000000001" }],
    ["client", { clientTag: 1 }],
    ["filter", { filterHash: 8 }],
  ])("of another %s is foreign", (because, other) => {
    const cookie = codec.encode({ revision: 5, resendSince: null }, context);
    expect(codec.read(cookie, { ...context, ...other })).toEqual({ kind: "foreign", because });
  });

  test("made with another key is forged", () => {
    const other = createCursorCodec({ mac: mac("theirs") });
    const cookie = other.encode({ revision: 5, resendSince: null }, context);
    expect(codec.read(cookie, context)).toEqual({ kind: "foreign", because: "forged" });
  });

  test("changed in any one bit is foreign", () => {
    const cookie = Buffer.from(codec.encode({ revision: 5, resendSince: NOW }, context), "base64url");
    for (let bit = 0; bit < cookie.length * 8; bit++) {
      const bent = Buffer.from(cookie);
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(codec.read(bent.toString("base64url"), context).kind).toBe("foreign");
    }
  });

  test.each(["", "x", "A".repeat(60), "A".repeat(59), "A".repeat(61), "*".repeat(60), "é".repeat(60)])(
    "that is %j is foreign",
    (text) => {
      expect(codec.read(text, context).kind).toBe("foreign");
    },
  );

  test("cannot be made for what it cannot hold", () => {
    expect(() => codec.encode({ revision: MAX_CURSOR_REVISION + 1, resendSince: null }, context)).toThrow(
      RangeError,
    );
    expect(() => codec.encode({ revision: -1, resendSince: null }, context)).toThrow(RangeError);
    expect(() => codec.encode({ revision: 1, resendSince: null }, { ...context, issuer: "short" })).toThrow(
      RangeError,
    );
    const weak = createCursorCodec({ mac: () => new Uint8Array(4) });
    expect(() => weak.encode({ revision: 1, resendSince: null }, context)).toThrow(RangeError);
  });

  test("is made also by a machine whose clock stands in 1970", () => {
    expect(codec.read(codec.encode({ revision: 1, resendSince: 0 }, context), context).kind).toBe("valid");
  });
});

describe("a reader below the floor", () => {
  test("has missed tombstones, unless it is in the middle of a full resend that is young enough", () => {
    expect(isPruned({ revision: 9, resendSince: null }, 10, NOW)).toBe(true);
    expect(isPruned({ revision: 10, resendSince: null }, 10, NOW)).toBe(false);
    expect(isPruned({ revision: 9, resendSince: NOW - MINUTE }, 10, NOW)).toBe(false);
    expect(isPruned({ revision: 9, resendSince: NOW - 13 * 60 * MINUTE }, 10, NOW)).toBe(true);
    expect(isPruned({ revision: 9, resendSince: NOW + 5 * MINUTE }, 10, NOW)).toBe(true);
  });
});
