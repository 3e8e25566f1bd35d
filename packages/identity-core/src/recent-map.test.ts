import { expect, it } from "vitest";
import { RecentMap } from "./recent-map.ts";

it("keeps what was used lately and never more than its bound", () => {
  const map = new RecentMap<number, string>(10);
  map.set(0, "zero");
  for (let n = 1; n < 1000; n++) {
    map.set(n, `${n}`);
    expect(map.get(0)).toBe("zero");
    expect(map.size).toBeLessThanOrEqual(10);
  }
  expect(map.get(998)).toBe("998");
  expect(map.get(500)).toBeUndefined();
  expect(new Set([...map.entries()].map(([key]) => key)).size).toBe(map.size);
  map.delete(0);
  expect(map.get(0)).toBeUndefined();
});
