import { describe, expect, it } from "vitest";
import { EVENT_RULES, fieldsOf, NEVER_EVENTS } from "./event-rules.ts";
import { judge } from "./judge.ts";
import { faultOfSwitch, switchesOf } from "./rule-switches.ts";
import { aContext, anEvent, fieldsOfReal } from "./testing/builders.ts";

/** An event that the rule takes, whoever may send it. */
function takenBy(rule: (typeof EVENT_RULES)[number]) {
  const { eventId, sources, logonTypes, service } = rule;
  const kind = sources[0] ?? "domain-controller";
  return {
    kind,
    event: anEvent({
      eventId,
      computer: rule.writtenBy === "workstation" ? "pc7.corp.example" : "dc1.corp.example",
      data: fieldsOfReal(eventId, {
        ...(logonTypes === undefined ? {} : { LogonType: logonTypes[0] ?? "" }),
        ...(service?.of === "controller" ? { ServiceName: "DC1$" } : {}),
      }),
    }),
  };
}

describe("every rule", () => {
  it.each(EVENT_RULES.map((rule) => [rule.id, rule] as const))(
    "%s can be switched off, and on",
    (id, rule) => {
      const { kind, event } = takenBy(rule);
      expect(judge(event, aContext({ kind, rulesOn: [id] }))).not.toMatchObject({ reason: "rule-off" });
      expect(judge(event, aContext({ kind, rulesOn: [id], rulesOff: [id] }))).toEqual({
        kind: "none",
        rule: id,
        reason: "rule-off",
      });
      expect(switchesOf().isOn(id)).toBe(rule.isOnByDefault);
    },
  );

  it("has an id of its own, a sentence, and reads fields that the events of the tests have", () => {
    const ids = [...EVENT_RULES, ...NEVER_EVENTS].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const rule of EVENT_RULES) {
      expect(rule.sentence).toMatch(/^[A-Z].*\.$/);
      const { event } = takenBy(rule);
      const missing = fieldsOf(rule).filter((field) => event.data(field) === null);
      expect([rule.id, missing]).toEqual([rule.id, []]);
    }
  });

  it("a rule that gives way leaves the event to no other: 4769 for a controller is not counted as a plain one", () => {
    const event = anEvent({ eventId: 4769, data: fieldsOfReal(4769, { ServiceName: "DC1$" }) });
    expect(judge(event, aContext({ rulesOff: ["event:4769-dc"] }))).toMatchObject({ reason: "rule-off" });
  });
});

describe("ids that people type", () => {
  it("are refused with the ids there are, and an event that is never a session with its reason", () => {
    expect(faultOfSwitch("event:4768")).toBeNull();
    expect(faultOfSwitch("4768")?.remedy).toContain("event:4768");
    expect(faultOfSwitch("event:4625")?.problem).toContain("never becomes a session");
  });
});
