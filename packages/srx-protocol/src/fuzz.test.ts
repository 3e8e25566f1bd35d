import { fuzzRuns, fuzzSeed } from "@rollcall/testkit";
import { describe, expect, test } from "vitest";
import { decodeRequest } from "./decode-request.ts";
import { decodeFilters } from "./filters.ts";
import { parseUrlEncoded } from "./parameters.ts";
import { redactRequest } from "./redact.ts";
import type { RawRequest } from "./request.ts";

const CASES = fuzzRuns(1_000_000);

/** A small generator with a seed, so that a failure can be run again. Source: mulberry32, public domain. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const SLOW_MS = 50;
const isOurs = (value: string): boolean => value.startsWith("AQ");

const seed = fuzzSeed();
const pick = <T>(next: (below: number) => number, of: readonly T[]): T => of[next(of.length)] as T;

const PIECES = [
  "/",
  "//",
  "api",
  "user_query",
  "user-query",
  "v2",
  "users",
  "endpoints",
  "batch",
  "ip",
  "user",
  "oauth",
  "token",
  "%",
  "%2",
  "%zz",
  "%00",
  "%ff%fe",
  "..",
  "::1",
  "::ffff:1.2.3.4",
  "192.0.2.50",
  "1.2.3.4.5",
  "&",
  "=",
  "?",
  "+",
  ";",
  ",",
  " ",
  "-",
  "begintime",
  "entry_count",
  "cookie",
  "Cookie",
  "include-ip",
  "exclude-ip",
  "domain",
  "id",
  "client_secret",
  "grant_type",
  "state",
  "event_type",
  "disconnect",
  "<ip>192.0.2.1</ip>",
  "<user>",
  "</user>",
  "<!--",
  "-->",
  "<!DOCTYPE a>",
  "&#x41;",
  "&amp;",
  '{"ip":"192.0.2.1","id":{"id":["a"]}}',
  "0",
  "-1",
  "99999999999999999999",
  "2025-10-09T08:53:20Z",
  "10.0.0.0/8",
  "10.0.0.0/255.255.0.0",
  "__proto__",
  "constructor",
  "toString",
  "\u0000",
  "\ud800",
  "é",
  "😀",
  "{",
  "}",
  "[",
  "]",
  '"',
  "\\",
  "<a>",
  "AQ",
  "x".repeat(58),
  "null",
  "a".repeat(300),
];
const HEADERS = ["authorization", "cookie", "content-type", "host", "__proto__"];
const HEADER_VALUES = [
  "Basic ",
  "Basic c3J4OnM=",
  "Basic ////",
  "Bearer x",
  "report=",
  "a=b; c",
  ";;;===",
  "application/json",
  "application/x-www-form-urlencoded",
  "text/xml",
  "application/json;".repeat(20),
  "",
];

function text(next: (below: number) => number, most: number): string {
  let made = "";
  for (let count = next(most); count > 0; count--) made += pick(next, PIECES);
  return made;
}

function request(next: (below: number) => number): RawRequest {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let count = next(3); count > 0; count--)
    headers[pick(next, HEADERS)] = pick(next, HEADER_VALUES) + text(next, 3);
  return {
    method: pick(next, ["GET", "POST", "PUT", "GET", "DELETE", ""]),
    path: text(next, 8),
    query: text(next, 12),
    headers,
    body: next(3) === 0 ? text(next, 12) : "",
  };
}

describe(`whatever the bytes (seed ${seed})`, { timeout: 600_000 }, () => {
  test("a request is decoded to a known kind, without throwing and without dawdling", () => {
    const next = random(seed);
    const kinds = new Set<string>();
    let slowestMs = 0;
    for (let at = 0; at < CASES; at++) {
      const raw = request(next);
      const begun = performance.now();
      kinds.add(decodeRequest(raw, isOurs).kind);
      let elapsedMs = performance.now() - begun;
      // A busy machine pauses anybody: what is slow by itself is slow every time.
      for (let again = 0; again < 5 && elapsedMs > SLOW_MS; again++) {
        const repeated = performance.now();
        decodeRequest(raw, isOurs);
        elapsedMs = Math.min(elapsedMs, performance.now() - repeated);
      }
      slowestMs = Math.max(slowestMs, elapsedMs);
    }
    // Every branch was reached: a generator that only makes rubbish would prove nothing.
    expect([...kinds].sort()).toEqual(
      ["batch", "ip", "method-not-allowed", "status", "token", "token-fault", "unknown-shape", "user"].sort(),
    );
    expect(slowestMs).toBeLessThan(SLOW_MS);
  });

  test("filters are read within bounds, without throwing", () => {
    const next = random(seed + 1);
    for (let at = 0; at < CASES; at++) {
      const query = `${pick(next, ["include", "exclude", "domain", "dom"])}=${text(next, 10)}`;
      const { filter, warnings } = decodeFilters(parseUrlEncoded(query) ?? []);
      expect(
        filter.includeIp.length + filter.excludeIp.length + filter.domains.length + warnings.length,
      ).toBeLessThan(500);
    }
  });

  test("the worst of each kind takes milliseconds, not seconds", () => {
    const worst: readonly RawRequest[] = [
      `${" ".repeat(65_000)}-`,
      "-".repeat(65_000),
      "a&".repeat(32_000),
      "%".repeat(65_000),
      "include=1,".repeat(6_500),
      "[".repeat(65_000),
      `{"a":${"[".repeat(60_000)}`,
      `begintime=${"0".repeat(65_000)}`,
      `domain=${"a.".repeat(32_000)}`,
      `cookie=${"=;".repeat(32_000)}`,
      "<a>".repeat(21_000),
      `<${"a".repeat(65_000)}`,
      `<ip>${"&amp;".repeat(13_000)}</ip>`,
      "<a></a>".repeat(9_000),
      `{"a":${'{"a":'.repeat(10_000)}1${"}".repeat(10_001)}`,
      `[${"[1],".repeat(16_000)}1]`,
    ].flatMap((long) => [
      { method: "POST", path: "/oauth", query: "", headers: {}, body: long },
      { method: "POST", path: "/q/endpoints", query: long, headers: { cookie: long }, body: long },
      { method: "POST", path: "/user", query: "", headers: {}, body: long },
      { method: "GET", path: `/${long}`, query: long, headers: { authorization: `Basic ${long}` }, body: "" },
    ]);
    const begun = performance.now();
    for (const raw of worst) {
      decodeRequest(raw, () => false);
      redactRequest(raw);
    }
    expect((performance.now() - begun) / worst.length).toBeLessThan(100);
  });
});
