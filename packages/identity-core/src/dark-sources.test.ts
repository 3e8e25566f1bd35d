import { describe, expect, it } from "vitest";
import { type DarkPolicy, darkSourcesFor, lightsOf } from "./dark-sources.ts";
import { at, minutes } from "./testing/builders.ts";

const policy = (parts: Partial<DarkPolicy>): DarkPolicy => ({
  whenSourcesDark: "shorten",
  darkMinutes: 30,
  darkAfterMs: minutes(2),
  ...parts,
});
const lost = [
  { sourceId: "vpn", darkSince: at("09:00") },
  { sourceId: "dc1", darkSince: null },
];
const dark = (parts: Partial<DarkPolicy>, clock: string) => {
  const { darkSourceIds, nextChangeAt } = darkSourcesFor(policy(parts), lost, at(clock));
  return [darkSourceIds, nextChangeAt];
};

describe("what becomes of people when their source is lost", () => {
  it("holds them where that is asked for", () => {
    expect(dark({ whenSourcesDark: "hold" }, "23:00")).toEqual([[], null]);
  });

  it("drops them after two minutes, not at the first hiccup", () => {
    expect(dark({ whenSourcesDark: "drop" }, "09:01:59")).toEqual([[], at("09:02")]);
    expect(dark({ whenSourcesDark: "drop" }, "09:02")).toEqual([["vpn"], null]);
  });

  it("shortens them to the minutes that are set, and never to less than it takes to be sure", () => {
    expect(dark({}, "09:29:59")).toEqual([[], at("09:30")]);
    expect(dark({}, "09:30")).toEqual([["vpn"], null]);
    expect(dark({ darkMinutes: 1 }, "09:01:30")).toEqual([[], at("09:02")]);
  });
});

describe("what is known of sources", () => {
  const source = (id: string, isBroken = false, since = at("09:00")) => ({ id, isBroken, since });

  it("takes a silent source for a healthy one, and a broken one as dark since it broke", () => {
    expect(
      lightsOf(
        [{ lastWordAt: null, sources: [source("quiet"), source("dc1", true)] }],
        at("10:00"),
        minutes(2),
      ),
    ).toEqual([
      { sourceId: "quiet", darkSince: null },
      { sourceId: "dc1", darkSince: at("09:00") },
    ]);
  });

  it("takes all sources of an agent that is gone for dark since its last word", () => {
    const carriers = [{ lastWordAt: at("09:30"), sources: [source("vpn"), source("dc1", true)] }];
    expect(lightsOf(carriers, at("09:31:59"), minutes(2))[0]?.darkSince).toBeNull();
    expect(lightsOf(carriers, at("09:32"), minutes(2))).toEqual([
      { sourceId: "vpn", darkSince: at("09:30") },
      { sourceId: "dc1", darkSince: at("09:00") },
    ]);
  });

  it("takes a source that one of two agents hears for lit, and counts from when the last one lost it", () => {
    const carriers = [
      { lastWordAt: at("09:00"), sources: [source("vpn")] },
      { lastWordAt: at("09:58"), sources: [source("vpn")] },
    ];
    expect(lightsOf(carriers, at("09:59"), minutes(2))).toEqual([{ sourceId: "vpn", darkSince: null }]);
    expect(lightsOf(carriers, at("10:30"), minutes(2))).toEqual([
      { sourceId: "vpn", darkSince: at("09:58") },
    ]);
  });
});
