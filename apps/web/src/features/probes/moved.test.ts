import { expect, it } from "vitest";
import { moved } from "./moved.ts";

it("moves one entry by one place and keeps the others in order; at the ends nothing moves", () => {
  expect(moved(["a", "b", "c"], 1, -1)).toEqual(["b", "a", "c"]);
  expect(moved(["a", "b", "c"], 1, 1)).toEqual(["a", "c", "b"]);
  expect(moved(["a", "b", "c"], 0, -1)).toEqual(["a", "b", "c"]);
  expect(moved(["a", "b", "c"], 2, 1)).toEqual(["a", "b", "c"]);
  expect(moved(["a"], 5, 1)).toEqual(["a"]);
});
