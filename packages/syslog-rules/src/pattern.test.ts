import { describe, expect, it } from "vitest";
import { compilePattern, MAX_PATTERN_LENGTH, type Pattern } from "./pattern.ts";

function compiled(text: string, ignoreCase = false): Pattern {
  const outcome = compilePattern(text, { ignoreCase });
  if (outcome.kind === "refused") throw new Error(outcome.problem.message);
  return outcome.pattern;
}

describe("compilePattern", () => {
  it("takes group `value`, else the first group, else the whole match", () => {
    expect(compiled("(a)(?P<value>b)").capture("ab", 1)?.value).toBe("b");
    expect(compiled("(?<value>b)").capture("ab", 1)?.value).toBe("b");
    expect(compiled("(a)(b)").capture("ab", 1)?.value).toBe("a");
    expect(compiled("(?:a)b").capture("ab", 1)?.value).toBe("ab");
  });

  it("takes the n-th match and nothing when there are fewer", () => {
    const ip = compiled("ip=(\\d+)");
    expect([1, 2, 3].map((nth) => ip.capture("ip=7 ip=8", nth)?.value)).toEqual(["7", "8", undefined]);
  });

  it("gives nothing when its group took no part in the match", () => {
    expect(compiled("a|(b)").capture("a", 1)).toBeNull();
  });

  it("says where the value stands in the line, also behind characters of two units", () => {
    const line = "😀 user=ö😀 x";
    expect(compiled("user=(\\S+)").capture(line, 1)).toEqual({ value: "ö😀", start: 8, end: 11 });
  });

  it("ignores case only when asked to", () => {
    expect([compiled("svc-.*").matches("SVC-x"), compiled("svc-.*", true).matches("SVC-x")]).toEqual([
      false,
      true,
    ]);
  });

  it("refuses the empty, the too long and the too large", () => {
    expect(compilePattern("")).toMatchObject({
      kind: "refused",
      problem: { message: "an expression is needed" },
    });
    expect(compilePattern("a".repeat(MAX_PATTERN_LENGTH + 1))).toMatchObject({
      kind: "refused",
      problem: { position: MAX_PATTERN_LENGTH, length: 1 },
    });
    const large = compilePattern(".{700}");
    expect(large.kind === "refused" && large.problem.message).toMatch(/too large: \d+ steps, at most 600/);
  });

  it.each([
    "(a+)+$",
    "(a|a)*$",
    "(a|aa)+$",
    "(.*a){12}$",
    "(x+x+)+y",
    "(\\w+\\s?)+:$",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
  ])("reads a line that hangs a backtracking engine in linear time: %s", (expression) => {
    const pattern = compiled(expression);
    const line = (length: number) => `${"a".repeat(length)}!`;
    pattern.capture(line(100), 1);
    const costs = [2000, 8000].map((length) => {
      const started = performance.now();
      pattern.matches(line(length));
      pattern.capture(line(length), 1);
      return performance.now() - started;
    });
    // Four times the line may cost more than four times the time on a busy machine, never sixteen times plus.
    expect(costs[1]).toBeLessThan(Math.max(100, 16 * (costs[0] ?? 0)));
    expect(costs[1]).toBeLessThan(500);
  });
});
