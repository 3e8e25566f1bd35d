import { describe, expect, test } from "vitest";
import { createMemoryTokenStore, type MemoryTokenStore, type MemoryTokenStoreOptions } from "./index.ts";

const issue = (
  tokens: MemoryTokenStore,
  over: Partial<Parameters<MemoryTokenStore["issue"]>[0]> = {},
): string =>
  tokens.issue({
    tenantId: "t",
    pointId: "p",
    sourceIp: "10.0.0.1",
    secretId: "s",
    ttlSeconds: 300,
    now: 0,
    ...over,
  });
const store = (options: MemoryTokenStoreOptions = {}): MemoryTokenStore => createMemoryTokenStore(options);

describe("the token store", () => {
  test("gives 128 random bits in the shape of a UUID, never the same", () => {
    const tokens = store();
    const given = new Set(
      Array.from({ length: 500 }, (_, at) => issue(tokens, { sourceIp: `10.0.${at}.1` })),
    );
    expect(given.size).toBe(500);
    for (const token of given)
      expect(token).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  });

  test("keeps no token in the clear", () => {
    const random = Buffer.from("00112233445566778899aabbccddeeff", "hex");
    const tokens = store({ random: () => random });
    const token = issue(tokens);
    expect(token).toBe("00112233-4455-6677-8899-aabbccddeeff");
    expect(JSON.stringify(tokens.find(token, 0))).not.toContain("00112233");
  });

  test("ends a token at its time, to the millisecond, and forgets it then", () => {
    const tokens = store();
    const token = issue(tokens);
    expect(tokens.find(token, 299_999).kind).toBe("live");
    expect(tokens.find(token, 300_000).kind).toBe("expired");
    expect(tokens.find(token, 300_000).kind).toBe("unknown");
    expect(tokens.size).toBe(0);
  });

  test("a newer token of the same reader leaves the older one the grace time, and never lengthens it", () => {
    const tokens = store({ graceMs: 1000 });
    const older = issue(tokens);
    issue(tokens, { now: 299_500 });
    expect(tokens.find(older, 299_999).kind).toBe("live");
    expect(tokens.find(older, 300_000).kind).toBe("expired");
  });

  test("readers of one client behind different addresses do not end each other's tokens", () => {
    const tokens = store({ graceMs: 0 });
    const first = issue(tokens);
    issue(tokens, { sourceIp: "10.0.0.2" });
    issue(tokens, { pointId: "q" });
    expect(tokens.find(first, 1).kind).toBe("live");
    issue(tokens);
    expect(tokens.find(first, 1).kind).not.toBe("live");
  });

  test("holds a bounded number, of one reader and in all; the oldest goes first", () => {
    const tokens = store({ tokensPerReaderMax: 3, tokensMax: 10 });
    const mine = Array.from({ length: 5 }, () => issue(tokens));
    expect(mine.map((token) => tokens.find(token, 1).kind)).toEqual([
      "unknown",
      "unknown",
      "live",
      "live",
      "live",
    ]);
    for (let at = 0; at < 20; at++) issue(tokens, { sourceIp: `10.1.0.${at}` });
    expect(tokens.size).toBe(10);
    expect(tokens.find(mine[4] ?? "", 1).kind).toBe("unknown");
  });

  test("forgets by point, or by one secret of it, and nothing else", () => {
    const tokens = store();
    const byOld = issue(tokens, { secretId: "old" });
    const byNew = issue(tokens, { secretId: "new" });
    const other = issue(tokens, { tenantId: "u" });
    tokens.forget({ tenantId: "t", pointId: "p", secretId: "old" });
    expect([byOld, byNew, other].map((token) => tokens.find(token, 1).kind)).toEqual([
      "unknown",
      "live",
      "live",
    ]);
    tokens.forget({ tenantId: "t", pointId: "p" });
    expect([byNew, other].map((token) => tokens.find(token, 1).kind)).toEqual(["unknown", "live"]);
  });

  test.each(["", "x", "a".repeat(36), "a".repeat(100_000)])("does not know %j", (token) => {
    expect(store().find(token, 0)).toEqual({ kind: "unknown" });
  });
});
