import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { baseConfigurations } from "./base-configurations.ts";
import { compilePattern } from "./pattern.ts";
import { compileSequences, type RuleSet } from "./rule-set.ts";
import { aPattern, aSequence } from "./testing/builders.ts";
import { FORBIDDEN_CHARACTERS } from "./value.ts";

const ROUNDS = 50_000;

/** Small, fast and the same on every machine: the seed is printed when a round fails. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

const PIECES = [
  "login",
  "logout",
  "user=",
  "ip=",
  "session=",
  "alice",
  "CORP\\",
  "@corp.example",
  "10.1.2.3",
  "2001:db8::1",
  "::ffff:10.0.0.1",
  " ",
  ",",
  "/",
  "\\",
  "[",
  "]",
  "<13>",
  "\0",
  "\n",
  "\u202e",
  "\ufeff",
  "ö",
  "😀",
  "\ud800",
  '"',
  "=",
  "999.1.1.1",
  "-",
  "N/A",
  "login user=alice ip=10.1.2.3 ",
  "MULTI: primary virtual IP for ",
  "_VPN_UP_ALARM_USER: x AAA username: ",
  "radius acct start ",
  "NT_STATUS_OK",
  "a".repeat(500),
];
const EXPRESSIONS = [
  "(a+)+$",
  "(a|a)*b",
  "(.*)(.*)x",
  "user=(\\S+)",
  "ip=([0-9a-f.:]+)",
  "(?i)LOGIN",
  "\\bx\\b",
  "[^ ]+",
  "(?:a|b|c)*d",
  "^",
  "$",
  ".",
  "()",
  "(?<value>\\w+)=",
  "\\pL+",
  "[[:alpha:]]+",
  "a{0,50}b{0,50}",
  "(\\s*\\S+)*$",
];

describe("any line against any expressions", () => {
  it(`reads ${ROUNDS} random lines with random patterns: no exception, no slow line, no forbidden name`, () => {
    const seed = 20261121;
    const next = random(seed);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T;
    const line = () => Array.from({ length: 1 + Math.floor(next() * 14) }, () => pick(PIECES)).join("");
    const ruleSets: RuleSet[] = [];
    for (const base of baseConfigurations) {
      const outcome = compileSequences(base.sequences);
      if (outcome.kind === "compiled") ruleSets.push(outcome.rules);
    }
    for (let index = 0; index < 200; index += 1) {
      const patterns = [
        aPattern("user", pick(EXPRESSIONS)),
        aPattern("domain", pick(EXPRESSIONS), { optional: true }),
      ];
      const outcome = compileSequences([
        aSequence({ trigger: pick(EXPRESSIONS), patterns, matchSourceIp: true }),
      ]);
      if (outcome.kind === "compiled") ruleSets.push(outcome.rules);
    }
    expect(ruleSets.length).toBeGreaterThan(100);

    let matched = 0;
    let slowestMs = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const text = line();
      const started = performance.now();
      const result = pick(ruleSets).match(text, { senderIp: "192.0.2.1" });
      slowestMs = Math.max(slowestMs, performance.now() - started);
      if (result.kind !== "matched") continue;
      matched += 1;
      for (const name of [result.user, result.domain, result.device]) {
        const bad = [...(name ?? "")].find((character) => FORBIDDEN_CHARACTERS.includes(character));
        expect(bad, `seed ${seed}, round ${round}, line ${JSON.stringify(text)}`).toBeUndefined();
      }
      for (const { value, start, end } of result.captures) expect(result.text.slice(start, end)).toBe(value);
    }
    expect(matched).toBeGreaterThan(1000);
    expect(slowestMs).toBeLessThan(250);
  });

  it("compiles or refuses every text as an expression, and a compiled one reads every text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."ab1.*+?()[]{}|^$\\dwSpL<>=:,-".split("")), maxLength: 25 }),
        fc.string({ unit: "binary", maxLength: 200 }),
        (expression, text) => {
          const outcome = compilePattern(expression);
          if (outcome.kind === "refused") return;
          const found = outcome.pattern.matches(text);
          const capture = outcome.pattern.capture(text, 1);
          if (!found) expect(capture).toBeNull();
          if (capture !== null) expect(text.slice(capture.start, capture.end)).toBe(capture.value);
        },
      ),
      { numRuns: 20_000 },
    );
  });
});
