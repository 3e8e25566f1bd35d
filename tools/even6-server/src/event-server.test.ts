import { createEventReader } from "@rollcall/windows-rpc/binxml";
import { RpcConnectionError, RpcFault } from "@rollcall/windows-rpc/dcerpc";
import { findEndpoint } from "@rollcall/windows-rpc/endpoint-mapper";
import { EVENT_LOG, type EventLogCursor, type OpenedCursor } from "@rollcall/windows-rpc/even6";
import { afterEach, describe, expect, it } from "vitest";
import { type EventServer, type EventServerOptions, startEventServer } from "./event-server.ts";
import { readMoulds } from "./moulds.ts";
import { connectTo, READER } from "./testing/reading-client.ts";
import { collectorFile, controllerFiles, hasRealRecords } from "./testing/real-records.ts";

const started: EventServer[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

const real = hasRealRecords ? readMoulds([...controllerFiles(), collectorFile()]).moulds : [];

async function newServer(options: Partial<EventServerOptions> = {}): Promise<EventServer> {
  const server = await startEventServer({
    computer: "dc1.lab.example",
    channels: ["Security", "System", "ForwardedEvents"],
    accounts: [READER],
    moulds: real,
    ...options,
  });
  started.push(server);
  return server;
}

const everything = { channel: "Security", query: "*" };

function cursorOf(opened: OpenedCursor): EventLogCursor {
  if (opened.kind !== "open") throw new Error(`the log was not opened: ${JSON.stringify(opened)}`);
  return opened.cursor;
}

/** Record numbers until nothing more comes. */
async function numbersOf(cursor: EventLogCursor, max = 256): Promise<bigint[]> {
  const numbers: bigint[] = [];
  for (;;) {
    const got = await cursor.next(max, 0);
    if (got.kind !== "records") return numbers;
    numbers.push(...got.records.map(({ recordNumber }) => recordNumber));
  }
}

function logon(server: EventServer, name: string): bigint {
  return server.addPlain("Security", {
    provider: "Microsoft-Windows-Security-Auditing",
    eventId: 4768,
    data: { TargetUserName: name, IpAddress: "::ffff:10.0.0.1" },
  });
}

function logons(server: EventServer, count: number): void {
  for (let index = 0; index < count; index += 1) logon(server, `user${index}`);
}

describe("a log read over the network", () => {
  it("gives its history newest first, then its end, in answers as small as asked for", async () => {
    const server = await newServer();
    logons(server, 50);
    const { session } = await connectTo(server);
    const cursor = cursorOf(await session.newestFirst(everything));
    expect(await cursor.next(1, 0)).toMatchObject({ kind: "records", records: [{ recordNumber: 50n }] });
    expect(await numbersOf(cursor, 7)).toEqual(Array.from({ length: 49 }, (_, index) => BigInt(49 - index)));
    expect(await cursor.next(1, 0)).toEqual({ kind: "end" });
    await cursor.close();
    expect(await cursor.next(1, 0)).toMatchObject({ kind: "refused", name: "ERROR_INVALID_PARAMETER" });
    session.close();
  });

  it("is followed behind a bookmark: what lies between is neither missed nor given twice", async () => {
    const server = await newServer();
    logons(server, 20);
    const first = await connectTo(server);
    const reading = cursorOf(await first.session.follow(everything, { kind: "oldest" }));
    const got = await reading.next(12, 0);
    const seen = got.kind === "records" ? got.records.map(({ recordNumber }) => recordNumber) : [];
    first.session.close();
    logons(server, 5);

    const second = await connectTo(server);
    const last = seen.at(-1) ?? 0n;
    const on = cursorOf(await second.session.follow(everything, { kind: "after", recordNumber: last }));
    const rest = await numbersOf(on);
    logon(server, "live");
    const live = await on.next(10, 5000);
    expect([...seen, ...rest]).toEqual(Array.from({ length: 25 }, (_, index) => BigInt(index + 1)));
    expect(live).toMatchObject({ kind: "records", records: [{ recordNumber: 26n }] });
    second.session.close();
  });

  it("waits for what is written, and says when nothing was", async () => {
    const server = await newServer();
    logons(server, 3);
    const { session } = await connectTo(server);
    const cursor = cursorOf(await session.follow(everything, { kind: "future" }));
    expect(await cursor.next(10, 1)).toEqual({ kind: "nothing" });
    const waiting = cursor.next(10, 10_000);
    logon(server, "later");
    expect(await waiting).toMatchObject({ kind: "records", records: [{ recordNumber: 4n }] });
    session.close();
  });

  it.each([
    [false, 31n],
    [true, 1n],
  ])(
    "that was cleared says so to whoever was reading or comes with a bookmark; counts anew: %s",
    async (countsAnew, first) => {
      const server = await newServer();
      logons(server, 30);
      const { session } = await connectTo(server);
      const history = cursorOf(await session.newestFirst(everything));
      const following = cursorOf(await session.follow(everything, { kind: "after", recordNumber: 30n }));
      server.clear("Security", countsAnew);
      expect(await history.next(1, 0)).toEqual({ kind: "stale" });
      expect(await following.next(1, 0)).toEqual({ kind: "stale" });
      expect(await session.follow(everything, { kind: "after", recordNumber: 30n })).toEqual({
        kind: "stale",
      });
      const anew = cursorOf(await session.follow(everything, { kind: "oldest" }));
      const got = await anew.next(10, 0);
      const [record] = got.kind === "records" ? got.records : [];
      const read = createEventReader().read(record?.binXml ?? Buffer.alloc(0));
      expect(read.kind === "event" && [read.event.eventId, read.event.recordId]).toEqual([1102, first]);
      session.close();
    },
  );

  it("whose bookmarked record has rolled over says so", async () => {
    const server = await newServer();
    logons(server, 30);
    server.log("Security").rollOver(10);
    const { session } = await connectTo(server);
    expect(await session.follow(everything, { kind: "after", recordNumber: 5n })).toEqual({ kind: "stale" });
    expect(
      await numbersOf(cursorOf(await session.follow(everything, { kind: "after", recordNumber: 25n }))),
    ).toEqual([26n, 27n, 28n, 29n, 30n]);
    session.close();
  });

  it("goes on after a restart of the server, at the same mapper and whichever port that names", async () => {
    const server = await newServer();
    logons(server, 4);
    const before = await connectTo(server);
    const cursor = cursorOf(await before.session.follow(everything, { kind: "oldest" }));
    expect(await numbersOf(cursor)).toHaveLength(4);
    const cut = cursor.next(1, 10_000);
    await server.stop();
    await expect(cut).rejects.toBeInstanceOf(RpcConnectionError);
    await expect(
      findEndpoint({
        host: "127.0.0.1",
        mapperPort: server.mapperPort,
        interface: EVENT_LOG,
        timeoutMs: 5000,
      }),
    ).rejects.toMatchObject({ failure: "unreachable" });
    await server.start();
    logon(server, "after");
    const after = await connectTo(server);
    expect(
      await numbersOf(cursorOf(await after.session.follow(everything, { kind: "after", recordNumber: 4n }))),
    ).toEqual([5n]);
    after.session.close();
  });

  it("never sends more than 2 MiB at once, and all of it in the end", async () => {
    const server = await newServer();
    for (let index = 0; index < 300; index += 1)
      server.addPlain("Security", { provider: "P", eventId: 1, data: { Text: "x".repeat(8000) } });
    const { session } = await connectTo(server);
    const cursor = cursorOf(await session.follow(everything, { kind: "oldest" }));
    const got = await cursor.next(1024, 0);
    const count = got.kind === "records" ? got.records.length : 0;
    expect(count).toBeGreaterThan(100);
    expect(count).toBeLessThan(131);
    expect(await numbersOf(cursor, 1024)).toHaveLength(300 - count);
    session.close();
  });
});

describe("a server asked for what it does not give", () => {
  it("says what is wrong by its Windows name", async () => {
    const blind = { user: "svc-blind", password: "Not-a-reader-1", mayRead: false };
    const server = await newServer({ accounts: [READER, blind] });
    const { session } = await connectTo(server);
    const open = (channel: string, query: string) => session.newestFirst({ channel, query });
    expect(await open("Nowhere", "*")).toMatchObject({
      kind: "refused",
      name: "ERROR_EVT_CHANNEL_NOT_FOUND",
    });
    expect(await open("Security", "*[System[contains(Computer,'x')]]")).toMatchObject({
      kind: "refused",
      name: "ERROR_EVT_INVALID_QUERY",
      info: { error: 15001 },
    });
    session.close();
    const other = await connectTo(server, blind);
    expect(await other.session.newestFirst(everything)).toMatchObject({
      kind: "refused",
      name: "ERROR_ACCESS_DENIED",
    });
    other.session.close();
  });

  it("lists its logs, and says how full one is", async () => {
    const server = await newServer();
    logons(server, 12);
    server.log("Security").rollOver(5);
    const { session } = await connectTo(server);
    expect(await session.channels()).toEqual({
      kind: "channels",
      channels: ["Security", "System", "ForwardedEvents"],
    });
    expect(await session.logInfo("Security")).toMatchObject({ kind: "log", records: 5n, oldestRecord: 8n });
    expect(await session.logInfo("Nowhere")).toMatchObject({ kind: "refused", status: 15007 });
    session.close();
  });

  it("refuses a password that was changed, from the next login on", async () => {
    const server = await newServer();
    const { session } = await connectTo(server);
    expect(await session.channels()).toMatchObject({ kind: "channels" });
    server.setAccounts([{ ...READER, password: "Another-1" }]);
    expect(await session.channels()).toMatchObject({ kind: "channels" });
    session.close();
    const late = await connectTo(server);
    await expect(late.session.channels()).rejects.toSatisfy(
      (error) => error instanceof RpcFault && error.status === 5 && error.isLoginUnproved,
    );
    expect(server.logins).toEqual({ accepted: 1, refused: 1 });
    late.session.close();
  });
});

describe.skipIf(!hasRealRecords)("a real record that speaks of other people", () => {
  it("says the new name, address, SID, computer and time, and all else as it was", async () => {
    const server = await newServer();
    const at = "2026-11-25T08:00:00.000Z";
    const set = {
      TargetUserName: "ana",
      TargetDomainName: "LAB",
      TargetUserSid: "S-1-5-21-1-2-3-1104",
      IpAddress: "10.20.3.7",
      LogonType: "3",
    };
    server.add("Security", { eventId: 4624, set, at });
    const { session } = await connectTo(server);
    const got = await cursorOf(await session.newestFirst(everything)).next(1, 0);
    const [record] = got.kind === "records" ? got.records : [];
    const read = createEventReader().read(record?.binXml ?? Buffer.alloc(0));
    if (read.kind !== "event") throw new Error(read.sentence);
    const { eventId, computer, recordId, time, channel, provider } = read.event;
    expect({ eventId, computer, recordId, time, channel, provider }).toEqual({
      eventId: 4624,
      computer: "dc1.lab.example",
      recordId: 1n,
      time: Date.parse(at),
      channel: "Security",
      provider: "Microsoft-Windows-Security-Auditing",
    });
    for (const [name, value] of Object.entries(set))
      expect([name, read.event.data(name)]).toEqual([name, value]);
    const mould = real.findLast((one) => one.eventId === 4624);
    expect(read.event.names()).toEqual(Object.keys(mould?.data ?? {}));
    session.close();
  });

  it("keeps its own number when it was forwarded, beside the one it has in the collector's log", async () => {
    const server = await newServer({ computer: "wec.lab.example" });
    server.add("ForwardedEvents", { eventId: 4624, computer: "pc7.lab.example" });
    server.add("ForwardedEvents", { eventId: 4624, computer: "pc8.lab.example", set: { IpAddress: "-" } });
    const { session } = await connectTo(server);
    const cursor = cursorOf(await session.newestFirst({ channel: "ForwardedEvents", query: "*" }));
    const got = await cursor.next(1, 0);
    const [record] = got.kind === "records" ? got.records : [];
    expect(record?.recordNumber).toBe(2n);
    const read = createEventReader().read(record?.binXml ?? Buffer.alloc(0));
    if (read.kind !== "event") throw new Error(read.sentence);
    expect(read.event.computer).toBe("pc8.lab.example");
    expect(read.event.recordId).not.toBe(2n);
    session.close();
  });
});
