import { describe, expect, it } from "vitest";
import { mergeTyped } from "./merge-typed.ts";

const base = { host: "dc1", port: "636", enabled: true, rules: { on: ["a"] }, password: "" };

describe("a form whose saved state is loaded again", () => {
  it("keeps what was typed and takes what somebody else saved in the other fields", () => {
    const saved = { ...base, port: "389", rules: { on: ["a", "b"] } };
    const typed = { ...base, host: "dc2", password: "typed" };
    expect(mergeTyped(base, saved, typed)).toEqual({
      values: { host: "dc2", port: "389", enabled: true, rules: { on: ["a", "b"] }, password: "typed" },
      both: [],
    });
  });

  it("names the fields that both have changed, and not those that both have changed alike", () => {
    const saved = { ...base, host: "dc3", port: "389", enabled: false };
    const typed = { ...base, host: "dc2", port: "389", enabled: true, rules: { on: [] } };
    const { values, both } = mergeTyped(base, saved, typed);
    expect([values.host, values.enabled, both]).toEqual(["dc2", false, ["host"]]);
  });
});
