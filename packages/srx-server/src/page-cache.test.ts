import type { Entry, EntryFilter, EpochMs } from "@rollcall/identity-core";
import { jsonSuperset, type SrxProfile } from "@rollcall/srx-protocol";
import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CappedSource } from "./capped-source.ts";
import { LoopShare } from "./loop-share.ts";
import { PageCache } from "./page-cache.ts";
import { EVERYTHING, TestTable } from "./testing/index.ts";

const SPACE = "space-1";
const ONE_SPACE: EntryFilter = { ...EVERYTHING, addressSpaceIds: [SPACE] };
const logon = (at: number, name = "alice", addressSpaceId = SPACE): Entry =>
  anEntry({ ip: `10.0.${at >> 8}.${at & 255}`, addressSpaceId, user: anEntryUser({ name }) });
const nobody = (at: number, addressSpaceId = SPACE): Entry =>
  anEntry({ ip: `10.0.${at >> 8}.${at & 255}`, addressSpaceId, changedAt: 0 as EpochMs });

const aCache = (bytesMax = 1_000_000) => new PageCache({ bytesMax, onAltered: () => undefined });
/** As a listener asks: what is kept, else written. */
const read = (cache: PageCache, source: TestTable, after: number, limit: number, filter = ONE_SPACE) => {
  const question = { source, profile: jsonSuperset, filter, after, limit };
  return cache.find(question) ?? cache.write(question);
};
const textOf = (page: { readonly body: readonly Uint8Array[] }): string =>
  Buffer.concat(page.body).toString();
const table = (entries: number): TestTable => {
  const source = new TestTable();
  for (let at = 0; at < entries; at++) source.tell(logon(at));
  return source;
};

describe("a kept page", () => {
  test("is the same bytes for every reader that asks the same", () => {
    const source = table(10);
    const cache = aCache();
    const first = read(cache, source, 0, 5);
    expect(read(cache, source, 0, 5, { ...ONE_SPACE }).body).toBe(first.body);
    expect(read(cache, source, 0, 4).body).not.toBe(first.body);
    expect(read(cache, source, 0, 5, { ...ONE_SPACE, excludeIp: ["10.0.0.1"] }).body).not.toBe(first.body);
    const other: SrxProfile = { ...jsonSuperset, id: "other" };
    expect(cache.find({ source, profile: other, filter: ONE_SPACE, after: 0, limit: 5 })).toBeNull();
    expect(
      cache.find({ source: table(10), profile: jsonSuperset, filter: ONE_SPACE, after: 0, limit: 5 }),
    ).toBeNull();
  });

  test("is none where the firewall holds fewer than there are: whom it was told nobody of is told once there is room", () => {
    const source = new TestTable();
    for (const at of [1, 2]) source.tell(logon(at, `user${at}`));
    const capped = new CappedSource(source, 1, () => 0);
    const cache = aCache();
    const question = { source: capped, profile: jsonSuperset, filter: ONE_SPACE, after: 0, limit: 2 };
    expect(textOf(cache.write(question))).not.toContain("user2");
    source.tell(nobody(1));
    cache.write({ ...question, after: 2 });
    expect(cache.find(question)).toBeNull();
    expect(textOf(cache.write(question))).toContain("user2");
    expect(cache.numbers.bytes).toBe(0);
  });

  test("stays while only later entries change", () => {
    const source = table(2000);
    const cache = aCache();
    const first = read(cache, source, 0, 5);
    source.tell(logon(1999, "bob"));
    expect(read(cache, source, 0, 5)).toBe(first);
  });

  test("is not given again once one of its entries was superseded", () => {
    const source = table(10);
    const cache = aCache();
    read(cache, source, 0, 5);
    source.tell(logon(2, "mallory"));
    const page = read(cache, source, 0, 5);
    expect(textOf(page)).not.toContain('"10.0.0.2"');
    expect(page.count).toBe(5);
  });

  test("is not given again once one of its tombstones was forgotten, or in another incarnation", () => {
    const source = table(10);
    source.tell(nobody(3));
    source.tell(logon(20));
    const cache = aCache();
    expect(textOf(read(cache, source, 8, 3))).toContain('"10.0.0.3"');
    source.prune(1 as EpochMs);
    expect(textOf(read(cache, source, 8, 3))).not.toContain('"10.0.0.3"');
    const kept = read(cache, source, 0, 5);
    source.incarnation = "00000000000000cc";
    expect(read(cache, source, 0, 5)).not.toBe(kept);
  });

  test("that is the last one is not given again once something was added", () => {
    const source = table(300);
    const cache = aCache();
    const last = read(cache, source, 100, 1000);
    expect(last).toMatchObject({ count: 200, isLast: true });
    expect(read(cache, source, 100, 1000)).toEqual(last);
    source.tell(logon(301));
    expect(read(cache, source, 100, 1000)).toMatchObject({ count: 201, isLast: true });
  });

  test("writes an entry of late once for firewalls that stand at different places, and again when it changes", () => {
    const source = table(300);
    let written = 0;
    const profile: SrxProfile = {
      ...jsonSuperset,
      id: "counting",
      encodeEntry(entry) {
        written += 1;
        return jsonSuperset.encodeEntry(entry);
      },
    };
    const cache = aCache();
    const ask = (after: number) =>
      textOf(cache.write({ source, profile, filter: ONE_SPACE, after, limit: 1000 }));
    ask(0);
    expect(written).toBe(300);
    for (const after of [150, 151, 160, 170]) expect(ask(after).match(/"ip":/g)).toHaveLength(300 - after);
    // Each wrote its own two ends, shorter than a strip, and nothing else.
    expect(written).toBeLessThan(300 + 4 * 2 * 32);
    source.tell(logon(200, "mallory"));
    for (const after of [150, 170]) {
      expect(ask(after)).toContain("mallory");
      expect(ask(after)).not.toMatch(/"ip":"10\.0\.0\.200"[^}]*alice/);
    }
  });

  test("of several address spaces ends when its address begins to live in another one", () => {
    const source = table(10);
    const filter = { ...EVERYTHING, addressSpaceIds: [SPACE, "space-2"] };
    const cache = aCache();
    expect(textOf(read(cache, source, 0, 3, filter))).toContain("alice");
    source.tell(logon(0, "bob", "space-2"));
    const entries = JSON.parse(`[${textOf(read(cache, source, 0, 3, filter))}]`) as {
      ip: string;
      user: string;
    }[];
    expect(entries.find(({ ip }) => ip === "10.0.0.0")?.user).toBe("");
  });

  test("keeps the last twenty of its entries, oldest first", () => {
    const page = read(aCache(), table(100), 0, 50);
    expect(page.newest.map(({ revision }) => revision)).toEqual(
      Array.from({ length: 20 }, (_, at) => 31 + at),
    );
  });

  test("goes when there is no more room, the one longest not asked for first", () => {
    const source = table(1000);
    const one = Buffer.concat(read(aCache(), source, 0, 100).body).length + 8 * 1024;
    const cache = aCache(2 * one + one / 2);
    const [first, second] = [read(cache, source, 0, 100), read(cache, source, 100, 100)];
    read(cache, source, 0, 100);
    read(cache, source, 200, 100);
    expect(read(cache, source, 0, 100)).toBe(first);
    expect(read(cache, source, 100, 100)).not.toBe(second);
    expect(cache.numbers.bytes).toBeLessThanOrEqual(2 * one + one / 2);
  });

  test("is let go when nobody asked for it for a while", async () => {
    const source = table(300);
    const cache = new PageCache({ bytesMax: 1_000_000, onAltered: () => undefined, idleMs: 30 });
    const kept = read(cache, source, 0, 100);
    expect(read(cache, source, 0, 100)).toBe(kept);
    await expect.poll(() => cache.numbers.bytes).toBe(0);
    expect(read(cache, source, 0, 100)).not.toBe(kept);
  });

  test("says what the table says, whatever happens in between", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("tell" as const), at: fc.nat(30), live: fc.boolean(), space: fc.nat(1) }),
      fc.record({ do: fc.constant("prune" as const) }),
      fc.record({
        do: fc.constant("read" as const),
        after: fc.nat(60),
        limit: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 33, max: 200 })),
        both: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 200 }), (steps) => {
        const source = new TestTable();
        const cache = aCache();
        for (const one of steps) {
          if (one.do === "prune") source.prune(1 as EpochMs);
          else if (one.do === "tell") {
            const space = one.space === 0 ? SPACE : "space-2";
            source.tell(one.live ? logon(one.at, `u${source.revision}`, space) : nobody(one.at, space));
          } else {
            const filter = one.both ? EVERYTHING : ONE_SPACE;
            const after = Math.min(one.after, source.revision);
            const page = read(cache, source, after, one.limit, filter);
            const { entries, nextRevision, isLast } = source.changesSince(after, one.limit, filter);
            const wanted = cache.writeEntries(jsonSuperset, entries, { revision: nextRevision, isLast });
            expect({ ...page, body: textOf(page), led: null }).toEqual({
              ...wanted,
              body: textOf(wanted),
              led: null,
            });
          }
        }
      }),
    );
  });
});

describe("the room for pages", () => {
  test("holds also where the filters are longer than the pages", () => {
    const source = table(10);
    const cache = aCache(400_000);
    for (let of = 0; of < 20; of++) {
      const excludeIp = Array.from({ length: 5000 }, (_, at) => `172.${of}.${at >> 8}.${at & 255}`);
      read(cache, source, 0, 5, { ...ONE_SPACE, excludeIp });
    }
    // Each filter alone is 90 kB of key: four of them fit, and their pages of a few kB.
    expect(cache.numbers.bytes).toBeGreaterThan(4 * 80_000);
    expect(cache.numbers.bytes).toBeLessThanOrEqual(400_000);
    source.tell(logon(3, "other"));
    const before = cache.numbers.bytes;
    const excludeIp = Array.from({ length: 5000 }, (_, at) => `172.19.${at >> 8}.${at & 255}`);
    cache.find({
      source,
      profile: jsonSuperset,
      filter: { ...ONE_SPACE, excludeIp },
      after: 0,
      limit: 5,
    });
    expect(before - cache.numbers.bytes).toBeGreaterThan(80_000);
  });
});

describe("a share of the event loop", () => {
  /** Work that takes as long as it says, whatever else this machine does. */
  const aLoop = (shareMs: number, ofLastTurn: number) => {
    let now = 0;
    const share = new LoopShare(shareMs, ofLastTurn, () => now);
    return {
      share,
      pass: (ms: number) => {
        now += ms;
      },
      spend: (ms: number) =>
        share.work(() => {
          now += ms;
        }),
    };
  };

  test("is over once work has taken it, and comes to those who wait one by one", async () => {
    const { share, spend } = aLoop(1, 0);
    const order: string[] = [];
    spend(2);
    expect(share.isOver).toBe(true);
    const waiter = async (name: string) => {
      await share.next();
      expect(share.isOver).toBe(false);
      order.push(name);
      spend(2);
    };
    const waiting = [waiter("a"), waiter("b"), waiter("c")];
    setImmediate(() => order.push("somebody else"));
    await Promise.all(waiting);
    expect(order).toEqual(["a", "somebody else", "b", "c"]);
  });

  test("lets many small pieces of work through in one turn", async () => {
    const { share, spend } = aLoop(5, 0);
    spend(6);
    let served = 0;
    for (let at = 0; at < 20; at++)
      void share.next().then(() => {
        served += 1;
        spend(0.1);
      });
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(served).toBe(20);
  });

  test("grows with a loop that is busy with other things, where it may", async () => {
    for (const [part, mayGoOn] of [
      [0.5, true],
      [0, false],
    ] as const) {
      const { share, spend, pass } = aLoop(2, part);
      spend(2);
      const later = share.next();
      pass(30);
      await later;
      spend(10);
      expect([part, !share.isOver]).toEqual([part, mayGoOn]);
    }
  });
});
