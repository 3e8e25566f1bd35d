import { silentLogger } from "@rollcall/observability";
import type { RecordedPair } from "@rollcall/srx-protocol/recording";
import { describe, expect, it } from "vitest";
import { createRecorder, type Recorder, type RecorderOptions } from "./recorder.ts";

function aRecorder(over: Partial<RecorderOptions> = {}): { recorder: Recorder; pairs: RecordedPair[] } {
  const pairs: RecordedPair[] = [];
  const folder = {
    add: (pair: RecordedPair) => void pairs.push(pair),
    settle: async () => undefined,
    counts: { kept: 0, bytes: 0, removed: 0, lost: 0 },
    fault: null,
  };
  const recorder = createRecorder({
    folder,
    keepWords: [],
    now: Date.now,
    log: silentLogger,
    ...over,
  });
  return { recorder, pairs };
}

function anAnswer(entries: number, of = "user"): Buffer {
  const list = Array.from({ length: entries }, (_, n) => ({
    ip: `10.1.${n >> 8}.${n & 255}`,
    user: `${of}${n}`,
    groups: ["staff", `team ${n % 50}`],
  }));
  const body = JSON.stringify({ report_entries: list });
  return Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function ask(recorder: Recorder, answer: Buffer): void {
  const tap = recorder.tap();
  tap.fromClient(Buffer.from("GET /user_query/v2/users/endpoints HTTP/1.1\r\nHost: x\r\n\r\n"));
  tap.fromServer(answer);
  tap.close();
}

describe("the recorder beside the relay", () => {
  it("lets the connections have their turn again and again while it redacts a large table", async () => {
    const { recorder, pairs } = aRecorder();
    ask(recorder, anAnswer(5000));
    expect(pairs).toEqual([]);
    let turns = 0;
    let isDone = false;
    const settled = recorder.settle().then(() => {
      isDone = true;
    });
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
    await settled;
    expect(turns).toBeGreaterThan(5);
    expect(pairs).toHaveLength(1);
    expect(pairs[0]?.response?.body).not.toContain("user4999");
  });

  it("keeps what came in its order, and one name as one replacement", async () => {
    const { recorder, pairs } = aRecorder();
    for (const entries of [2000, 1, 2]) ask(recorder, anAnswer(entries));
    await recorder.settle();
    const users = pairs.map(({ response }) => JSON.parse(response?.body ?? "").report_entries[0].user);
    expect(pairs.map(({ number, connection }) => [number, connection])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(new Set(users).size).toBe(1);
  });

  it("holds no more than it may of what comes faster than it can be redacted, and counts the rest", async () => {
    const { recorder, pairs } = aRecorder({ waitingCharactersMax: 500_000 });
    for (let n = 0; n < 20; n += 1) ask(recorder, anAnswer(1000, `user-${n}-`));
    await recorder.settle();
    const { lost, pairs: kept } = recorder.counts;
    expect([lost > 0, kept === pairs.length, lost + kept]).toEqual([true, true, 20]);
    ask(recorder, anAnswer(1));
    await recorder.settle();
    expect(recorder.counts).toMatchObject({ lost, pairs: kept + 1 });
  });

  it("gives back what it held of connections that it failed at, in the middle of a body too", async () => {
    let failures = 0;
    const now = () => {
      if (failures-- > 0) throw new Error("no clock");
      return 0;
    };
    const { recorder, pairs } = aRecorder({ heldBytesMax: 100_000, now });
    for (let n = 0; n < 5; n += 1) {
      const tap = recorder.tap();
      tap.fromClient(Buffer.from("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n"));
      tap.fromClient(Buffer.from("POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n"));
      tap.fromClient(Buffer.alloc(30_000, 120));
      failures = 1;
      tap.fromServer(anAnswer(500));
      tap.close();
    }
    expect(recorder.counts).toMatchObject({ unfollowed: 5, pairs: 0 });
    ask(recorder, anAnswer(1500));
    await recorder.settle();
    expect(pairs).toHaveLength(1);
    expect(pairs[0]?.response?.bodyNote).toBeNull();
  });
});
