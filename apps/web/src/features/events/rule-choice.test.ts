import { EVENT_RULES } from "@rollcall/event-rules";
import { describe, expect, it } from "vitest";
import { choiceOf, isOn, rulesOf, withRule } from "./rule-choice.ts";

const AS_THEY_ARE = { rulesOff: [], rulesOn: [] };

describe("the choice of rules", () => {
  it("switches every rule off and on again, and then says nothing about any", () => {
    for (const rule of EVENT_RULES) {
      const other = withRule(rule, !rule.isOnByDefault, AS_THEY_ARE);
      expect([rule.id, isOn(rule, other)]).toEqual([rule.id, !rule.isOnByDefault]);
      expect(withRule(rule, rule.isOnByDefault, other)).toEqual(AS_THEY_ARE);
      expect(isOn(rule, AS_THEY_ARE)).toBe(rule.isOnByDefault);
    }
  });

  it("leaves the others as they were chosen", () => {
    const [first, second] = EVENT_RULES.filter(({ isOnByDefault }) => isOnByDefault);
    if (first === undefined || second === undefined) throw new Error("there are two rules that are on");
    const both = withRule(second, false, withRule(first, false, AS_THEY_ARE));
    expect(both.rulesOff).toEqual([first.id, second.id]);
    expect(withRule(first, true, both).rulesOff).toEqual([second.id]);
  });

  it("offers a kind of source its own rules, and drops those of another kind", () => {
    for (const kind of ["domain-controller", "exchange", "event-collector", "wef"] as const)
      for (const rule of rulesOf(kind)) expect(rule.sources).toContain(kind);
    const everything = { rulesOff: EVENT_RULES.map(({ id }) => id), rulesOn: [] };
    expect(choiceOf("exchange", everything).rulesOff).toEqual(rulesOf("exchange").map(({ id }) => id));
  });
});
