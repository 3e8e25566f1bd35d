import { expect, it } from "vitest";
import { allCountersInWords, countersInWords } from "./counters.ts";

const counters = { groups: 12, changed: 0, lastReadMs: 340, users: 1204, cutGroups: 0, devices: 0 };

it("says in a row what a directory holds and nothing else, in the order that people look for it", () => {
  expect(countersInWords(counters)).toBe("1,204 users, 0 devices, 12 groups");
  expect(countersInWords({ lastReadMs: 340 })).toBe("");
});

it("says of one source everything that was counted, and no noughts but of what it is for", () => {
  expect(allCountersInWords(counters)).toBe("1,204 users, 0 devices, 12 groups, 340 last read ms");
});
