import { fuzzRuns, fuzzSeed } from "@rollcall/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entry, EntryFilter } from "./entry.ts";
import type { KeyState } from "./key-state.ts";
import type { Observation, PrincipalFacts } from "./observation.ts";
import { ReplicaTable } from "./replica-table.ts";
import { SessionTable } from "./session-table.ts";
import { aLogon, anEnd, at, DAY, EVERYTHING, ip, minutes, someFacts } from "./testing/builders.ts";

const newTable = () => new SessionTable({ issuer: "0000000000000001", incarnation: "0000000000000001" });

const seed = fuzzSeed();
const params = (full: number) => ({ numRuns: fuzzRuns(full), seed });

const users = ["alice", "bob", "carol", "dora", "emil", "fritz", "gina", "hans", "iris", "jona"];
const anObservation: fc.Arbitrary<Observation> = fc
  .record({
    id: fc.nat(10_000).map((n) => `o${n}`),
    user: fc.constantFrom(...users),
    minute: fc.nat(720),
    ip: fc.constantFrom("10.0.0.1", "10.0.0.2"),
    class: fc.constantFrom("A" as const, "B" as const, "C" as const, "D" as const),
    family: fc.constantFrom("syslog" as const, "event-log" as const, "radius" as const),
    correlator: fc.option(fc.constantFrom("1", "2", "3"), { nil: undefined }),
    verb: fc.constantFrom(
      "start" as const,
      "start" as const,
      "start" as const,
      "refresh" as const,
      "end" as const,
    ),
    any: fc.boolean(),
    anyFamily: fc.boolean(),
    source: fc.constantFrom("s1", "s2"),
    lifetimeMinutes: fc.constantFrom(5, 60, 480),
    kind: fc.constantFrom("user" as const, "user" as const, "device" as const),
  })
  .map(({ minute, verb, ...sketch }) => {
    // One identity has one content: everything follows from the id, as it does for a real record.
    const when = DAY + minutes(minute);
    const id = `${sketch.id}-${JSON.stringify(sketch)}-${minute}-${verb}`;
    if (verb === "end") return anEnd({ ...sketch, at: when, id });
    return { ...aLogon({ ...sketch, at: when, id }), verb };
  });

/** What a reader would be told, without the numbering. */
function answers(table: SessionTable): unknown {
  return [...table.entries()]
    .filter((entry) => entry.user || entry.device)
    .map((entry) => [
      entry.ip,
      entry.user?.name ?? null,
      entry.user?.expiresAt ?? null,
      entry.device?.name ?? null,
    ])
    .sort();
}

function build(observations: readonly Observation[], now: number, batchSize = 1): SessionTable {
  const table = newTable();
  for (let i = 0; i < observations.length; i += batchSize)
    table.apply(observations.slice(i, i + batchSize), now);
  table.advance(now);
  return table;
}

describe("sessions that end of themselves", () => {
  it("are found before they end, and those of devices, or of people who stay, are not among them", () => {
    const table = newTable();
    const soon = aLogon({ user: "alice", at: "08:00", lifetimeMinutes: 60, ip: "10.0.0.1" });
    const later = aLogon({ user: "bob", at: "08:00", lifetimeMinutes: 61, ip: "10.0.0.2" });
    const device = aLogon({ kind: "device", user: "pc", at: "08:00", lifetimeMinutes: 60, ip: "10.0.0.2" });
    table.apply([soon, later, device], at("08:00"));
    expect([...table.endingBy(at("08:59"))]).toEqual([]);
    expect([...table.endingBy(at("09:00"))].map(({ user }) => user?.name)).toEqual(["alice"]);
    table.advance(at("09:00"));
    expect([...table.endingBy(at("09:00"))]).toEqual([]);
  });
});

describe(`SessionTable (seed ${seed})`, { timeout: 600_000 }, () => {
  it("answers the same for any order, repetition and cutting of the same observations, at any time asked", () => {
    fc.assert(
      fc.property(
        fc.array(anObservation, { maxLength: 40 }),
        fc.array(fc.nat(), { minLength: 80, maxLength: 80 }),
        fc.integer({ min: 1, max: 7 }),
        fc.nat(1440),
        (observations, order, batchSize, minute) => {
          const now = DAY + minutes(minute);
          const shuffled = [...observations, ...observations]
            .map((observation, index) => ({ observation, key: order[index % order.length] ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ observation }) => observation);
          expect(answers(build(shuffled, now, batchSize))).toEqual(answers(build(observations, now)));
        },
      ),
      params(100_000),
    );
  });

  it("answers the same in any order even where an address saw more people than are kept", () => {
    const crowded = fc
      .record({
        user: fc.nat(15),
        minute: fc.nat(400),
        class: fc.constantFrom("A" as const, "B" as const),
        isEnd: fc.nat(9),
      })
      .map(({ user, minute, isEnd, ...rest }) => {
        const sketch = {
          ...rest,
          user: `user${user}`,
          at: DAY + minutes(minute),
          id: `${user}-${minute}-${isEnd}-${rest.class}`,
          lifetimeMinutes: 1440,
        };
        return isEnd === 0 ? anEnd(sketch) : aLogon(sketch);
      });
    fc.assert(
      fc.property(
        fc.array(crowded, { minLength: 20, maxLength: 60 }),
        fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
        (observations, order) => {
          const now = DAY + minutes(500);
          const shuffled = observations
            .map((observation, index) => ({ observation, key: order[index % order.length] ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ observation }) => observation);
          // "Since" is for people to read; what counts is everything else.
          const states = (table: SessionTable) =>
            [...table.states()].map(({ user }) => ({
              ...user,
              claims: user.claims.map((claim) => ({ ...claim, firstAt: 0 })),
            }));
          expect(states(build(shuffled, now, 3))).toEqual(states(build(observations, now)));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("gives the same when time passed between the observations as when it is asked once at the end", () => {
    fc.assert(
      fc.property(
        fc.array(anObservation, { maxLength: 25 }),
        fc.array(fc.nat(1440), { maxLength: 6 }),
        (observations, clocks) => {
          const end = DAY + minutes(1440);
          const stepwise = newTable();
          const times = [...clocks].sort((a, b) => a - b).map((minute) => DAY + minutes(minute));
          for (const [index, observation] of observations.entries()) {
            stepwise.apply([observation], times[index % Math.max(1, times.length)] ?? DAY);
            stepwise.advance(times[index % Math.max(1, times.length)] ?? DAY);
          }
          stepwise.advance(end);
          expect(answers(stepwise)).toEqual(answers(build(observations, end)));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("hands a firewall by its changes the same as a full table holds, at every revision and under any filter", () => {
    const filters: EntryFilter[] = [
      EVERYTHING,
      { ...EVERYTHING, domains: ["corp.example"] },
      { ...EVERYTHING, domains: ["other.example"] },
      { ...EVERYTHING, includeIp: ["10.0.0.2"] },
      { ...EVERYTHING, excludeIp: ["10.0.0.0/31"] },
    ];
    const told = (map: Map<string, Entry>, page: readonly Entry[]) => {
      for (const entry of page)
        if (entry.user || entry.device) map.set(entry.ip, entry);
        else map.delete(entry.ip);
    };
    const seen = (map: Map<string, Entry>) =>
      [...map.values()].map((e) => [e.ip, e.user?.name, e.user?.groups, e.device?.name]).sort();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anObservation, fc.constantFrom("corp.example", "other.example"), fc.nat(1440)), {
          maxLength: 25,
        }),
        fc.constantFrom(...filters),
        fc.integer({ min: 1, max: 3 }),
        (steps, filter, limit) => {
          const table = newTable();
          const follower = new Map<string, Entry>();
          let cursor = 0;
          for (const [observation, domain, minute] of steps) {
            table.apply(
              [{ ...observation, principal: observation.principal && { ...observation.principal, domain } }],
              DAY + minutes(720),
            );
            table.advance(DAY + minutes(720 + Math.floor(minute / 100)));
            for (;;) {
              const page = table.changesSince(cursor, limit, filter);
              told(follower, page.entries);
              cursor = page.nextRevision;
              if (page.isLast) break;
            }
            const whole = new Map<string, Entry>();
            told(whole, table.changesSince(0, 1_000_000, filter).entries);
            expect(seen(follower)).toEqual(seen(whole));
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("makes no change for a firewall when a session is merely refreshed, but lives longer", () => {
    const table = newTable();
    table.apply([aLogon({ at: "09:00", lifetimeMinutes: 60 })], at("09:00"));
    const changed = table.apply([aLogon({ at: "09:30", lifetimeMinutes: 60 })], at("09:30"));
    expect(changed.entries).toEqual([]);
    table.advance(at("10:15"));
    expect(table.byIp(ip("10.0.0.1"), EVERYTHING)?.user?.name).toBe("alice");
    table.advance(at("10:30"));
    expect(table.byIp(ip("10.0.0.1"), EVERYTHING)).toBeNull();
  });

  it("tells a change of owner as one change, never a gap or two people", () => {
    const table = newTable();
    table.apply([aLogon({ at: "09:00" })], at("09:00"));
    const { entries } = table.apply([aLogon({ user: "bob", at: "09:30" })], at("09:30"));
    expect(entries.map((entry) => entry.user?.name)).toEqual(["bob"]);
  });

  it("names the person whose session ended in the end that a firewall is told", () => {
    const table = newTable();
    table.apply([aLogon({ at: "09:00" })], at("09:00"));
    const { entries } = table.apply([anEnd({ at: "09:30" })], at("09:30"));
    expect(entries).toMatchObject([
      { user: null, unknownBecause: "ended", lastUser: { name: "alice", domain: "corp.example" } },
    ]);
  });

  it("hands each change once, in order, even when one lands between two pages", () => {
    const table = newTable();
    table.apply(
      [
        aLogon({ at: "09:00", ip: "10.0.0.1", user: "ana" }),
        aLogon({ at: "09:00", ip: "10.0.0.2", user: "ben" }),
      ],
      at("09:00"),
    );
    const first = table.changesSince(0, 1, EVERYTHING);
    table.apply([aLogon({ at: "09:01", ip: "10.0.0.3", user: "cho" })], at("09:01"));
    const second = table.changesSince(first.nextRevision, 10, EVERYTHING);
    expect(first.isLast).toBe(false);
    expect([...first.entries, ...second.entries].map((entry) => entry.user?.name)).toEqual([
      "ana",
      "ben",
      "cho",
    ]);
  });

  it("knows the groups at the moment of the logon when the directory was read before", () => {
    const table = newTable();
    table.applyFacts([someFacts({ name: "alice", groups: ["Finance"] })], at("08:00"));
    const { entries } = table.apply([aLogon({ at: "09:00", domain: "CORP" })], at("09:00"));
    expect(entries).toMatchObject([{ user: { name: "alice", domain: "corp.example", groups: ["Finance"] } }]);
  });

  it("changes exactly the sessions of the principal whose groups changed", () => {
    const table = newTable();
    table.apply(
      [aLogon({ at: "09:00", ip: "10.0.0.1" }), aLogon({ at: "09:00", ip: "10.0.0.2", user: "bob" })],
      at("09:00"),
    );
    table.applyFacts([someFacts({ name: "alice", groups: ["Finance"] })], at("09:01"));
    const { entries } = table.applyFacts(
      [someFacts({ name: "alice", groups: ["Finance", "Oncall"], asOf: at("09:02") })],
      at("09:02"),
    );
    expect(entries.map((entry) => [entry.ip, entry.user?.groups])).toEqual([
      ["10.0.0.1", ["Finance", "Oncall"]],
    ]);
  });

  it("gives the same answer whether the directory was read before or after the logons, and in whatever order", () => {
    const facts: PrincipalFacts[] = [
      someFacts({ name: "alice", groups: ["Old"], asOf: at("08:00") }),
      someFacts({ name: "alice", groups: ["New"], asOf: at("10:00") }),
    ];
    const logon = aLogon({ at: "09:00", domain: "CORP" });
    const inOrder = newTable();
    inOrder.applyFacts(facts, at("11:00"));
    inOrder.apply([logon], at("11:00"));
    const reversed = newTable();
    reversed.apply([logon], at("11:00"));
    for (const one of [...facts].reverse()) reversed.applyFacts([one], at("11:00"));
    expect(reversed.byIp(ip("10.0.0.1"), EVERYTHING)?.user).toEqual(
      inOrder.byIp(ip("10.0.0.1"), EVERYTHING)?.user,
    );
  });

  it("shows a firewall that filters by NetBIOS name the same people as one that filters by DNS name", () => {
    const table = newTable();
    table.applyFacts([someFacts({ name: "alice" })], at("08:00"));
    table.apply([aLogon({ at: "09:00" })], at("09:00"));
    for (const domain of ["CORP", "corp.example"])
      expect(table.byIp(ip("10.0.0.1"), { ...EVERYTHING, domains: [domain] })?.user?.name).toBe("alice");
    expect(table.byIp(ip("10.0.0.1"), { ...EVERYTHING, domains: ["OTHER"] })).toBeNull();
    const before = table.revision;
    table.apply([anEnd({ at: "10:00" })], at("10:00"));
    expect(table.changesSince(before, 10, { ...EVERYTHING, domains: ["CORP"] }).entries).toMatchObject([
      { user: null },
    ]);
  });

  it("ends the sessions of an account that the directory disabled, and brings them back with it", () => {
    const table = newTable();
    table.apply([aLogon({ at: "09:00" })], at("09:00"));
    table.applyFacts([someFacts({ name: "alice", enabled: false, asOf: at("09:30") })], at("09:30"));
    expect(table.byIp(ip("10.0.0.1"), EVERYTHING)).toBeNull();
    table.applyFacts([someFacts({ name: "alice", enabled: true, asOf: at("09:40") })], at("09:40"));
    expect(table.byIp(ip("10.0.0.1"), EVERYTHING)?.user?.name).toBe("alice");
  });

  it("keeps the device when the user ends", () => {
    const table = newTable();
    table.apply(
      [aLogon({ at: "08:59", kind: "device", user: "desk-7" }), aLogon({ at: "09:00" })],
      at("09:00"),
    );
    table.apply([anEnd({ at: "10:00" })], at("10:00"));
    expect(table.byIp(ip("10.0.0.1"), EVERYTHING)).toMatchObject({ user: null, device: { name: "desk-7" } });
  });

  it("is after a restart what it was before", () => {
    fc.assert(
      fc.property(fc.array(anObservation, { maxLength: 30 }), (observations) => {
        const now = DAY + minutes(720);
        const table = build(observations, now);
        const keys = JSON.parse(JSON.stringify([...table.states()])) as KeyState[];
        const entries = JSON.parse(JSON.stringify([...table.entries()])) as Entry[];
        const restored = newTable();
        restored.restore({
          keys,
          entries,
          facts: [],
          revision: table.revision,
          floorRevision: table.floorRevision,
        });
        restored.advance(now);
        expect(answers(restored)).toEqual(answers(table));
        expect(restored.revision).toBe(table.revision);
      }),
      { numRuns: 1_000 },
    );
  });

  it("sends everything anew to a cursor that missed a forgotten end, by its floor", () => {
    const table = newTable();
    table.apply([aLogon({ at: "09:00" })], at("09:00"));
    table.apply([anEnd({ at: "09:30" })], at("09:30"));
    const ended = table.revision;
    const { pruned } = table.advance(at("09:30") + 2 * 86_400_000);
    expect(pruned).toEqual([{ addressSpaceId: "space", ip: "10.0.0.1" }]);
    expect(table.floorRevision).toBe(ended);
    expect(table.size).toBe(0);
  });

  it("forgets again at once after a clock that ran a year ahead was put right", () => {
    const table = newTable();
    table.advance(at("09:00") + 365 * 86_400_000);
    table.apply(
      [aLogon({ user: "alice", at: at("09:00") }), anEnd({ user: "alice", at: at("09:30") })],
      at("09:30"),
    );
    table.apply([aLogon({ user: "bob", at: at("09:40") })], at("09:40"));
    table.apply([anEnd({ user: "bob", at: at("09:50") })], at("09:50"));
    const { pruned } = table.advance(at("09:50") + 2 * 86_400_000);
    expect(pruned).toEqual([{ addressSpaceId: "space", ip: "10.0.0.1" }]);
  });

  it("forgets an address of which only ends and indirect signs came, once they can bear on nothing any more", () => {
    const table = newTable();
    table.apply(
      [anEnd({ at: "09:00" }), aLogon({ at: "09:00", ip: "10.0.0.2", class: "D", lifetimeMinutes: 60 })],
      at("09:00"),
    );
    expect(table.advance(at("10:00") + 86_400_000).pruned).toEqual([
      { addressSpaceId: "space", ip: "10.0.0.1" },
    ]);
    expect(table.advance(at("10:02") + 86_400_000).pruned).toEqual([
      { addressSpaceId: "space", ip: "10.0.0.2" },
    ]);
    expect(table.size).toBe(0);
  });

  it("serves neither of two people at one address of two spaces, and the one again when the other left", () => {
    const table = newTable();
    table.apply([aLogon({ at: "09:00", space: "berlin" })], at("09:00"));
    const before = table.revision;
    table.apply([aLogon({ at: "09:10", space: "leeds", user: "bob", id: "leeds" })], at("09:10"));
    expect(table.overlaps()).toEqual(["10.0.0.1"]);
    expect(table.byIp(ip("10.0.0.1"), EVERYTHING)).toBeNull();
    expect(table.changesSince(before, 10, EVERYTHING).entries).toMatchObject([{ user: null }]);
    expect(table.byIp(ip("10.0.0.1"), { ...EVERYTHING, addressSpaceIds: ["leeds"] })?.user?.name).toBe("bob");
    const overlapped = table.revision;
    table.apply([anEnd({ at: "09:20", space: "leeds", user: "bob" })], at("09:20"));
    expect(table.changesSince(overlapped, 10, EVERYTHING).entries).toMatchObject([
      { user: { name: "alice" } },
    ]);
  });

  it("counts people once, however many addresses they have, and devices where nobody is", () => {
    const table = newTable();
    table.apply(
      [
        aLogon({ at: "09:00" }),
        aLogon({ at: "09:00", ip: "10.0.0.2" }),
        aLogon({ at: "09:00", ip: "10.0.0.3", user: "bob" }),
        aLogon({ at: "09:00", ip: "10.0.0.4", user: "desk-7", kind: "device" }),
        aLogon({ at: "09:00", ip: "10.0.0.5", user: "carol", id: "carol" }),
        anEnd({ at: "09:01", ip: "10.0.0.5", user: "carol" }),
      ],
      at("09:02"),
    );
    expect(table.countPeople()).toEqual({ people: 2, onlyDevice: 1 });
  });

  it("finds a person's addresses by any spelling that the directory or a source used", () => {
    const table = newTable();
    table.applyFacts(
      [someFacts({ name: "alice", key: "s-1-5-21-1-2-3-1104", aliases: ["corp\\alice", "al@corp.example"] })],
      at("08:00"),
    );
    table.apply(
      [
        { ...aLogon({ at: "09:00" }), principal: { sid: "S-1-5-21-1-2-3-1104" } },
        aLogon({ at: "09:00", ip: "10.0.0.2", user: "alice", domain: "CORP" }),
        aLogon({ at: "09:00", ip: "10.0.0.3", user: "bob" }),
      ],
      at("09:00"),
    );
    const both = ["10.0.0.1", "10.0.0.2"];
    const found = (spelling: string) =>
      table
        .entriesOfSpelling(spelling)
        .map((entry) => entry.ip)
        .sort();
    for (const spelling of ["al@corp.example", "CORP\\Alice", "s-1-5-21-1-2-3-1104"])
      expect(found(spelling)).toEqual(both);
    expect(
      table
        .entriesOfPrincipal("s-1-5-21-1-2-3-1104")
        .map((entry) => entry.ip)
        .sort(),
    ).toEqual(both);
  });

  it("explains which claim speaks, which was ended and by what", () => {
    const table = newTable();
    table.apply(
      [
        aLogon({ at: "09:00" }),
        aLogon({ user: "bob", at: "09:20" }),
        anEnd({ user: "bob", at: "10:00", id: "logoff" }),
      ],
      at("10:00"),
    );
    const explanation = table.explain("space", ip("10.0.0.1"), at("10:01"));
    expect(explanation.answer).toContain("ended");
    expect(explanation.claims.map((claim) => [claim.principalKey, claim.state, claim.endedBy])).toEqual([
      ["corp.example\\bob", "ended", "logoff#0"],
      ["corp.example\\alice", "speaks", null],
    ]);
  });
});

describe("ReplicaTable", () => {
  it("holds after the feed what the table it follows holds, and ignores what it has already", () => {
    fc.assert(
      fc.property(fc.array(anObservation, { maxLength: 20 }), fc.nat(19), (observations, loadedAt) => {
        const table = newTable();
        const replica = new ReplicaTable();
        const feed: Entry[] = [];
        for (const [index, observation] of observations.entries()) {
          if (index === loadedAt)
            replica.load({
              entries: table.entries(),
              revision: table.revision,
              floorRevision: 0,
              issuer: "1",
              incarnation: "1",
            });
          feed.push(...table.apply([observation], DAY + minutes(720)).entries);
        }
        replica.applyFeed(feed);
        replica.applyFeed(feed);
        const shown = (entries: Iterable<Entry>) =>
          [...entries].map((e) => [e.ip, e.revision, e.user?.name]).sort();
        expect(shown(replica.changesSince(0, 1000, EVERYTHING).entries)).toEqual(
          shown(table.changesSince(0, 1000, EVERYTHING).entries),
        );
        expect(replica.revision).toBe(table.revision);
      }),
      { numRuns: 1_000 },
    );
  });

  it("forgets the ends that the table it follows has forgotten, and no session", () => {
    const replica = new ReplicaTable();
    const table = newTable();
    const feed = [
      ...table.apply([aLogon({ at: "09:00" }), aLogon({ at: "09:00", ip: "10.0.0.2" })], at("09:00")).entries,
      ...table.apply([anEnd({ at: "09:30" })], at("09:30")).entries,
    ];
    replica.load({ entries: [], revision: 0, floorRevision: 0, issuer: "1", incarnation: "1" });
    replica.applyFeed(feed, table.revision, 0);
    expect([replica.size, replica.liveCount]).toEqual([2, 1]);
    replica.applyFeed([], table.revision, table.revision);
    expect([replica.size, replica.liveCount, replica.floorRevision]).toEqual([1, 1, table.revision]);
    expect(replica.byIp(ip("10.0.0.2"), EVERYTHING)?.user?.name).toBe("alice");
  });
});
