import { describe, expect, it } from "vitest";
import { networkOf } from "./network.ts";

describe("the network of an address", () => {
  it("is one, however the address is written", () => {
    expect(networkOf("198.51.100.7")).toBe("198.51.100.0/24");
    expect(networkOf("::ffff:198.51.100.9")).toBe("198.51.100.0/24");
    expect(networkOf("2001:db8::1")).toBe(networkOf("2001:0DB8:0:0:9:8:7:6"));
    expect(networkOf("2001:db8::1")).not.toBe(networkOf("2001:db8:0:1::1"));
    expect(networkOf("fe80::1%eth0")).toBe(networkOf("fe80::2"));
  });

  it("of what is no address is one for all", () => {
    for (const text of [null, "", "unknown", "1.2.3", "x".repeat(1000)])
      expect(networkOf(text)).toBe("unknown");
  });
});
