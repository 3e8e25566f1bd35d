import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIp } from "./ip-address.ts";
import { createIpSet, isNeverASession, parseIpRange, rangeContains } from "./ip-range.ts";
import { ip } from "./testing/builders.ts";

describe("parseIp", () => {
  it("makes one address of two spellings", () => {
    for (const [spelling, canonical] of [
      ["::ffff:10.20.3.7", "10.20.3.7"],
      ["::FFFF:0A14:0307", "10.20.3.7"],
      ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
      ["2001:db8::0:1", "2001:db8::1"],
      ["fe80:0:0:1:0:0:0:1", "fe80:0:0:1::1"],
      ["::", "::"],
      ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ] as const)
      expect(parseIp(spelling)).toBe(canonical);
  });

  it("refuses octal, short, zoned, bracketed, spaced and over-long forms", () => {
    for (const text of [
      "010.0.0.1",
      "10.1",
      "1",
      "10.0.0.256",
      "10.0.0.1 ",
      "10.0.0.1:80",
      "fe80::1%eth0",
      "[::1]",
      "1::2::3",
      ":::",
      "1:2:3:4:5:6:7:8:9",
      "12345::",
      "::1.2.3",
      "1.2.3.4::",
      "",
      "٣.0.0.1",
    ])
      expect(parseIp(text)).toBeNull();
  });

  it("agrees with Node on what is an address, for text of every kind", () => {
    const alphabet = fc.constantFrom(..."0123456789abcdefABCDEF:.%/ x");
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: alphabet, maxLength: 40 })), (text) => {
        expect(parseIp(text) !== null).toBe(isIP(text) !== 0 && !text.includes("%"));
      }),
      { numRuns: 100_000 },
    );
  });

  it("reads its own output back as the same address", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const once = parseIp(text);
        expect(once && parseIp(once)).toBe(once);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe("ranges", () => {
  it("reads addresses, prefixes, masks and ranges of both families", () => {
    const inside = (range: string, address: string) => {
      const parsed = parseIpRange(range);
      return parsed !== null && rangeContains(parsed, ip(address));
    };
    expect(inside("10.1.2.3/8", "10.255.0.1")).toBe(true);
    expect(inside("10.0.0.0/255.255.0.0", "10.0.9.9")).toBe(true);
    expect(inside("10.0.0.5-10.0.0.9", "10.0.0.9")).toBe(true);
    expect(inside("10.0.0.5-10.0.0.9", "10.0.0.10")).toBe(false);
    expect(inside("fd00::/8", "fdff::1")).toBe(true);
    expect(inside("10.0.0.0/8", "fd00::1")).toBe(false);
    expect(inside("0.0.0.0/0", "255.1.2.3")).toBe(true);
  });

  it("refuses what is neither", () => {
    for (const text of [
      "10.0.0.0/33",
      "fd00::/129",
      "10.0.0.9-10.0.0.5",
      "10.0.0.1-fd00::1",
      "10.0.0.0/255.0.255.0",
      "x",
      "/8",
      "10.0.0.0/-1",
    ])
      expect(parseIpRange(text)).toBeNull();
  });

  it("finds in a set of many overlapping ranges what a walk through all of them finds", () => {
    const range = fc
      .tuple(fc.ipV4(), fc.integer({ min: 8, max: 32 }))
      .map(([address, bits]) => `${address}/${bits}`);
    fc.assert(
      fc.property(fc.array(range, { maxLength: 40 }), fc.ipV4(), (ranges, address) => {
        const expected = ranges.some((text) => {
          const parsed = parseIpRange(text);
          return parsed !== null && rangeContains(parsed, ip(address));
        });
        expect(createIpSet(ranges).has(ip(address))).toBe(expected);
      }),
      { numRuns: 5_000 },
    );
  });

  it("never makes a session of loopback, link-local, multicast or broadcast", () => {
    for (const text of [
      "127.0.0.1",
      "::1",
      "0.0.0.0",
      "169.254.1.1",
      "fe80::1",
      "224.0.0.1",
      "255.255.255.255",
      "::",
    ])
      expect(isNeverASession(ip(text))).toBe(true);
    for (const text of ["10.0.0.1", "192.0.2.1", "fd00::1", "2001:db8::1"])
      expect(isNeverASession(ip(text))).toBe(false);
  });
});
