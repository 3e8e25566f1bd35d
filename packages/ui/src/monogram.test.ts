import { describe, expect, it } from "vitest";
import { initialsOf } from "./monogram.tsx";

describe("a customer's monogram", () => {
  it.each([
    ["Castell & Daughters LLP", "CD"],
    ["Petrel Bank (branch offices)", "PB"],
    ["Ostermann Wohnbau GmbH", "OW"],
    ["Tamar", "TA"],
    ["Über GmbH", "ÜB"],
    ["The Mill", "MI"],
    ["LLP", "LL"],
  ])("of %s is %s", (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });
});
