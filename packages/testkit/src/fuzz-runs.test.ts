import { describe, expect, it } from "vitest";
import { fuzzScale } from "./fuzz-runs.ts";

describe("how much of a fuzz test runs", () => {
  it("is a twentieth unless somebody says otherwise, and all of it at scale 1", () => {
    expect(fuzzScale(undefined)).toBe(0.05);
    expect(fuzzScale("")).toBe(0.05);
    expect(fuzzScale("1")).toBe(1);
  });

  it("stops where the scale is no number, instead of running less than was asked for", () => {
    for (const text of ["full", "0", "-1", "NaN"])
      expect(() => fuzzScale(text)).toThrow(/ROLLCALL_FUZZ_SCALE/);
  });
});
