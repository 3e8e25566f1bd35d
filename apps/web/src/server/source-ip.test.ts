import { describe, expect, it } from "vitest";
import { sourceIpOf } from "./source-ip.ts";

describe("sourceIpOf", () => {
  it("takes what our proxy added, not what the browser claimed before it", () => {
    expect(sourceIpOf("203.0.113.9, 192.0.2.1", true)).toBe("192.0.2.1");
  });

  it("believes nobody's list without a proxy", () => {
    expect(sourceIpOf("203.0.113.9, 192.0.2.1", false)).toBeNull();
    expect(sourceIpOf("::ffff:192.0.2.1", false)).toBe("192.0.2.1");
  });

  it("is nothing when it is no address", () => {
    for (const text of [null, "", "unknown", "<script>", "1".repeat(50)])
      expect(sourceIpOf(text, true)).toBeNull();
  });
});
