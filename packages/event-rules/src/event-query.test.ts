import { describe, expect, it } from "vitest";
import { eventQuery, plainEventQuery } from "./event-query.ts";
import type { EventSourceKind } from "./event-rule.ts";
import { EVENT_RULES } from "./event-rules.ts";
import { switchesOf } from "./rule-switches.ts";
import { faultOfShare, SHARES_MAX } from "./shares.ts";

const KINDS: readonly EventSourceKind[] = ["domain-controller", "exchange", "event-collector", "wef"];
const queryOf = (kind: EventSourceKind, rulesOff: readonly string[] = [], rulesOn: readonly string[] = []) =>
  eventQuery({ kind, channels: ["Security"], rules: switchesOf(rulesOff, rulesOn) });
/** The expressions of each `Select`, as Windows counts them: at most 20 before it refuses. */
const expressionsOf = (query: string) =>
  [...query.matchAll(/<(?:Select|Suppress) [^>]*>([^<]*)</g)].map(
    ([, text]) => (text?.match(/=|band\(/g) ?? []).length,
  );

describe("the query of a source", () => {
  it.each(KINDS)("of kind %s asks for every event that its rules take, and for no other", (kind) => {
    const query = queryOf(kind);
    for (const { eventId, sources, isOnByDefault } of EVENT_RULES) {
      const isWanted = EVENT_RULES.some(
        (rule) => rule.eventId === eventId && rule.sources.includes(kind) && rule.isOnByDefault,
      );
      expect([eventId, query.includes(`EventID=${eventId}`)]).toEqual([eventId, isWanted]);
      if (sources.includes(kind) && isOnByDefault) expect(query).toContain(`EventID=${eventId}`);
    }
  });

  it.each(KINDS)("of kind %s stays below the bounds of Windows, with every rule on", (kind) => {
    const query = queryOf(
      kind,
      [],
      EVENT_RULES.map(({ id }) => id),
    );
    for (const count of expressionsOf(query)) expect(count).toBeLessThanOrEqual(20);
    expect(query).not.toMatch(/contains|starts-with|not\(/);
  });

  it("follows the switches: a rule that is on is asked for, one that is off is not", () => {
    expect(queryOf("domain-controller")).not.toContain("5140");
    expect(queryOf("domain-controller", [], ["event:5140"])).toContain(
      "Data[@Name='ShareName']='\\\\*\\SYSVOL'",
    );
    expect(queryOf("domain-controller", ["event:4624-3"])).not.toContain("LogonType");
    expect(queryOf("domain-controller", ["event:4769"])).toContain("EventID=4769");
    expect(queryOf("domain-controller", ["event:4769", "event:4769-dc"])).not.toContain("EventID=4769");
  });

  it("asks for the shares that the source names beside those of every logon, within the bounds of Windows", () => {
    const shares = Array.from({ length: SHARES_MAX }, (_, n) => `R&D-${n}$`);
    const rules = switchesOf([], ["event:5140"]);
    const query = eventQuery({ kind: "domain-controller", channels: ["Security"], rules, shares });
    for (const name of ["SYSVOL", "NETLOGON", "R&amp;D-0$", "R&amp;D-9$"])
      expect(query).toContain(`Data[@Name='ShareName']='\\\\*\\${name}'`);
    for (const count of expressionsOf(query)) expect(count).toBeLessThanOrEqual(20);
  });

  it("quotes no name that could leave its place: such a name is refused where it is typed", () => {
    for (const name of ["Homes", "R&D", "Profile$", "Büro 2"]) expect(faultOfShare(name)).toBeNull();
    for (const name of ["", " Homes", "\\\\fs1\\Homes", "a'b", 'a"b', "a]", "a/b", "x".repeat(81)])
      expect(faultOfShare(name)?.remedy).toContain("its name alone");
  });

  it("leaves loopback out of a controller's log alone: at a workstation it is what an interactive logon has", () => {
    expect(queryOf("domain-controller")).toContain("Suppress");
    expect(queryOf("exchange")).toContain("Suppress");
    expect(queryOf("event-collector")).not.toContain("Suppress");
    expect(queryOf("wef")).not.toContain("Suppress");
  });

  it("asks for the clearing of the log, which is neither a success nor a failure", () => {
    for (const kind of KINDS) expect(queryOf(kind)).toContain("*[System[EventID=1102]]");
  });

  it("writes the path so that it cannot leave its place", () => {
    const query = eventQuery({ kind: "exchange", channels: ['A"><Query/>&'], rules: switchesOf() });
    expect(query).toContain('Path="A&quot;&gt;&lt;Query/&gt;&amp;"');
    expect(eventQuery({ kind: "wef", channels: ["Security", "Setup"], rules: switchesOf() })).toMatch(
      /Id="0" Path="Security".*Id="1" Path="Setup"/,
    );
  });

  it("has a plain form for servers that refuse it, with the same events", () => {
    const plain = plainEventQuery({
      kind: "event-collector",
      channels: ["ForwardedEvents"],
      rules: switchesOf(),
    });
    expect(plain).toBe(
      '<QueryList><Query Id="0" Path="ForwardedEvents"><Select Path="ForwardedEvents">*[System[EventID=4768 or EventID=4769 or EventID=4770 or EventID=4624 or EventID=4634 or EventID=4647 or EventID=4776 or EventID=1102]]</Select></Query></QueryList>',
    );
  });
});
