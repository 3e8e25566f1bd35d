import { EVENT_RULES } from "@rollcall/event-rules";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { countersUnder, EventCounters, spanInWords } from "./event-counters.tsx";
import { QueryField } from "./query-field.tsx";
import { RuleList } from "./rule-list.tsx";

describe("the counters of an event log", () => {
  it("are told apart by rule and by reason, the largest first, each with its sentence", () => {
    const counters = {
      received: 1200,
      matched: 41,
      ignored: 9,
      unmatched: 3,
      "rule.event:4768": 11,
      "rule.event:4624-3": 30,
      "ignored.logon-type-5": 9,
      lagMs: 400,
    };
    expect(countersUnder(counters, "rule.").map(({ name }) => name)).toEqual(["event:4624-3", "event:4768"]);
    const page = renderToStaticMarkup(<EventCounters counters={counters} />);
    expect(page).toContain("1,200");
    expect(page).toContain("A ticket-granting ticket was issued");
    expect(page).toContain("A logon of type 5 (a service)");
    expect(page).toContain("0.4 s");
    expect(page.indexOf("4624-3")).toBeLessThan(page.indexOf("4768"));
  });

  it("say that nothing was counted rather than showing nothing", () => {
    expect(renderToStaticMarkup(<EventCounters counters={{}} />)).toContain("Nothing has been counted yet.");
  });

  it("have spans in the unit that one reads", () => {
    expect([undefined, 400, -1500, 12_000, 180_000].map(spanInWords)).toEqual([
      "—",
      "0.4 s",
      "-1.5 s",
      "12 s",
      "3 min",
    ]);
  });
});

describe("the form of an event log", () => {
  it("lists every rule that its kind can obey, with what the rule says, and marks those that are off", () => {
    const page = renderToStaticMarkup(
      <RuleList
        kind="event-collector"
        choice={{ rulesOff: ["event:4768"], rulesOn: [] }}
        onChange={() => {}}
      />,
    );
    const wanted = EVENT_RULES.filter(({ sources }) => sources.includes("event-collector"));
    for (const { id } of wanted) expect(page).toContain(`>${id.replace("event:", "")}<`);
    const on = wanted.filter(({ id, isOnByDefault }) => isOnByDefault && id !== "event:4768");
    expect(page.match(/checked=""/g)).toHaveLength(on.length);
  });

  it("shows the standard query and lets nobody write into it; one of its own can be written and given back", () => {
    const standard = "<QueryList><Query></Query></QueryList>";
    const page = (value: string) =>
      renderToStaticMarkup(<QueryField value={value} standard={standard} onChange={() => {}} />);
    expect(page("")).toContain("readOnly=");
    expect(page("")).toContain("Edit the query");
    expect(page("<QueryList/>")).not.toContain("readOnly=");
    expect(page("<QueryList/>")).toContain("Back to the standard query");
  });
});
