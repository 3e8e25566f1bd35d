import { describe, expect, it } from "vitest";
import { generalizedTime } from "./clock-offset.ts";

describe("the time a directory tells", () => {
  it("is read as UTC, and nothing else is a time", () => {
    expect(generalizedTime("20260105090000.0Z")).toBe(Date.UTC(2026, 0, 5, 9));
    expect(generalizedTime("20260105090000Z")).toBe(Date.UTC(2026, 0, 5, 9));
    for (const text of ["", "undefined", "20260105090000", "2026-01-05T09:00:00Z", "20260105090000.0+0100"])
      expect(generalizedTime(text)).toBeNull();
  });
});
