import { fuzzRuns, fuzzSeed } from "@rollcall/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entry, EntryFilter } from "./entry.ts";
import type { Observation, PrincipalFacts } from "./observation.ts";
import { Vocabulary } from "./packed/vocabulary.ts";
import { SessionTable } from "./session-table.ts";
import { aLogon, anEnd, DAY, EVERYTHING, minutes, someFacts } from "./testing/builders.ts";
import { PlainTable } from "./testing/plain-table.ts";

const seed = fuzzSeed();
const params = (full: number) => ({ numRuns: fuzzRuns(full), seed });

const TOMBSTONE_MS = minutes(120);
const newTable = (vocabulary?: Vocabulary) =>
  new SessionTable({
    issuer: "0000000000000001",
    incarnation: "0000000000000001",
    tombstoneMs: TOMBSTONE_MS,
    ...(vocabulary === undefined ? {} : { vocabulary }),
  });

const IPS = ["10.0.0.1", "10.0.0.2", "10.0.1.3", "2001:db8::1", "2001:db8::2"];

/** A record: one person at one address, or at several at once, as a logon that names a host's IPv4 and IPv6 does. */
const aRecord = fc
  .record({
    user: fc.constantFrom("alice", "bob", "carol", "desk-7"),
    domain: fc.constantFrom("corp.example", "other.example", "CORP"),
    minute: fc.nat(400),
    ips: fc.uniqueArray(fc.constantFrom(...IPS), { minLength: 1, maxLength: 3 }),
    space: fc.constantFrom("berlin", "berlin", "leeds"),
    class: fc.constantFrom("A" as const, "A" as const, "B" as const, "C" as const, "D" as const),
    source: fc.constantFrom("s1", "s2"),
    lifetimeMinutes: fc.constantFrom(5, 60, 480),
    kind: fc.constantFrom("user" as const, "user" as const, "device" as const),
    isEnd: fc.nat(3).map((n) => n === 0),
    any: fc.boolean(),
  })
  .map(({ minute, ips, isEnd, ...sketch }): Observation[] => {
    const id = JSON.stringify([sketch, minute, ips, isEnd]);
    return ips.map((ip, ordinal) => {
      const one = { ...sketch, ip, at: DAY + minutes(minute), id };
      return { ...(isEnd ? anEnd(one) : aLogon(one)), id: `${id}#${ordinal}` };
    });
  });

const someNews = fc
  .record({
    name: fc.constantFrom("alice", "bob", "carol", "desk-7"),
    domain: fc.constantFrom("corp.example", "other.example"),
    groups: fc.uniqueArray(fc.constantFrom("Finance", "Oncall", "Vpn"), { maxLength: 3 }),
    enabled: fc.nat(4).map((n) => n > 0),
    kind: fc.constantFrom("user" as const, "device" as const),
    os: fc.constantFrom("Windows 11", "Windows 10"),
    sharesBareName: fc.boolean(),
  })
  .map(({ os, sharesBareName, ...sketch }): Partial<PrincipalFacts> & { name: string } => ({
    ...sketch,
    key: `${sketch.domain}-${sketch.name}`,
    aliases: [
      `${sketch.domain}\\${sketch.name}`,
      `corp\\${sketch.name}`,
      ...(sharesBareName ? [sketch.name] : []),
    ],
    ...(sketch.kind === "device" ? { device: { os } } : {}),
  }));

type Step =
  | { readonly kind: "records"; readonly observations: readonly Observation[] }
  | { readonly kind: "facts"; readonly facts: Partial<PrincipalFacts> & { readonly name: string } }
  | { readonly kind: "time"; readonly minutes: number };
const aStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .array(aRecord, { minLength: 1, maxLength: 3 })
      .map((records): Step => ({ kind: "records", observations: records.flat() })),
  },
  { weight: 2, arbitrary: someNews.map((facts): Step => ({ kind: "facts", facts })) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(1, 30, 130, 600).map((count): Step => ({ kind: "time", minutes: count })),
  },
);

/** Takes one step on a table; gives what time it is then. */
function take(
  table: Pick<SessionTable, "apply" | "applyFacts" | "advance">,
  step: Step,
  now: number,
  index: number,
) {
  switch (step.kind) {
    case "records":
      table.apply(step.observations, now);
      return now;
    case "facts":
      table.applyFacts([someFacts({ ...step.facts, asOf: DAY + index })], now);
      return now;
    case "time":
      table.advance(now + minutes(step.minutes));
      return now + minutes(step.minutes);
  }
}

const byPlace = <T extends { addressSpaceId: string; ip: string }>(all: Iterable<T>) =>
  [...all].sort((a, b) => (`${a.addressSpaceId}|${a.ip}` < `${b.addressSpaceId}|${b.ip}` ? -1 : 1));

describe(`the packed table beside a plain one (seed ${seed})`, { timeout: 600_000 }, () => {
  it("holds after every step what plain objects looked at one by one would hold, and tells of the same changes", () => {
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 15 }), (steps) => {
        const packed = newTable();
        const plain = new PlainTable(TOMBSTONE_MS);
        let now = DAY + minutes(420);
        for (const [index, step] of steps.entries()) {
          const told = { packed: [] as string[], plain: [] as string[] };
          const named = (entries: readonly Entry[]) =>
            entries.map((one) => `${one.addressSpaceId}|${one.ip}`);
          take(
            {
              apply: (...args) => {
                const changed = packed.apply(...args);
                told.packed.push(...named(changed.entries));
                told.plain.push(...plain.apply(...args));
                return changed;
              },
              applyFacts: (...args) => {
                const changed = packed.applyFacts(...args);
                told.packed.push(...named(changed.entries));
                told.plain.push(...plain.applyFacts(...args));
                return changed;
              },
              advance: (...args) => {
                const changed = packed.advance(...args);
                told.packed.push(...named(changed.entries));
                told.plain.push(...plain.advance(...args));
                return changed;
              },
            },
            step,
            now,
            index,
          );
          if (step.kind === "time") now += minutes(step.minutes);
          expect(told.packed.sort()).toEqual(told.plain.sort());
          expect(byPlace(packed.states())).toEqual(byPlace(plain.states.values()));
          // Facts make no address be looked at whose time is due; the plain table is looked at whole.
          if (step.kind === "time")
            expect(byPlace(packed.entries()).map((one) => ({ ...one, revision: 0 }))).toEqual(
              byPlace(plain.entries.values()),
            );
          expect([...packed.principals.all()].map(({ key }) => key).sort()).toEqual(
            [...plain.facts.keys()].sort(),
          );
        }
      }),
      params(20_000),
    );
  });

  it("is after a restart from its pages what it was before, and goes on alike, whenever they were stored", () => {
    fc.assert(
      fc.property(
        fc.array(aStep, { maxLength: 14 }),
        fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }),
        fc.boolean(),
        (steps, stores, isAllDue) => {
          const vocabulary = new Vocabulary();
          const disk = { places: new Map<number, Uint8Array>(), facts: new Map<number, Uint8Array>() };
          const store = (table: SessionTable) => {
            const pages = table.changedPages();
            for (const kind of ["places", "facts"] as const)
              for (const { page, body } of pages[kind])
                if (body === null) disk[kind].delete(page);
                else disk[kind].set(page, body.slice());
            table.pagesStored();
          };
          const table = newTable(vocabulary);
          let now = DAY + minutes(420);
          const half = steps.length >> 1;
          for (const [index, step] of steps.slice(0, half).entries()) {
            now = take(table, step, now, index);
            if (stores[index]) store(table);
          }
          // Both forget what is over at the same time from here on.
          now += minutes(2);
          table.advance(now);
          store(table);
          const pagesOf = (pages: Map<number, Uint8Array>) =>
            [...pages].map(([page, body]) => ({ page, body }));
          const restored = newTable(vocabulary);
          restored.restorePages({
            places: pagesOf(disk.places),
            facts: pagesOf(disk.facts),
            revision: table.revision,
            floorRevision: table.floorRevision,
            isAllDue,
          });
          restored.advance(now);
          for (const [index, step] of steps.slice(half).entries()) {
            take(restored, step, now, half + index);
            now = take(table, step, now, half + index);
          }
          expect(byPlace(restored.states())).toEqual(byPlace(table.states()));
          const untimed = (one: SessionTable) =>
            byPlace(one.entries()).map((entry) => ({ ...entry, revision: 0 }));
          expect(untimed(restored)).toEqual(untimed(table));
          expect([...restored.principals.all()]).toEqual([...table.principals.all()]);
          // Of addresses that change at one moment either may be told first, so the one forgotten may bear another number.
          const summary = (one: SessionTable) => [
            one.size,
            one.liveCount,
            one.revision,
            one.floorRevision > 0,
            one.nextChangeAt,
          ];
          expect(summary(restored)).toEqual(summary(table));
          expect(restored.floorRevision).toBeLessThanOrEqual(restored.revision);
        },
      ),
      params(10_000),
    );
  });
});

const FILTERS: readonly EntryFilter[] = [
  EVERYTHING,
  { ...EVERYTHING, ipv6: false },
  { ...EVERYTHING, domains: ["corp.example"] },
  { ...EVERYTHING, domains: ["corp"] },
  { ...EVERYTHING, includeIp: ["10.0.0.0/24"] },
  { ...EVERYTHING, excludeIp: ["10.0.0.2", "2001:db8::/64"] },
  { ...EVERYTHING, addressSpaceIds: ["berlin"] },
  { ...EVERYTHING, addressSpaceIds: ["berlin", "leeds"], domains: ["other.example"] },
  { ...EVERYTHING, darkSourceIds: ["s1"] },
  { ...EVERYTHING, darkSourceIds: ["s1"], domains: ["corp.example"], excludeIp: ["10.0.0.1"] },
];

/** A firewall as it keeps its own table by what it is told. */
class Follower {
  readonly table = new Map<string, Entry>();
  cursor = 0;

  /** Takes at most `pages`; true when there was nothing more. */
  poll(table: SessionTable, filter: EntryFilter, limit: number, pages: number): boolean {
    if (this.cursor < table.floorRevision) {
      this.table.clear();
      this.cursor = 0;
    }
    for (let left = pages; left > 0; left--) {
      const page = table.changesSince(this.cursor, limit, filter);
      const revisions = new Set(page.entries.map(({ revision }) => revision));
      // A page is longer than asked only where one record alone fills more than it.
      if (page.entries.length > limit) expect(revisions.size).toBe(1);
      for (const revision of revisions) expect(revision).toBeGreaterThan(this.cursor);
      for (const revision of revisions) expect(revision).toBeLessThanOrEqual(page.nextRevision);
      for (const entry of page.entries)
        if (entry.user || entry.device) this.table.set(entry.ip, entry);
        else this.table.delete(entry.ip);
      this.cursor = page.nextRevision;
      if (page.isLast) return true;
    }
    return false;
  }

  seen() {
    return [...this.table.values()]
      .map(({ ip, user, device }) => [
        ip,
        user?.domain,
        user?.name,
        user?.groups,
        device?.name,
        device?.os,
        device?.groups,
      ])
      .sort();
  }
}

describe(`a firewall that follows the table (seed ${seed})`, { timeout: 600_000 }, () => {
  it("holds what one holds that takes it whole, at every revision, under any filter, with pages of any size, through pruning", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(aStep, fc.integer({ min: 1, max: 4 }), fc.nat(3)), { maxLength: 25 }),
        fc.constantFrom(...FILTERS),
        (steps, filter) => {
          const table = newTable();
          table.setDarkSources(new Set(filter.darkSourceIds ?? []));
          const follower = new Follower();
          let now = DAY + minutes(420);
          for (const [index, [step, limit, pages]] of steps.entries()) {
            now = take(table, step, now, index);
            // It may be behind for a while, in the middle of a table of which pages are already old.
            if (!follower.poll(table, filter, limit, pages === 3 ? 1000 : pages)) continue;
            const whole = new Follower();
            whole.poll(table, filter, 1_000_000, 1);
            expect(follower.seen()).toEqual(whole.seen());
          }
        },
      ),
      params(40_000),
    );
  });

  it("is told at once, and by one revision, of all addresses that one record changed", () => {
    fc.assert(
      fc.property(fc.array(aRecord, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), (records, limit) => {
        const table = newTable();
        let cursor = 0;
        for (const spread of records) {
          // In one space: an address of two is told as one.
          const record = spread.map((one) => ({ ...one, addressSpaceId: "berlin" }));
          const { entries } = table.apply(record, DAY + minutes(420));
          expect(new Set(entries.map(({ revision }) => revision)).size).toBeLessThanOrEqual(1);
          const page = table.changesSince(cursor, limit, EVERYTHING);
          const shown = page.entries.map(({ addressSpaceId, ip }) => `${addressSpaceId}|${ip}`);
          expect(shown.sort()).toEqual(entries.map((one) => `${one.addressSpaceId}|${one.ip}`).sort());
          cursor = page.nextRevision;
          expect(page.isLast).toBe(true);
        }
      }),
      params(20_000),
    );
  });

  it("replaces the entry of the IPv6 address in the very revision in which the owner of the IPv4 address changes", () => {
    const table = newTable();
    const dual = (user: string, minute: number): Observation[] =>
      ["10.0.0.1", "2001:db8::1"].map((ip, ordinal) => ({
        ...aLogon({ user, ip, at: DAY + minutes(minute), id: `${user}-host` }),
        id: `${user}-host#${ordinal}`,
      }));
    table.apply(dual("alice", 1), DAY + minutes(1));
    const first = table.revision;
    table.apply(
      [...dual("bob", 20), aLogon({ user: "carol", ip: "10.0.0.9", at: DAY + minutes(20) })],
      DAY + minutes(20),
    );
    const page = table.changesSince(first, 1, EVERYTHING);
    expect(page.entries.map(({ ip, revision, user }) => [ip, revision, user?.name])).toEqual([
      ["10.0.0.1", first + 1, "bob"],
      ["2001:db8::1", first + 1, "bob"],
    ]);
    expect(page.isLast).toBe(false);
    expect(table.changesSince(page.nextRevision, 1, EVERYTHING).entries).toMatchObject([{ ip: "10.0.0.9" }]);
  });
});
