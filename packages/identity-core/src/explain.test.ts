import { describe, expect, it } from "vitest";
import { LOGON_TICKET_RULE } from "./corroboration.ts";
import type { Entry } from "./entry.ts";
import { EXPLANATION_LINES_MAX, type ExplainOptions, explainAddress } from "./index.ts";
import type { Observation } from "./observation.ts";
import { SessionTable } from "./session-table.ts";
import { aLogon, anEnd, at, EVERYTHING, ip } from "./testing/builders.ts";

const SEAT = ip("10.0.0.1");

function explain(observations: readonly Observation[], clock: string, options: Partial<ExplainOptions> = {}) {
  const table = new SessionTable({ issuer: "0", incarnation: "0" });
  table.apply(observations, at(clock));
  table.advance(at(clock));
  const state = table.stateOf("space", SEAT);
  if (state === null) throw new Error("nothing is kept");
  return explainAddress(state, table.principals, at(clock), {
    arbitration: "law",
    corroboration: "off",
    entry: table.entryOf("space", SEAT),
    ...options,
  });
}

const short = (explanation: ReturnType<typeof explain>) =>
  explanation.lines.map(({ kind, of, law, principal }) => `${kind} ${of} ${law} ${principal}`);

describe("explainAddress", () => {
  it("says of each observation what became of it and which number of the law decided", () => {
    const explained = explain(
      [
        aLogon({ user: "ana", at: "06:00", lifetimeMinutes: 60 }),
        aLogon({ user: "ben", at: "08:00", correlator: "1" }),
        anEnd({ user: "ben", at: "08:30", correlator: "1", id: "stop" }),
        aLogon({ user: "alice", at: "09:00" }),
        aLogon({ user: "svc", at: "09:10", class: "C" }),
        aLogon({ user: "guess", at: "09:20", class: "D" }),
        aLogon({ user: "pc7", at: "09:00", kind: "device" }),
      ],
      "10:00",
    );
    expect(short(explained)).toEqual([
      "refused user 2d corp.example\\guess",
      "refused user 2c corp.example\\svc",
      "accepted user 2 corp.example\\alice",
      "end user 1 corp.example\\ben",
      "voided user 1 corp.example\\ben",
      "expired user 6 corp.example\\ana",
      "decision user 3 corp.example\\alice",
      "decision user 3 corp.example\\ben",
      "decision user 3 corp.example\\ana",
      "accepted device 2 corp.example\\pc7",
      "decision device 3 corp.example\\pc7",
    ]);
    expect(explained.answer).toBe("corp.example\\alice, by test (class A)");
    expect(explained.lines.find(({ kind }) => kind === "voided")?.sentence).toContain("stop#0");
  });

  it("says in detect mode which ticket would not count, and who would be there", () => {
    const observations = [
      aLogon({ user: "alice", at: "08:00" }),
      aLogon({ user: "task", at: "09:00", class: "B", rule: LOGON_TICKET_RULE, id: "ticket" }),
    ];
    const detect = explain(observations, "09:30", { corroboration: "detect" });
    expect(detect.answer).toContain("task");
    expect(detect.lines.filter(({ kind }) => kind === "notice")).toMatchObject([
      { law: "2b", observationId: "ticket#0" },
      { law: "2b", sentence: expect.stringContaining("would be: corp.example\\alice") },
    ]);
    const on = explain(observations, "09:30", { corroboration: "on" });
    expect(on.answer).toContain("alice");
    expect(on.lines.filter(({ kind }) => kind === "notice")).toEqual([]);
    expect(
      on.lines.find(({ observationId, kind }) => observationId === "ticket#0" && kind === "refused"),
    ).toMatchObject({ law: "2c" });
  });

  it("has what was kept back at receipt among what was said, by its rule and number", () => {
    const explained = explain([aLogon({ user: "alice", at: "09:00" })], "10:00", {
      suppressed: [
        {
          at: at("09:30"),
          kind: "user",
          rule: "f2",
          law: "14",
          sourceId: "source-1",
          observationId: "r#0",
          principal: "corp.example\\svc-backup",
        },
      ],
    });
    expect(explained.lines[0]).toMatchObject({
      kind: "suppressed",
      rule: "f2",
      law: "14",
      sentence: "kept back at receipt by a filter",
    });
  });

  it("names the firewalls that are not told, and by which filter", () => {
    const reader = (name: string, filter: object) => ({ name, filter: { ...EVERYTHING, ...filter } });
    const readers = [
      reader("told", {}),
      reader("other space", { addressSpaceIds: ["elsewhere"] }),
      reader("narrow", { includeIp: ["10.9.0.0/16"] }),
      reader("without", { excludeIp: ["10.0.0.0/8"] }),
      reader("other domain", { domains: ["other.example"] }),
      reader("dark", { darkSourceIds: ["source-1"] }),
    ];
    const explained = explain([aLogon({ user: "alice", at: "09:00" })], "10:00", { readers });
    expect(
      explained.lines.filter(({ kind }) => kind === "kept-from").map(({ rule, law }) => `${rule} ${law}`),
    ).toEqual(["address-space 14", "include-ip 14", "exclude-ip 14", "domain 14", "source-dark 11"]);
    const overlapping = explain([aLogon({ user: "alice", at: "09:00" })], "10:00", {
      readers: [
        reader("both", { addressSpaceIds: ["space", "b"] }),
        reader("one", { addressSpaceIds: ["space"] }),
      ],
      alsoLiveIn: ["b"],
    });
    expect(overlapping.lines.filter(({ kind }) => kind === "kept-from")).toMatchObject([
      { rule: "overlap", sentence: expect.stringContaining("both") },
    ]);
  });

  it("stays within its bound on an address of which everything was said, and still says what decided", () => {
    const crowd = Array.from({ length: 300 }, (_, n) =>
      aLogon({ user: "robot", at: at("00:00") + n * 121_000, class: "B", rule: LOGON_TICKET_RULE }),
    );
    const explained = explain(crowd, "10:10");
    expect(explained.lines.length).toBeLessThanOrEqual(EXPLANATION_LINES_MAX);
    expect(explained.lines.some(({ kind }) => kind === "decision")).toBe(true);
  });
});

describe("a filter with dark sources", () => {
  const table = () => {
    const made = new SessionTable({ issuer: "0", incarnation: "0" });
    made.apply(
      [
        aLogon({ user: "alice", at: "09:00", source: "dc1" }),
        aLogon({ user: "pc7", at: "09:00", kind: "device", source: "dc2" }),
      ],
      at("09:00"),
    );
    return made;
  };
  const shown = (darkSourceIds: readonly string[], domains: readonly string[] = []): Entry | undefined =>
    table().changesSince(0, 10, { ...EVERYTHING, domains, darkSourceIds }).entries[0];

  it("tells nobody in place of whom a dark source named, and whose session that ends", () => {
    expect(shown(["dc1"])).toMatchObject({
      user: null,
      unknownBecause: "source-dark",
      lastUser: { domain: "corp.example", name: "alice" },
      device: { name: "pc7" },
    });
    expect(shown(["dc2"])).toMatchObject({ user: { name: "alice" }, device: null });
    expect(shown(["elsewhere"])).toMatchObject({ user: { name: "alice" }, device: { name: "pc7" } });
  });

  it("answers no address query with somebody a dark source named", () => {
    expect(table().byIp(SEAT, { ...EVERYTHING, darkSourceIds: ["dc1", "dc2"] })).toBeNull();
  });

  it("tells a reader of other domains nothing of it", () => {
    expect(shown(["dc1"], ["other.example"])).toBeUndefined();
    expect(shown(["dc1"], ["corp.example"])?.lastUser?.name).toBe("alice");
  });
});
