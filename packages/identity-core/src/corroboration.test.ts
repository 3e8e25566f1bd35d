import { fuzzRuns } from "@rollcall/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LOGON_TICKET_RULE } from "./corroboration.ts";
import type { Observation } from "./observation.ts";
import { SessionTable } from "./session-table.ts";
import { aLogon, anEnd, DAY, ip, minutes } from "./testing/builders.ts";

const SECOND = 1000;
const newTable = (corroboration: "off" | "detect" | "on") =>
  new SessionTable({ issuer: "0", incarnation: "0", corroboration });

const SORTS = {
  ticket: { class: "B", rule: LOGON_TICKET_RULE },
  read: { class: "C", rule: "event:4624-3" },
  use: { class: "C", rule: "event:4769" },
  door: { class: "A", rule: "event:4624-2" },
} as const;

/** A day at one address, in seconds, crowded around the two minutes that decide. */
const anObservation: fc.Arbitrary<Observation> = fc
  .record({
    user: fc.constantFrom("alice", "bob", "task"),
    second: fc.oneof(fc.nat(600), fc.nat(40_000)),
    sort: fc.constantFrom(
      "ticket" as const,
      "ticket" as const,
      "read" as const,
      "read" as const,
      "use" as const,
      "door" as const,
      "end" as const,
    ),
    source: fc.constantFrom("dc1", "dc2"),
  })
  .map(({ user, second, sort, source }) => {
    const sketch = {
      user,
      source,
      at: DAY + second * SECOND,
      family: "event-log" as const,
      id: `${user}-${second}-${sort}-${source}`,
    };
    return sort === "end" ? anEnd(sketch) : aLogon({ ...sketch, ...SORTS[sort] });
  });

function answer(observations: readonly Observation[], now: number, batch = 1): unknown {
  const table = newTable("on");
  for (let at = 0; at < observations.length; at += batch)
    table.apply(observations.slice(at, at + batch), now);
  table.advance(now);
  const entry = table.entryOf("space", ip("10.0.0.1"));
  return [entry?.user?.name ?? null, entry?.user?.expiresAt ?? null];
}

function shuffled(observations: readonly Observation[], order: readonly number[]): Observation[] {
  return observations
    .map((observation, index) => ({ observation, key: order[index % order.length] ?? 0 }))
    .sort((a, b) => a.key - b.key)
    .map(({ observation }) => observation);
}

describe("corroboration of a ticket", () => {
  it("answers the same for any order and repetition of tickets, reads, uses, logons and ends", () => {
    fc.assert(
      fc.property(
        fc.array(anObservation, { maxLength: 40 }),
        fc.array(fc.nat(), { minLength: 80, maxLength: 80 }),
        fc.nat(50_000),
        (observations, order, second) => {
          const now = DAY + second * SECOND;
          expect(answer(shuffled([...observations, ...observations], order), now)).toEqual(
            answer(observations, now),
          );
        },
      ),
      { numRuns: fuzzRuns(100_000) },
    );
  });

  it("decides as one who kept every single ticket and read would", () => {
    const aSecond = fc.nat(900);
    fc.assert(
      fc.property(
        fc.array(aSecond, { minLength: 1, maxLength: 12 }),
        fc.array(aSecond, { maxLength: 12 }),
        (tickets, reads) => {
          const observations = [
            aLogon({ user: "alice", at: DAY - minutes(60), class: "A", id: "door" }),
            ...tickets.map((second) =>
              aLogon({
                user: "bob",
                at: DAY + second * SECOND,
                class: "B",
                rule: LOGON_TICKET_RULE,
                id: `t${second}`,
              }),
            ),
            ...reads.map((second) =>
              aLogon({
                user: "bob",
                at: DAY + second * SECOND,
                class: "C",
                rule: "event:4769-dc",
                id: `r${second}`,
              }),
            ),
          ];
          const isLogon = tickets.some((ticket) =>
            reads.some((read) => read >= ticket - 5 && read <= ticket + 120),
          );
          expect(answer(observations, DAY + 900 * SECOND)).toEqual([
            isLogon ? "bob" : "alice",
            expect.any(Number),
          ]);
        },
      ),
      { numRuns: fuzzRuns(60_000) },
    );
  });

  it("stays bounded, in any order, where an account fetches tickets and reads without a pause for a day", () => {
    const day = Array.from({ length: 700 }, (_, n) => [
      aLogon({
        user: "robot",
        at: DAY + n * 121 * SECOND,
        class: "B",
        rule: LOGON_TICKET_RULE,
        id: `t${n}`,
        lifetimeMinutes: 1440,
      }),
      aLogon({
        user: "robot",
        at: DAY + n * 121 * SECOND + 60_000,
        class: "C",
        rule: "event:4624-3",
        id: `r${n}`,
        lifetimeMinutes: 1440,
      }),
    ]).flat();
    const now = DAY + minutes(1430);
    const there = newTable("on");
    for (const observation of day) there.apply([observation], now);
    const back = newTable("on");
    for (const observation of [...day].reverse()) back.apply([observation], now);
    const state = there.stateOf("space", ip("10.0.0.1"));
    expect(state?.user.claims.length).toBeLessThan(800);
    expect(back.stateOf("space", ip("10.0.0.1"))).toEqual(state);
  });

  it("answers the same in any order also where more is said than is kept", () => {
    const crowd = fc
      .record({
        user: fc.constantFrom("robot", "bob"),
        second: fc.nat(60_000),
        sort: fc.constantFrom("ticket" as const, "read" as const),
        source: fc.constantFrom("dc1", "dc2"),
      })
      .map(({ user, second, sort, source }) =>
        aLogon({
          ...SORTS[sort],
          user,
          source,
          at: DAY + second * SECOND,
          family: "event-log",
          lifetimeMinutes: 1440,
          id: `${user}-${second}-${sort}-${source}`,
        }),
      );
    fc.assert(
      fc.property(
        fc.array(crowd, { minLength: 900, maxLength: 1200, size: "max" }),
        fc.array(fc.nat(), { minLength: 500, maxLength: 500 }),
        (observations, order) => {
          const now = DAY + 61_000 * SECOND;
          expect(answer(shuffled(observations, order), now, 100)).toEqual(answer(observations, now, 100));
        },
      ),
      { numRuns: fuzzRuns(100) },
    );
  }, 60_000);

  it("counts in detect mode the addresses at which it would answer otherwise, and answers as before", () => {
    const table = newTable("detect");
    const now = DAY + minutes(30);
    table.apply(
      [
        aLogon({ user: "alice", at: DAY, class: "A" }),
        aLogon({ user: "task", at: DAY + minutes(20), class: "B", rule: LOGON_TICKET_RULE }),
      ],
      now,
    );
    expect([table.entryOf("space", ip("10.0.0.1"))?.user?.name, table.corroborationDifferences]).toEqual([
      "task",
      1,
    ]);
    table.apply(
      [
        aLogon({
          user: "task",
          at: DAY + minutes(20) + 30_000,
          class: "C",
          rule: "event:4769-dc",
        }),
      ],
      now,
    );
    expect(table.corroborationDifferences).toBe(0);
  });

  it("counts no address any more whose tickets gave way to newer people", () => {
    const table = newTable("detect");
    const now = DAY + minutes(60);
    table.apply([aLogon({ user: "task", at: DAY, class: "B", rule: LOGON_TICKET_RULE })], DAY);
    table.apply([aLogon({ user: "alice", at: DAY - minutes(1), class: "A" })], DAY);
    expect(table.corroborationDifferences).toBe(1);
    const newer = Array.from({ length: 8 }, (_, n) =>
      aLogon({ user: `newer${n}`, at: DAY + minutes(30 + n), class: "A" }),
    );
    table.apply(newer, now);
    expect(table.corroborationDifferences).toBe(0);
  });
});
