import { describe, expect, it } from "vitest";
import { canonicalAddress, compareAddresses } from "./address.ts";

describe("canonicalAddress", () => {
  it.each([
    ["10.0.0.1", "10.0.0.1"],
    [" 10.0.0.1 ", "10.0.0.1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["::FFFF:c0a8:0101", "192.168.1.1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["fe80::1%eth0", null],
    ["10.0.0.256", null],
    ["010.0.0.1", null],
    ["", null],
  ])("spells %j as %j", (text, spelt) => {
    expect(canonicalAddress(text)).toBe(spelt);
  });
});

describe("compareAddresses", () => {
  it("orders IPv4 by number, IPv6 after it", () => {
    const mixed = ["2001:db8::1", "200.0.0.1", "10.0.0.10", "10.0.0.9"];
    expect(mixed.sort(compareAddresses)).toEqual(["10.0.0.9", "10.0.0.10", "200.0.0.1", "2001:db8::1"]);
  });
});
