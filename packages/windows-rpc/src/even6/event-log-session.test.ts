import { describe, expect, it } from "vitest";
import { NdrFault } from "../ndr/index.ts";
import { type EventLogConnection, openEventLog } from "./event-log-session.ts";
import { ResultSetFault } from "./result-set.ts";
import {
  decodeSubscribe,
  encodeClosed,
  encodeNextAnswer,
  encodeOpenedLog,
  encodeRegistered,
  resultElement,
} from "./testing/server-stubs.ts";

const HANDLE = Buffer.alloc(20, 7);
const what = { channel: "Security", query: "*" };
const opened = encodeRegistered({ handle: HANDLE, control: HANDLE, channels: ["Security"], status: 0 });

/** Answers with what it was given, in order; keeps what it was asked. */
class ScriptedConnection implements EventLogConnection {
  readonly asked: { readonly opnum: number; readonly stub: Buffer; readonly timeoutMs?: number }[] = [];
  readonly #answers: Buffer[];

  constructor(...answers: Buffer[]) {
    this.#answers = answers;
  }

  async call(opnum: number, stub: Uint8Array, options?: { readonly timeoutMs?: number }): Promise<Buffer> {
    this.asked.push({ opnum, stub: Buffer.from(stub), ...options });
    return this.#answers.shift() ?? Buffer.alloc(0);
  }

  close(): void {}
}

async function openedWith(...answers: Buffer[]) {
  const connection = new ScriptedConnection(opened, ...answers);
  const got = await openEventLog({ connection }).newestFirst(what);
  if (got.kind !== "open") throw new Error(got.kind);
  return { cursor: got.cursor, connection };
}

describe("reading a log", () => {
  it.each([
    [1460, { kind: "nothing" }],
    [1471, { kind: "nothing" }],
    [0, { kind: "nothing" }],
    [259, { kind: "end" }],
    [15011, { kind: "stale" }],
    [5, { kind: "refused", status: 5, name: "ERROR_ACCESS_DENIED" }],
    [87, { kind: "refused", status: 87, name: "ERROR_INVALID_PARAMETER" }],
    [31337, { kind: "refused", status: 31337, name: "unnamed" }],
  ])("status %i means what it says", async (status, meaning) => {
    const { cursor } = await openedWith(encodeNextAnswer([], status));
    expect(await cursor.next(10, 100)).toEqual(meaning);
  });

  it("a bookmark asks to be told when records are gone, and both words for that mean so", async () => {
    for (const status of [15011, 1168]) {
      const refused = encodeRegistered({ handle: null, control: null, channels: [], status });
      const connection = new ScriptedConnection(refused);
      expect(await openEventLog({ connection }).follow(what, { kind: "after", recordNumber: 9n })).toEqual({
        kind: "stale",
      });
      const asked = decodeSubscribe(connection.asked[0]?.stub ?? Buffer.alloc(0));
      expect(asked.flags).toBe(0x1001_0003);
      expect(asked.bookmarkXml).toContain("RecordId='9'");
    }
  });

  it("begins at the oldest or in the future without a bookmark", async () => {
    for (const [kind, flags] of [
      ["oldest", 0x1000_0002],
      ["future", 0x1000_0001],
    ] as const) {
      const connection = new ScriptedConnection(opened);
      await openEventLog({ connection }).follow(what, { kind });
      expect(decodeSubscribe(connection.asked[0]?.stub ?? Buffer.alloc(0))).toEqual({
        ...what,
        bookmarkXml: null,
        flags,
      });
    }
  });

  it("gives a call the time that it lets the server wait, and some more; never asks for more than 1,024 records", async () => {
    const { cursor, connection } = await openedWith(encodeNextAnswer([], 1460));
    await cursor.next(5000, 20_000);
    expect(connection.asked[1]?.timeoutMs).toBe(30_000);
    expect(connection.asked[1]?.stub.readUInt32LE(20)).toBe(1024);
  });

  it("takes the record's number from the bookmark of the channel that it came from", async () => {
    const element = resultElement(Buffer.from([1, 2, 3]), 0x1_0000_0000n);
    // Two channels, of which the second is the one: its number stands behind the other's.
    const longer = Buffer.concat([element, Buffer.alloc(8)]);
    const bookmarkAt = longer.readUInt32LE(12);
    longer.writeUInt32LE(longer.length, 0);
    longer.writeUInt32LE(40, bookmarkAt);
    longer.writeUInt32LE(2, bookmarkAt + 8);
    longer.writeUInt32LE(1, bookmarkAt + 12);
    longer.writeBigUInt64LE(77n, bookmarkAt + 32);
    const { cursor } = await openedWith(encodeNextAnswer([element, longer], 0));
    const got = await cursor.next(10, 0);
    expect(got).toMatchObject({
      kind: "records",
      records: [{ recordNumber: 0x1_0000_0000n }, { recordNumber: 77n }],
    });
    if (got.kind === "records")
      expect(got.records.map(({ binXml }) => [...binXml])).toEqual([
        [1, 2, 3],
        [1, 2, 3],
      ]);
  });

  it("says where a query is wrong as far as the server says it", async () => {
    const refused = encodeRegistered({
      handle: null,
      control: null,
      channels: [],
      error: 15021,
      status: 15001,
    });
    const connection = new ScriptedConnection(refused);
    expect(await openEventLog({ connection }).newestFirst(what)).toEqual({
      kind: "refused",
      status: 15001,
      name: "ERROR_EVT_INVALID_QUERY",
      info: { error: 15021, subError: 0, subErrorParameter: 0 },
    });
  });

  it("lets go of handles, and of a log's own", async () => {
    const { cursor, connection } = await openedWith(encodeClosed(0));
    await cursor.close();
    expect(connection.asked[1]).toMatchObject({ opnum: 13, stub: HANDLE });
    const other = new ScriptedConnection(encodeOpenedLog(null, 15007));
    expect(await openEventLog({ connection: other }).logInfo("x")).toMatchObject({
      kind: "refused",
      status: 15007,
    });
  });
});

describe("an answer that is none", () => {
  const element = resultElement(Buffer.alloc(40, 1), 5n);
  const spoilt = (change: (bytes: Buffer) => void) => {
    const copy = Buffer.from(element);
    change(copy);
    return encodeNextAnswer([copy], 0);
  };
  const bookmarkAt = element.readUInt32LE(12);

  it.each([
    ["an element longer than it is", spoilt((bytes) => bytes.writeUInt32LE(0xffff_ffff, 0))],
    ["an event before its element's end is reached", spoilt((bytes) => bytes.writeUInt32LE(0, 8))],
    ["an event longer than its element", spoilt((bytes) => bytes.writeUInt32LE(4000, 16))],
    ["a bookmark behind the end", spoilt((bytes) => bytes.writeUInt32LE(0x7fff_ffff, 12))],
    ["a bookmark of channels that are not there", spoilt((bytes) => bytes.writeUInt32LE(9, bookmarkAt + 12))],
    ["a million channels", spoilt((bytes) => bytes.writeUInt32LE(1_000_000, bookmarkAt + 8))],
    ["record numbers behind the end", spoilt((bytes) => bytes.writeUInt32LE(0xffff_fff0, bookmarkAt + 20))],
  ])("with %s is a fault, not a record", async (_, answer) => {
    const { cursor } = await openedWith(answer);
    await expect(cursor.next(10, 0)).rejects.toBeInstanceOf(ResultSetFault);
  });

  it("with a place outside of its bytes, counts that differ, or more than 2 MiB is a fault", async () => {
    const answer = encodeNextAnswer([element], 0);
    const outside = Buffer.from(answer);
    outside.writeUInt32LE(0x7fff_0000, 12);
    const { cursor } = await openedWith(outside);
    await expect(cursor.next(10, 0)).rejects.toBeInstanceOf(ResultSetFault);
    const differing = Buffer.from(answer);
    differing.writeUInt32LE(2, 0);
    await expect((await openedWith(differing)).cursor.next(10, 0)).rejects.toBeInstanceOf(NdrFault);
    const large = encodeNextAnswer([Buffer.alloc(2 * 1024 * 1024 + 1)], 0);
    await expect((await openedWith(large)).cursor.next(10, 0)).rejects.toBeInstanceOf(NdrFault);
  });
});
