import { ALICE_SID, aContext, anEvent, fieldsOfReal } from "@rollcall/event-rules/testing";
import { silentLogger } from "@rollcall/observability";
import { FakeClock } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import type { CollectedBatch } from "../collector.ts";
import { EventLogFault } from "./event-log-fault.ts";
import { createEventLogReader, type EventLogReaderOptions } from "./event-log-reader.ts";
import type { EventSourceConfig } from "./event-source-config.ts";
import { FakeEventLog } from "./testing/fake-event-log.ts";

const NOW = Date.parse("2026-01-05T08:00:00Z");
const MINUTE = 60_000;

const CONFIG: EventSourceConfig = {
  id: "dc1",
  name: "DC 1",
  kind: "domain-controller",
  host: "dc1.corp.example",
  addressSpaceId: "space",
  catchUpMinutes: 60,
  lifetimeMinutes: 480,
  rulesOff: [],
  rulesOn: [],
  shares: [],
  endpointMapperPort: 135,
  headerSigning: true,
};

/** Alice's ticket, so many minutes before eight. */
const ticket = (minutesAgo: number, name = "alice", more: Parameters<typeof anEvent>[0] | object = {}) =>
  anEvent({
    eventId: 4768,
    time: NOW - minutesAgo * MINUTE,
    data: fieldsOfReal(4768, { TargetUserName: name }),
    ...more,
  });

function newReader(
  log: FakeEventLog,
  options: Partial<Omit<EventLogReaderOptions, "config">> & { config?: Partial<EventSourceConfig> } = {},
) {
  const clock = new FakeClock(NOW);
  const waits: number[] = [];
  const { config, ...rest } = options;
  const stop = new AbortController();
  const reader = createEventLogReader({
    port: log,
    decode: log.decode,
    site: aContext().site,
    askClockOffset: async () => 0,
    now: clock.now,
    log: silentLogger,
    random: () => 1,
    test: async () => [],
    sleep: async (ms) => {
      waits.push(ms);
      clock.set(clock.now() + ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
    ...rest,
    config: { ...CONFIG, ...config },
  });
  return { reader, clock, waits, stop, health: () => reader.health()[0] };
}

/** Reads on until so many observations have come; gives their names and the batches. */
async function read(
  { reader, stop }: ReturnType<typeof newReader>,
  count: number,
  after: string | null = null,
): Promise<{ names: string[]; batches: CollectedBatch[] }> {
  const batches: CollectedBatch[] = [];
  const names: string[] = [];
  for await (const batch of reader.collect({ after, signal: stop.signal })) {
    batches.push(batch);
    names.push(...batch.observations.map(({ principal }) => principal?.name ?? ""));
    if (names.length >= count) break;
  }
  return { names, batches };
}

describe("a log that is read for the first time", () => {
  it("is caught up with from the cut-off, oldest first, and followed without a gap", async () => {
    const log = new FakeEventLog();
    log.add(ticket(90, "long-ago"), ticket(59, "first"), ticket(30, "second"));
    const lab = newReader(log);
    const reading = read(lab, 3);
    await until(() => log.waiting > 0);
    log.add(ticket(0, "live"));
    expect((await reading).names).toEqual(["first", "second", "live"]);
    expect(log.followed).toEqual([{ kind: "after", recordNumber: 1n }]);
  });

  it("is read whole where all of it is newer than the cut-off", async () => {
    const log = new FakeEventLog();
    log.add(ticket(20, "first"), ticket(10, "second"));
    expect((await read(newReader(log), 2)).names).toEqual(["first", "second"]);
    expect(log.followed).toEqual([{ kind: "oldest" }]);
  });

  it("that is empty misses nothing that is written before the subscription stands", async () => {
    const log = new FakeEventLog();
    const port: EventLogReaderOptions["port"] = {
      untilLoginUsable: (signal) => log.untilLoginUsable(signal),
      connect: async (signal) => {
        const session = await log.connect(signal);
        return {
          ...session,
          follow: (what, from) => {
            log.add(ticket(0, "between"));
            return session.follow(what, from);
          },
        };
      },
    };
    expect((await read(newReader(log, { port }), 1)).names).toEqual(["between"]);
  });

  it("of which nothing is wanted begins with what comes", async () => {
    const log = new FakeEventLog();
    log.add(ticket(1, "before"));
    const lab = newReader(log, { config: { catchUpMinutes: 0 } });
    const reading = read(lab, 1);
    await until(() => log.waiting > 0);
    log.add(ticket(0, "after"));
    expect((await reading).names).toEqual(["after"]);
    expect(log.skimmed).toBe(0);
  });

  it("of a collector is searched on past old records that a computer brought late", async () => {
    const log = new FakeEventLog();
    log.add(ticket(90, "old"), ticket(50, "early"), ticket(3000, "late-laptop"), ticket(10, "recent"));
    const lab = newReader(log, { config: { kind: "event-collector" } });
    expect((await read(lab, 3)).names).toContain("early");
  });

  it("is searched on past a record that stands out of its turn, for a clock was set", async () => {
    const log = new FakeEventLog();
    log.add(
      ticket(90, "old"),
      ticket(50, "early"),
      ticket(5000, "before-the-clock-was-set"),
      ticket(10, "recent"),
    );
    expect((await read(newReader(log), 3)).names).toEqual(["early", "before-the-clock-was-set", "recent"]);
  });

  it("stops searching where only older records follow", async () => {
    const log = new FakeEventLog();
    log.add(...Array.from({ length: 1000 }, (_, n) => ticket(5000 - n, `old-${n}`)), ticket(10, "recent"));
    expect((await read(newReader(log), 1)).names).toEqual(["recent"]);
    expect(log.skimmed).toBe(256);
  });

  it("counts by the server's clock", async () => {
    const log = new FakeEventLog();
    // Its clock is two hours ahead: an event of 07:30 is written as 09:30.
    log.add(ticket(90 - 120, "too-old"), ticket(30 - 120, "wanted"));
    const lab = newReader(log, { askClockOffset: async () => 120 * MINUTE });
    const { batches } = await read(lab, 1);
    expect(batches[0]?.observations).toMatchObject([
      { principal: { name: "wanted" }, effectiveAt: NOW - 30 * MINUTE },
    ]);
  });
});

describe("a log that was read before", () => {
  it("is read on behind its bookmark, however long ago that was", async () => {
    const log = new FakeEventLog();
    log.add(ticket(3000, "known"));
    const { batches } = await read(newReader(log, { config: { catchUpMinutes: 10_000 } }), 1);
    const bookmark = batches.at(-1)?.bookmark ?? null;
    log.add(ticket(2000, "while-away"), ticket(5, "newest"));
    expect((await read(newReader(log), 2, bookmark)).names).toEqual(["while-away", "newest"]);
  });

  it.each([true, false])(
    "and was cleared meanwhile is read from the last event seen, and that is said (counts anew: %s)",
    async (countsAnew) => {
      const log = new FakeEventLog();
      log.add(ticket(40, "known"), ticket(35, "known"), ticket(30, "known"));
      const first = await read(newReader(log), 3);
      log.clear({ countsAnew });
      log.add(ticket(20, "after-clearing"));
      const lab = newReader(log, { config: { catchUpMinutes: 5 } });
      expect((await read(lab, 1, first.batches.at(-1)?.bookmark ?? null)).names).toEqual(["after-clearing"]);
      expect(lab.health()?.counters.bookmarksLost).toBe(1);
    },
  );

  it("and was cleared and has counted beyond the bookmark again is seen to be another one", async () => {
    const log = new FakeEventLog();
    log.add(ticket(40, "known"), ticket(35, "known"));
    const first = await read(newReader(log), 2);
    log.clear({ countsAnew: true });
    log.add(ticket(20, "one"), ticket(19, "two"), ticket(18, "three"));
    const lab = newReader(log);
    expect((await read(lab, 3, first.batches.at(-1)?.bookmark ?? null)).names).toEqual([
      "one",
      "two",
      "three",
    ]);
    expect(lab.health()?.counters.bookmarksLost).toBe(1);
  });

  it("and has rolled over beyond the bookmark says that records may be missing", async () => {
    const log = new FakeEventLog();
    log.add(ticket(30, "known"));
    const { batches } = await read(newReader(log), 1);
    log.add(ticket(20, "lost"), ticket(10, "still-there"));
    log.rollOver(1);
    const lab = newReader(log);
    const reading = read(lab, 2, batches.at(-1)?.bookmark ?? null);
    await until(() => log.waiting > 0);
    expect(lab.health()).toMatchObject({
      state: "degraded",
      sentence: expect.stringContaining("may be missing"),
    });
    log.add(ticket(0, "live"));
    expect((await reading).names).toEqual(["still-there", "live"]);
  });

  it("under another path is another log: its bookmark means nothing", async () => {
    const log = new FakeEventLog();
    log.add(ticket(20, "one"), ticket(10, "two"));
    const { batches } = await read(newReader(log), 2);
    const other = newReader(log, { config: { channelPath: "Security-Archive" } });
    expect((await read(other, 2, batches[0]?.bookmark ?? null)).names).toEqual(["one", "two"]);
  });

  it("has a bookmark that cannot be read is caught up with", async () => {
    const log = new FakeEventLog();
    log.add(ticket(20, "one"));
    for (const after of ["", "{}", "null", '{"v":1,"channel":"Security","record":"-1","at":0}', "[1]"])
      expect((await read(newReader(log), 1, after)).names).toEqual(["one"]);
  });
});

describe("a server that goes away", () => {
  it("waits longer each time, and never more than a minute", async () => {
    const log = new FakeEventLog();
    log.fault = new EventLogFault("unreachable", "dc1 does not answer", "check the route");
    const lab = newReader(log, {
      sleep: async (ms) => {
        lab.waits.push(ms);
        if (lab.waits.length === 9) log.fault = null;
      },
    });
    log.add(ticket(1));
    await read(lab, 1);
    expect(lab.waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(lab.health()?.counters.faults).toBe(9);
  });

  it("loses nothing and repeats nothing when a connection ends in the middle", async () => {
    const log = new FakeEventLog();
    log.add(ticket(20, "one"));
    const lab = newReader(log);
    const reading = read(lab, 3);
    await until(() => log.waiting > 0);
    log.drop();
    await until(() => log.connections === 2 && log.waiting > 0);
    log.add(ticket(1, "two"));
    await until(() => log.waiting > 0);
    log.drop();
    await until(() => log.connections === 3 && log.waiting > 0);
    log.add(ticket(0, "three"));
    expect((await reading).names).toEqual(["one", "two", "three"]);
    expect(log.followed.slice(1)).toEqual([
      { kind: "after", recordNumber: 1n },
      { kind: "after", recordNumber: 2n },
    ]);
  });

  it("clears its log under a standing subscription, and is read on", async () => {
    const log = new FakeEventLog();
    log.add(ticket(20, "one"));
    const lab = newReader(log);
    const reading = read(lab, 2);
    await until(() => log.waiting > 0);
    log.clear({ countsAnew: true });
    log.add(ticket(0, "first-of-the-new-log"));
    expect((await reading).names).toEqual(["one", "first-of-the-new-log"]);
    expect(lab.health()?.counters.bookmarksLost).toBeGreaterThan(0);
  });

  it("hangs with its connection open: it is left, and connected to anew", async () => {
    const log = new FakeEventLog();
    log.add(ticket(20, "one"));
    const lab = newReader(log, { deadlineMs: 20 });
    const reading = read(lab, 2);
    while (log.connections < 2) await new Promise((resolve) => setImmediate(resolve));
    log.add(ticket(0, "two"));
    expect((await reading).names).toEqual(["one", "two"]);
  });

  it("says what to do, from the moment it is away", async () => {
    const log = new FakeEventLog();
    log.fault = new EventLogFault(
      "no-rights",
      "dc1 does not let the account read Security",
      "add it to Event Log Readers",
    );
    const lab = newReader(log, {
      sleep: async () => {
        expect(lab.health()).toMatchObject({
          state: "broken",
          since: NOW,
          sentence: "dc1 does not let the account read Security: add it to Event Log Readers",
        });
        lab.stop.abort();
      },
    });
    await read(lab, 1);
    expect.assertions(1);
  });

  it("is not asked while its login is paused, and again once it is usable", async () => {
    const log = new FakeEventLog();
    log.add(ticket(1, "alice"));
    log.fault = new EventLogFault("login-paused", "The password was refused twice", "set it anew");
    log.onLoginWaited = (makeUsable) => {
      log.fault = null;
      makeUsable();
    };
    const lab = newReader(log);
    expect((await read(lab, 1)).names).toEqual(["alice"]);
    expect([log.connections, lab.waits]).toEqual([2, []]);
  });
});

describe("records", () => {
  it("that cannot be read are counted and said, and never the end", async () => {
    const log = new FakeEventLog();
    log.add(ticket(3, "one"), null, ticket(1, "two"));
    const lab = newReader(log);
    const { names, batches } = await read(lab, 2);
    expect(names).toEqual(["one", "two"]);
    expect(batches.flatMap(({ rejected }) => rejected)).toEqual([
      { sourceId: "dc1", reason: "damaged-record", count: 1, sample: "the record ends early" },
    ]);
    expect(lab.health()?.counters).toMatchObject({
      received: 3,
      matched: 2,
      refused: 1,
      "rule.event:4768": 2,
    });
  });

  it("that name nobody move the bookmark too, and are counted by reason", async () => {
    const log = new FakeEventLog();
    log.add(
      anEvent({ eventId: 4688, time: NOW - MINUTE }),
      anEvent({ eventId: 4768, time: NOW, data: fieldsOfReal(4768, { Status: "0x6" }) }),
    );
    const lab = newReader(log);
    const batch = await lab.reader
      .collect({ after: null, signal: lab.stop.signal })
      [Symbol.asyncIterator]()
      .next();
    expect(batch.value?.observations).toEqual([]);
    expect(JSON.parse(batch.value?.bookmark ?? "")).toMatchObject({ record: "2" });
    expect(lab.health()?.counters).toMatchObject({
      unmatched: 1,
      ignored: 1,
      "ignored.no-rule": 1,
      "ignored.failed-logon": 1,
    });
  });

  it("of before the connection open nothing while the server's clock is more than ten minutes off", async () => {
    const log = new FakeEventLog();
    log.add(ticket(-20 + 5, "backlog"));
    const lab = newReader(log, { askClockOffset: async () => 20 * MINUTE });
    const reading = read(lab, 2);
    await until(() => log.waiting > 0);
    log.add(ticket(-21, "live"));
    const { batches } = await reading;
    expect(batches.flatMap(({ observations }) => observations.map((one) => one.class))).toEqual(["D", "B"]);
  });

  it("are of the account, whatever it is called", async () => {
    const log = new FakeEventLog();
    log.add(ticket(1));
    expect((await read(newReader(log), 1)).batches[0]?.observations[0]).toMatchObject({
      sourceId: "dc1",
      principal: { sid: ALICE_SID },
      sourceLabel: "Rollcall events DC 1",
    });
  });
});

describe("events of computers that are not known anywhere yet", () => {
  const atPc7 = (minutesAgo: number, eventId: number, fields: Readonly<Record<string, string>> = {}) =>
    anEvent({
      eventId,
      computer: "pc7.corp.example",
      time: NOW - minutesAgo * MINUTE,
      data: fieldsOfReal(eventId, fields),
    });
  /** A collector's log, at a site that learns where pc7 is when the test says so. */
  const newLab = (log: FakeEventLog) => {
    const known = { isKnown: false };
    const { site } = aContext();
    const lab = newReader(log, {
      config: { kind: "event-collector" },
      site: { ...site, addressesOf: (name, at) => (known.isKnown ? site.addressesOf(name, at) : []) },
    });
    return { lab, known };
  };

  it("wait for two minutes, and are judged again", async () => {
    const log = new FakeEventLog();
    log.add(atPc7(1, 4624, { LogonType: "2" }));
    const { lab, known } = newLab(log);
    const reading = read(lab, 1);
    await until(() => log.waiting > 0);
    expect(lab.health()?.counters).toMatchObject({ received: 1, matched: 0, ignored: 0, waiting: 1 });
    known.isKnown = true;
    lab.clock.set(NOW + 6000);
    log.tick();
    expect((await reading).names).toEqual(["alice"]);
    expect(lab.health()?.counters).toMatchObject({ matched: 1, ignored: 0 });
  });

  it("are counted as that when it does not become known", async () => {
    const log = new FakeEventLog();
    log.add(atPc7(1, 4624, { LogonType: "2" }));
    const { lab } = newLab(log);
    void read(lab, 1);
    await until(() => log.waiting > 0);
    lab.clock.set(NOW + 121_000);
    log.tick();
    await until(() => log.waiting > 0);
    expect(lab.health()?.counters).toMatchObject({ ignored: 1, "ignored.computer-at-no-known-address": 1 });
    lab.stop.abort();
  });

  it("keep their order: who has logged off meanwhile is ended too", async () => {
    const log = new FakeEventLog();
    log.add(atPc7(2, 4624, { LogonType: "2" }), atPc7(1, 4647));
    const { lab, known } = newLab(log);
    const reading = read(lab, 2);
    await until(() => log.waiting > 0);
    known.isKnown = true;
    lab.clock.set(NOW + 6000);
    log.tick();
    const { batches } = await reading;
    expect(batches.flatMap(({ observations }) => observations.map(({ verb }) => verb))).toEqual([
      "start",
      "end",
    ]);
  });
});

describe("the query", () => {
  it("falls back to event numbers where the server cannot use the other", async () => {
    const log = new FakeEventLog();
    log.refusesQueryWith = 0x3a99;
    log.add(ticket(1));
    expect((await read(newReader(log), 1)).names).toEqual(["alice"]);
    expect(log.queries[0]).toContain("<Suppress");
    expect(log.queries[1]).not.toContain("<Suppress");
  });

  it("of the configuration is asked as it is, and its refusal is said", async () => {
    const log = new FakeEventLog();
    log.refusesQueryWith = 0x3a99;
    const lab = newReader(log, {
      config: { query: "<QueryList><Suppress/></QueryList>" },
      sleep: async () => lab.stop.abort(),
    });
    await read(lab, 1);
    expect(log.queries).toEqual(["<QueryList><Suppress/></QueryList>"]);
    expect(lab.health()).toMatchObject({ state: "broken", sentence: expect.stringContaining("clear it") });
  });
});

describe("silence", () => {
  it("of a server that answers is told from one that has gone", async () => {
    const log = new FakeEventLog();
    log.add(ticket(1));
    const lab = newReader(log);
    const reading = read(lab, 2);
    await until(() => log.waiting > 0);
    log.tick();
    await until(() => log.waiting > 0);
    expect(lab.health()?.state).toBe("ok");
    lab.clock.set(NOW + 16_000);
    expect(lab.health()).toMatchObject({
      state: "broken",
      sentence: expect.stringContaining("has not answered"),
    });
    lab.clock.set(NOW + 20 * MINUTE);
    log.tick();
    await until(() => log.waiting > 0);
    expect(lab.health()).toMatchObject({
      state: "degraded",
      sentence: expect.stringContaining("no event has come for 20 min"),
    });
    log.add(ticket(0));
    await reading;
  });

  it("from the first moment points at the audit policy", async () => {
    const log = new FakeEventLog();
    const lab = newReader(log);
    void read(lab, 1);
    await until(() => log.waiting > 0);
    expect(lab.health()).toMatchObject({ state: "never", sentence: expect.stringContaining("audit policy") });
    lab.stop.abort();
  });

  it("a clock that is off is said from 5 s on, and degrades from a minute on", async () => {
    const sentenceFor = async (offset: number) => {
      const log = new FakeEventLog();
      log.add(ticket(1));
      const lab = newReader(log, { askClockOffset: async () => offset });
      void read(lab, 2);
      await until(() => log.waiting > 0);
      log.tick();
      await until(() => log.waiting > 0);
      const { state, sentence } = lab.health() ?? {};
      lab.stop.abort();
      return { state, sentence };
    };
    expect((await sentenceFor(4000)).sentence).not.toContain("clock");
    expect(await sentenceFor(-30_000)).toMatchObject({
      state: "ok",
      sentence: expect.stringContaining("30 s behind"),
    });
    expect(await sentenceFor(90_000)).toMatchObject({
      state: "degraded",
      sentence: expect.stringContaining("90 s ahead"),
    });
  });
});

/** Waits until something has become so, step by step and without a clock. */
async function until(isSo: () => boolean): Promise<void> {
  for (let step = 0; step < 1000; step += 1) {
    if (isSo()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("it did not become so");
}
