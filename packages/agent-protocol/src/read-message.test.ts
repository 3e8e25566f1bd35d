import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batch, commandUpdate, healthReport, MAX_BATCH_ITEMS, openRequest, streamItem } from "./messages.ts";
import { readBatch, readMessage, readStreamItem } from "./read-message.ts";
import { aBatch, aHealthReport, anObservation, aPrincipal } from "./testing/index.ts";

const deep = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;

describe("a message", () => {
  it("is understood by an older peer that does not know all of its fields", () => {
    const text = JSON.stringify({ ...aHealthReport(), fieldOfNextYear: { a: 1 } });
    const read = readMessage(healthReport, text);
    expect(read.kind).toBe("message");
    if (read.kind === "message") expect(read.message).not.toHaveProperty("fieldOfNextYear");
  });

  it("is refused with every fault at once, each with its path and what was expected", () => {
    const read = readMessage(openRequest, JSON.stringify({ v: 1, lane: "live", spoolId: "x", epoch: -1 }));
    expect(read).toMatchObject({ kind: "unreadable", reason: "does not fit the schema" });
    if (read.kind !== "unreadable") return;
    for (const path of ["spoolId", "epoch", "nextSeq", "oldestRetained", "acked", "bootId", "wall"])
      expect(
        read.issues.some((issue) => issue.startsWith(`${path}: `)),
        path,
      ).toBe(true);
  });

  it("is refused when it holds what no database can hold, in a value or in a key", () => {
    for (const bad of ["\0", "\uD800", "a\uDC00b"]) {
      const update = { state: "running", progress: { text: bad } };
      expect(readMessage(commandUpdate, JSON.stringify(update)).kind).toBe("unreadable");
      const keyed = { state: "running", progress: { [bad]: 1 } };
      expect(readMessage(commandUpdate, JSON.stringify(keyed)).kind).toBe("unreadable");
    }
    const pair = { state: "running", progress: { text: "\u{1F511}" } };
    expect(readMessage(commandUpdate, JSON.stringify(pair)).kind).toBe("message");
  });

  it("is refused, not followed, when it is nested thousands of levels deep", () => {
    const read = readMessage(commandUpdate, `{"state":"running","progress":${deep(100_000)}}`);
    expect(read).toMatchObject({ kind: "unreadable", reason: "nested too deeply" });
  });

  it("never throws and never reaches a prototype, whatever text comes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        for (const schema of [healthReport, openRequest, commandUpdate, batch]) readMessage(schema, text);
        readBatch(text);
      }),
      { numRuns: 2000 },
    );
    readMessage(commandUpdate, '{"state":"running","progress":{"__proto__":{"x":1}},"__proto__":{"x":1}}');
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

describe("a batch", () => {
  const items = [{ observation: anObservation() }, { principal: aPrincipal() }];

  it("is read though one of its items is of no shape we know", () => {
    const sent = aBatch(items, { epoch: 1, first: 5 });
    const read = readBatch(JSON.stringify({ ...sent, items: [sent.items[0], JSON.parse(deep(50))] }));
    expect(read.kind).toBe("message");
  });

  it("is refused when its count, its numbers and its items do not agree", () => {
    const sent = aBatch(items, { epoch: 1, first: 5 });
    for (const wrong of [{ count: 1 }, { last: 7 }, { first: 6 }, { items: [] }])
      expect(readBatch(JSON.stringify({ ...sent, ...wrong })).kind).toBe("unreadable");
  });

  it("may hold a thousand items and not one more", () => {
    const many = (n: number) => aBatch(Array(n).fill(items[0]), { epoch: 1, first: 1 });
    expect(readBatch(JSON.stringify(many(MAX_BATCH_ITEMS))).kind).toBe("message");
    expect(readBatch(JSON.stringify(many(MAX_BATCH_ITEMS + 1))).kind).toBe("unreadable");
  });
});

describe("an item of a batch", () => {
  const item = { seq: 3, kind: "observation", observation: anObservation() };

  it("is read at its own number only", () => {
    expect(readStreamItem(item, 3)).toMatchObject({ kind: "item", item: { seq: 3 } });
    expect(readStreamItem(item, 4)).toMatchObject({
      kind: "unreadable",
      reason: "numbered 3 where 4 was due",
    });
  });

  it("of a kind of next year is kept whole, with its number", () => {
    const future = { seq: 3, kind: "weather", forecast: "rain" };
    expect(readStreamItem(future, 3)).toMatchObject({ kind: "unreadable", seq: 3, item: future });
  });

  it("that no database can hold is kept as its text", () => {
    const read = readStreamItem({ ...item, observation: anObservation({ rule: "a\0b" }) }, 3);
    expect(read).toMatchObject({ kind: "unreadable", reason: "holds characters that cannot be stored" });
    if (read.kind === "unreadable") expect(read.item).toEqual(expect.stringContaining("a\\u0000b"));
  });

  it("that is too long or too deep is counted with its reason and not kept", () => {
    const long = { ...item, more: "x".repeat(9000) };
    expect(readStreamItem(long, 3)).toEqual({
      kind: "unreadable",
      seq: 3,
      reason: "longer than 8192 bytes",
      item: null,
    });
    expect(readStreamItem({ ...item, more: JSON.parse(deep(50)) }, 3)).toMatchObject({
      reason: "nested too deeply",
      item: null,
    });
  });

  it("may be a person in a thousand groups", () => {
    const groups = Array.from({ length: 1000 }, (_, n) => `group-${n}-with-a-rather-long-name-of-its-own`);
    const person = { seq: 1, kind: "principal", principal: aPrincipal({ groups }) };
    expect(readStreamItem(person, 1).kind).toBe("item");
  });

  it("never throws, whatever value stands there", () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue({ maxDepth: 20 }), fc.anything()), (value) => {
        let json: unknown;
        try {
          json = JSON.parse(JSON.stringify(value) ?? "null");
        } catch {
          json = null;
        }
        readStreamItem(json, 1);
      }),
      { numRuns: 2000 },
    );
  });

  it("survives the wire unchanged", () => {
    for (const value of [item, { seq: 3, kind: "principal", principal: aPrincipal() }])
      expect(streamItem.parse(JSON.parse(JSON.stringify(value)))).toEqual(value);
  });
});
