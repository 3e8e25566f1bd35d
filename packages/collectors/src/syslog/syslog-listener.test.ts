import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import type { Observation } from "@rollcall/identity-core";
import { silentLogger } from "@rollcall/observability";
import { afterEach, describe, expect, it } from "vitest";
import type { CollectedBatch } from "../collector.ts";
import type { SyslogSourceConfig } from "./source-config.ts";
import { createSyslogListener, type SyslogLimits, type SyslogListener } from "./syslog-listener.ts";
import { aSource, sequencesOf } from "./testing/builders.ts";
import { readRecording } from "./testing/recorded.ts";

const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function listen(
  sources: readonly SyslogSourceConfig[] = [aSource()],
  limits: Partial<SyslogLimits> = {},
) {
  const address = { host: "127.0.0.1", port: 0 };
  const listener = createSyslogListener({
    udp: address,
    tcp: address,
    sources,
    now: Date.now,
    log: silentLogger,
    limits,
  });
  await listener.start();
  closing.push(() => listener.stop());
  return listener;
}

const portOf = (listener: SyslogListener, transport: "udp" | "tcp") =>
  listener.addresses[transport]?.port ?? 0;

async function dial(listener: SyslogListener, localAddress = "127.0.0.1"): Promise<Socket> {
  const socket = connect({ port: portOf(listener, "tcp"), host: "127.0.0.1", localAddress });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  closing.push(() => socket.destroy());
  return socket;
}

function sendDatagrams(
  listener: SyslogListener,
  messages: readonly (string | Uint8Array)[],
  from = "127.0.0.1",
) {
  const socket = createSocket("udp4");
  closing.push(() => socket.close());
  return new Promise<void>((resolve) => {
    socket.bind(0, from, async () => {
      for (const message of messages) {
        await new Promise<void>((sent) =>
          socket.send(message, portOf(listener, "udp"), "127.0.0.1", () => sent()),
        );
      }
      resolve();
    });
  });
}

/** Waits for what is true in the end; the time limit of the test is its bound. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn();
}

/** Takes batches and acknowledges them until `count` observations came. */
async function take(listener: SyslogListener, count: number): Promise<Observation[]> {
  const end = new AbortController();
  const taken: Observation[] = [];
  for await (const batch of listener.collect({ after: null, signal: end.signal })) {
    taken.push(...batch.observations);
    batch.ack?.();
    if (taken.length >= count) break;
  }
  return taken;
}

const counters = (listener: SyslogListener) => listener.health()[0]?.counters ?? {};
const login = (user: string, ip = "10.1.2.3") => `<13>gate1 auth: login user=${user} ip=${ip}`;

describe("the syslog listener", () => {
  it("makes the same observations of datagrams, counted frames and lines", async () => {
    const listener = await listen();
    await sendDatagrams(listener, [login("udp")]);
    const counted = await dial(listener);
    counted.write(`${Buffer.byteLength(login("counted"))} ${login("counted")}`);
    const lines = await dial(listener);
    lines.write(`${login("lines")}\n`);
    const users = (await take(listener, 3)).map(({ principal }) => principal?.name).sort();
    expect(users).toEqual(["counted", "lines", "udp"]);
  });

  it("reads what a real rsyslog and a real syslog-ng sent, over each transport", async () => {
    const listener = await listen([
      aSource({ sequences: sequencesOf("samba-auth-json"), speaksFor: ["127.0.0.0/8"] }),
    ]);
    const reads = ["rsyslog-received.txt", "syslog-ng-received.txt"].flatMap((name) => readRecording(name));
    await sendDatagrams(
      listener,
      reads.filter(({ transport }) => transport === "UDP").map(({ bytes }) => bytes),
    );
    for (const { bytes } of reads.filter(({ transport }) => transport === "TCP")) {
      const socket = await dial(listener);
      socket.end(bytes);
    }
    // Each transport carries one Authentication and one Authorization line; only the first is a logon.
    const observations = await take(listener, 8);
    expect(new Set(observations.map(({ principal }) => principal?.name))).toEqual(new Set(["jörg.weiß"]));
  });

  it("takes nothing from an unlisted sender, counts it and keeps a sample, over UDP and TCP", async () => {
    const listener = await listen();
    await sendDatagrams(listener, [login("mallory"), login("mallory")], "127.0.0.9");
    const socket = await dial(listener, "127.0.0.8");
    socket.write(`${login("mallory")}\n`);
    await once(socket, "close");
    await until(() => listener.counters.unknownSenderLines === 3);
    expect(listener.unknownSenders()).toMatchObject([
      { sender: "127.0.0.9", transport: "udp", lines: 2, sample: login("mallory") },
      { sender: "127.0.0.8", transport: "tcp", lines: 1, sample: login("mallory") },
    ]);
    expect(counters(listener).received).toBe(0);
  });

  it("listens to a sender from the moment it is listed", async () => {
    const listener = await listen();
    await sendDatagrams(listener, [login("early")], "127.0.0.9");
    await until(() => listener.unknownSenders().length === 1);
    listener.setSources([aSource({ senders: ["127.0.0.0/24"] })]);
    expect(listener.unknownSenders()).toEqual([]);
    await sendDatagrams(listener, [login("late")], "127.0.0.9");
    expect((await take(listener, 1))[0]?.principal?.name).toBe("late");
  });

  it("hears a source only over the transport that it is set to", async () => {
    const listener = await listen([aSource({ transport: "tcp" })]);
    await sendDatagrams(listener, [login("udp")]);
    await until(() => listener.counters.unknownSenderLines === 1);
    const socket = await dial(listener);
    socket.write(`${login("tcp")}\n`);
    expect((await take(listener, 1))[0]?.principal?.name).toBe("tcp");
  });

  it("gives a line to the source whose rules take it, where two list the sender", async () => {
    const listener = await listen([aSource({ id: "first", sequences: [] }), aSource({ id: "second" })]);
    await sendDatagrams(listener, [login("a"), "<13>nothing"]);
    expect((await take(listener, 1))[0]?.sourceId).toBe("second");
    await until(() => listener.health()[0]?.counters.unmatched === 1);
    expect(
      listener.health().map(({ id, counters: { received, matched } }) => [id, received, matched]),
    ).toEqual([
      ["first", 1, 0],
      ["second", 1, 1],
    ]);
  });

  it("refuses an over-long line and reads the next; after an over-long frame it closes", async () => {
    const listener = await listen();
    const long = `<13>${"x".repeat(9000)}`;
    const lines = await dial(listener);
    lines.write(`${long}\n${login("after")}\n`);
    expect((await take(listener, 1))[0]?.principal?.name).toBe("after");
    const counted = await dial(listener);
    counted.write(`${login("before").length} ${login("before")}9000 <13>`);
    expect((await take(listener, 1))[0]?.principal?.name).toBe("before");
    await once(counted, "close");
    await sendDatagrams(listener, [long]);
    await until(() => counters(listener)["refused.too-long"] === 3);
  });

  it("closes a connection whose framing is lost, and counts it", async () => {
    const listener = await listen();
    const socket = await dial(listener);
    socket.write("5 <13>anonsense\n");
    await once(socket, "close");
    expect(listener.counters.framingFaults).toBe(1);
  });

  it("reads a line that is not UTF-8 and counts it", async () => {
    const listener = await listen();
    await sendDatagrams(listener, [Buffer.from(login("j\xf6rg"), "latin1")]);
    expect((await take(listener, 1))[0]?.principal?.name).toBe("jörg");
    expect(counters(listener).notUtf8).toBe(1);
  });

  it("makes one escaped record of a line full of control characters, and no name of them", async () => {
    const listener = await listen();
    await sendDatagrams(listener, [
      `<13>login user=al\u001bice ip=10.1.2.3\r\nlogin user=eve ip=10.1.2.4\0\u202e`,
    ]);
    await until(() => counters(listener).received === 1);
    const lines = await listener.tail({ lines: 10, unmatchedOnly: false });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ matched: false, reason: expect.stringMatching(/cannot be seen/) });
    expect(lines[0]?.line).toMatch(/al\\u\{1b\}ice.*\\u\{d\}\\u\{a\}login user=eve.*\\u\{0\}\\u\{202e\}$/);
  });

  it("hands out again what was not acknowledged, and lets go of what was", async () => {
    const listener = await listen();
    await sendDatagrams(listener, [login("a")]);
    const signal = new AbortController().signal;
    let first: CollectedBatch | undefined;
    for await (const batch of listener.collect({ after: null, signal })) {
      first = batch;
      break;
    }
    for await (const batch of listener.collect({ after: null, signal })) {
      expect(batch.observations).toEqual(first?.observations);
      batch.ack?.();
      break;
    }
    expect(listener.counters.waitingLines).toBe(0);
  });

  it("makes a connection wait while its lines are not acknowledged, and loses none of them", async () => {
    const listener = await listen([aSource()], { unacknowledgedPerConnection: 10 });
    const socket = await dial(listener);
    const total = 1000;
    socket.write(Array.from({ length: total }, (_, index) => `${login(`u${index}`)}\n`).join(""));
    await until(() => listener.counters.waitingLines === 10);
    await pause(50);
    expect(counters(listener).received).toBe(10);
    const users = (await take(listener, total)).map(({ principal }) => principal?.name);
    expect(users).toEqual(Array.from({ length: total }, (_, index) => `u${index}`));
  });

  it("makes all connections wait when the queue is full, and drops datagrams, counting each", async () => {
    const listener = await listen([aSource()], { queuedLines: 20 });
    const socket = await dial(listener);
    socket.write(Array.from({ length: 50 }, (_, index) => `${login(`t${index}`)}\n`).join(""));
    await until(() => listener.counters.waitingLines === 20);
    await sendDatagrams(
      listener,
      Array.from({ length: 7 }, () => login("lost")),
    );
    await until(() => counters(listener)["dropped.queue-full"] === 7);
    const users = (await take(listener, 50)).map(({ principal }) => principal?.name);
    expect(users).toEqual(Array.from({ length: 50 }, (_, index) => `t${index}`));
    expect(listener.health()[0]).toMatchObject({
      state: "degraded",
      sentence: expect.stringMatching(/7 lines were dropped/),
    });
  });

  it("slows a connection down to its source's rate and drops datagrams above it", async () => {
    const listener = await listen([aSource({ maxLinesPerSecond: 5 })]);
    const socket = await dial(listener);
    socket.write(Array.from({ length: 8 }, (_, index) => `${login(`t${index}`)}\n`).join(""));
    const started = performance.now();
    expect(await take(listener, 8)).toHaveLength(8);
    expect(performance.now() - started).toBeGreaterThan(400);
    expect(counters(listener).slowedDown).toBeGreaterThan(0);
    await sendDatagrams(
      listener,
      Array.from({ length: 9 }, () => login("fast")),
    );
    await until(() => Number(counters(listener)["dropped.rate"]) >= 8);
  });

  it("refuses more connections of one sender than allowed, and counts them", async () => {
    const listener = await listen([aSource()], { connectionsPerSender: 2 });
    await dial(listener);
    const second = await dial(listener);
    await until(() => listener.counters.connections === 2);
    const third = await dial(listener);
    await once(third, "close");
    expect(listener.counters).toMatchObject({ connections: 2, refusedConnections: 1 });
    second.destroy();
    await until(() => listener.counters.connections === 1);
    const fourth = await dial(listener);
    fourth.write(`${login("again")}\n`);
    expect((await take(listener, 1))[0]?.principal?.name).toBe("again");
  });

  it("takes the last line of a sender that closes without ending it, and nothing of a frame cut short", async () => {
    const listener = await listen();
    const lines = await dial(listener);
    lines.end(login("last"));
    expect((await take(listener, 1))[0]?.principal?.name).toBe("last");
    const counted = await dial(listener);
    counted.end(`200 ${login("cut")}`);
    await once(counted, "close");
    expect(counters(listener).received).toBe(1);
  });

  it("survives hostile bytes on every door", async () => {
    const listener = await listen();
    const noise = (length: number, seed: number) =>
      Uint8Array.from({ length }, (_, index) => (Math.imul(index + seed, 2654435761) >>> 13) & 255);
    await sendDatagrams(
      listener,
      Array.from({ length: 300 }, (_, index) => noise(index, index)),
    );
    for (let index = 0; index < 20; index += 1) {
      const socket = await dial(listener);
      socket.end(noise(5000, index));
      await once(socket, "close");
    }
    await sendDatagrams(listener, [login("alive")]);
    expect((await take(listener, 1))[0]?.principal?.name).toBe("alive");
  });

  it("reads a line that would hang a backtracking engine, and goes on", async () => {
    const [sequence] = aSource().sequences;
    if (sequence === undefined) throw new Error("the builder has a sequence");
    const hanging = { ...sequence, id: "hanging", ordinal: 9, trigger: "^(a+)+$" };
    const listener = await listen([aSource({ sequences: [...aSource().sequences, hanging] })]);
    const started = performance.now();
    await sendDatagrams(listener, [`${"a".repeat(8000)}!`, login("next")]);
    expect((await take(listener, 1))[0]?.principal?.name).toBe("next");
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it("counts a flood exactly: what was sent is what was kept, dropped, and lost before it reached us", async () => {
    const listener = await listen([aSource()], { queuedLines: 500 });
    const total = 20_000;
    await sendDatagrams(
      listener,
      Array.from({ length: total }, (_, index) => login(`u${index}`, `10.1.${index >> 8}.${index & 255}`)),
    );
    const lost = () => Number(listener.counters.lostDatagrams);
    await until(() => Number(counters(listener).received) + lost() === total);
    const { received, matched, dropped } = counters(listener);
    expect(matched).toBe(500);
    expect(dropped).toBe(Number(received) - 500);
    expect(await take(listener, 500)).toHaveLength(500);
  });

  it("tells in a batch what yielded nothing since the last one", async () => {
    const listener = await listen();
    await sendDatagrams(listener, [login("a", "nowhere"), login("b", "nowhere"), login("c")]);
    const end = new AbortController();
    for await (const batch of listener.collect({ after: null, signal: end.signal })) {
      expect(batch.rejected).toEqual([
        { sourceId: "vpn", reason: "refused.missing-value", count: 2, sample: null },
      ]);
      break;
    }
  });

  it("shows the last lines with what became of them, and waits for more when asked to", async () => {
    const listener = await listen();
    await sendDatagrams(listener, [login("a"), "<13>noise"]);
    await until(() => counters(listener).received === 2);
    expect(await listener.tail({ lines: 10, unmatchedOnly: false, sourceId: "vpn" })).toMatchObject([
      {
        matched: true,
        sourceId: "vpn",
        sender: "127.0.0.1",
        result: { kind: "begin", user: "a", ip: "10.1.2.3" },
      },
      { matched: false, line: "noise", reason: "no sequence is meant by it" },
    ]);
    const more = listener.tail({ lines: 2, unmatchedOnly: true, seconds: 30 });
    await sendDatagrams(listener, ["<13>more noise"]);
    expect((await more).map(({ line }) => line)).toEqual(["noise", "more noise"]);
    expect(await listener.tail({ lines: 10, unmatchedOnly: false, sourceId: "other" })).toEqual([]);
  });

  it("ends a waiting tail when it is given up", async () => {
    const listener = await listen();
    const end = new AbortController();
    const waiting = listener.tail({ lines: 5, unmatchedOnly: false, seconds: 60, signal: end.signal });
    end.abort();
    expect(await waiting).toEqual([]);
  });

  it("keeps the counters of a source that did not change, and begins anew with one that did", async () => {
    const listener = await listen([aSource(), aSource({ id: "other", senders: ["192.0.2.1"] })]);
    await sendDatagrams(listener, [login("a")]);
    await take(listener, 1);
    listener.setSources([aSource()]);
    expect(counters(listener).received).toBe(1);
    listener.setSources([aSource({ name: "Renamed" })]);
    expect(counters(listener).received).toBe(0);
  });

  it("goes on hearing other sources when the rules of one cannot be used", async () => {
    const [sequence] = aSource().sequences;
    if (sequence === undefined) throw new Error("the builder has a sequence");
    const broken = aSource({ id: "broken", sequences: [{ ...sequence, trigger: "(" }] });
    const listener = await listen([broken, aSource()]);
    await sendDatagrams(listener, [login("a")]);
    expect((await take(listener, 1))[0]?.sourceId).toBe("vpn");
    expect(listener.health()[0]).toMatchObject({ id: "broken", state: "broken" });
  });

  it("says who holds a port that is taken, and leaves nothing open", async () => {
    const first = await listen();
    const second = createSyslogListener({
      udp: { host: "127.0.0.1", port: 0 },
      tcp: { host: "127.0.0.1", port: portOf(first, "tcp") },
      sources: [],
      now: Date.now,
      log: silentLogger,
    });
    await expect(second.start()).rejects.toMatchObject({
      name: "SyslogListenError",
      code: "port-taken",
      message: expect.stringMatching(/^TCP 127\.0\.0\.1:\d+ is taken by .+: stop it or choose another port$/),
    });
    expect(second.addresses).toEqual({ udp: null, tcp: null });
  });

  it("says when the address to listen on is not this machine's", async () => {
    const listener = createSyslogListener({
      udp: { host: "192.0.2.1", port: 0 },
      tcp: null,
      sources: [],
      now: Date.now,
      log: silentLogger,
    });
    await expect(listener.start()).rejects.toMatchObject({ code: "address-not-here" });
  });

  it("stops twice, ends its readers, and keeps what was not acknowledged", async () => {
    const listener = await listen();
    await sendDatagrams(listener, [login("kept")]);
    await until(() => listener.counters.waitingLines === 1);
    await listener.stop();
    await listener.stop();
    expect(await take(listener, 1)).toHaveLength(1);
    const end = new AbortController();
    const reader = listener.collect({ after: null, signal: end.signal })[Symbol.asyncIterator]();
    const waiting = reader.next();
    end.abort();
    expect((await waiting).done).toBe(true);
  });
});
