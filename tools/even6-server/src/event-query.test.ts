import { describe, expect, it } from "vitest";
import { FilterFault } from "./event-filter.ts";
import { parseQuery } from "./event-query.ts";

function anEvent(system: Record<string, string>, data: Record<string, string> = {}) {
  return {
    system: (name: string) => system[name] ?? null,
    data: (name: string) => data[name] ?? null,
    names: () => Object.keys(data),
  };
}

const SUCCESS = "0x8020000000000000";
const FAILURE = "0x8010000000000000";

describe("a query", () => {
  it("takes by number and keyword, and leaves out what is suppressed", () => {
    const { takes, channels } = parseQuery(
      `<QueryList><Query Id="0" Path="Security"><Select Path="Security">*[System[(EventID=4768 or EventID=4769) and band(Keywords,9007199254740992)]]</Select><Select Path="Security">*[System[EventID=4624] and EventData[Data[@Name='LogonType']='3' or Data[@Name='LogonType']='2']]</Select><Suppress Path="Security">*[System[EventID=4624] and EventData[Data[@Name='IpAddress']='-' or Data[@Name='TargetUserSid']='S-1-5-7']]</Suppress></Query></QueryList>`,
    );
    expect(channels).toEqual(["Security"]);
    expect(takes(anEvent({ EventID: "4768", Keywords: SUCCESS }))).toBe(true);
    expect(takes(anEvent({ EventID: "4768", Keywords: FAILURE }))).toBe(false);
    expect(takes(anEvent({ EventID: "4770", Keywords: SUCCESS }))).toBe(false);
    expect(takes(anEvent({ EventID: "4624" }, { LogonType: "3", IpAddress: "10.0.0.1" }))).toBe(true);
    expect(takes(anEvent({ EventID: "4624" }, { LogonType: "3", IpAddress: "-" }))).toBe(false);
    expect(takes(anEvent({ EventID: "4624" }, { LogonType: "5", IpAddress: "10.0.0.1" }))).toBe(false);
  });

  it("compares numbers as numbers, and texts of attributes", () => {
    const { takes } = parseQuery("*[System[EventRecordID>=10 and TimeCreated[@SystemTime>='2026-01-01']]]");
    expect(takes(anEvent({ EventRecordID: "9", "TimeCreated.SystemTime": "2026-02-01" }))).toBe(false);
    expect(takes(anEvent({ EventRecordID: "10", "TimeCreated.SystemTime": "2026-02-01" }))).toBe(true);
    expect(takes(anEvent({ EventRecordID: "10", "TimeCreated.SystemTime": "2025-02-01" }))).toBe(false);
    expect(parseQuery("*").takes(anEvent({}))).toBe(true);
    expect(parseQuery("Event/System[EventID=1]").takes(anEvent({ EventID: "1" }))).toBe(true);
  });

  it.each([
    ["nothing", ""],
    ["a function that Windows lacks", "*[System[starts-with(Computer,'dc')]]"],
    ["a negation", "*[System[not(EventID=1)]]"],
    ["a bracket that is missing", "*[System[EventID=1]"],
    ["XML that is cut off", "<QueryList><Query>"],
    ["XML that selects nothing", "<QueryList></QueryList>"],
    ["too many expressions", `*[System[${Array.from({ length: 40 }, () => "EventID=1").join(" or ")}]]`],
  ])("is refused where it holds %s", (_, text) => {
    const whole = text.includes("or EventID")
      ? `<QueryList><Query><Select>${text}</Select></Query></QueryList>`
      : text;
    expect(() => parseQuery(whole)).toThrow(FilterFault);
  });
});
