import { describe, expect, it } from "vitest";
import { formatAge, formatClock, formatInstant } from "./time.tsx";

describe("times", () => {
  it("always name their zone", () => {
    const at = Date.UTC(2026, 10, 21, 13, 2, 11);
    expect(formatInstant(at, "Europe/Berlin")).toBe("21 Nov 2026, 14:02:11 CET");
    expect(formatInstant(at, "UTC", { date: false })).toBe("13:02:11 UTC");
  });

  it("are never a negative age", () => {
    expect(formatAge(-5_000)).toBe("0 s");
    expect(formatClock(-1)).toBe("0:00");
  });

  it("grow in units a person uses", () => {
    expect([4_000, 720_000, 10_800_000, 432_000_000].map(formatAge)).toEqual(["4 s", "12 min", "3 h", "5 d"]);
    expect(formatClock(3_723_000)).toBe("1:02:03");
  });

  it("say that there is no time instead of a wrong one", () => {
    expect(formatInstant(Number.NaN, "UTC")).toBe("—");
  });
});
