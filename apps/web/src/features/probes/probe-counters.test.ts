import { expect, it } from "vitest";
import { loginCounts } from "./probe-counters.ts";

it("counts what became of one login and of no other", () => {
  const counters = {
    asked: 12,
    "answer.user": 4,
    "credential.a.answered": 4,
    "credential.a.refused": 1,
    "credential.a.unreachable": 3,
    "credential.a.withheld": 2,
    "credential.ab.answered": 9,
  };
  expect(loginCounts(counters, "a")).toEqual({ answered: 4, refused: 1, denied: 0, other: 5 });
  expect(loginCounts(counters, "b")).toEqual({ answered: 0, refused: 0, denied: 0, other: 0 });
});
