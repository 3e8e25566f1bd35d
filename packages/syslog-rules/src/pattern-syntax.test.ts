import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePattern } from "./pattern.ts";
import { findUnsupported } from "./pattern-syntax.ts";

describe("an expression that the agent does not support", () => {
  it.each([
    ["user=(?<=x)y", 5, 4, /^look-behind is not supported by the agent/],
    ["(?<!x)y", 0, 4, /^negative look-behind is not supported/],
    ["a(?=b)", 1, 3, /^look-ahead is not supported/],
    ["a(?!b)", 1, 3, /^negative look-ahead is not supported/],
    ["(a)\\1", 3, 2, /^back-references are not supported/],
    ["(?<n>a)\\k<n>", 7, 2, /^back-references are not supported/],
    ["x(?>a)", 1, 3, /^atomic groups/],
    ["a++", 2, 1, /^possessive repetition/],
    ["a{2}+", 4, 1, /^possessive repetition/],
    ["a(?#note)b", 1, 3, /^comments inside/],
    ["(?(1)a)", 0, 3, /^conditional groups/],
    ["end\\Z", 3, 2, /^\\Z is not supported/],
    ["\\u0041", 0, 2, /^\\u is not supported/],
    ["a)b", 1, 1, /^this \) closes nothing/],
    ["a(b(c)", 1, 1, /^this \( is never closed/],
    ["a[bc", 1, 1, /^this \[ is never closed/],
    ["ab\\", 2, 1, /^the expression ends in a lone/],
    ["[\\k]", 1, 2, /^back-references/],
  ])("is refused at its very place: %s", (expression, position, length, message) => {
    const outcome = compilePattern(expression);
    expect(outcome).toMatchObject({ kind: "refused", problem: { position, length } });
    if (outcome.kind === "refused") expect(outcome.problem.message).toMatch(message);
  });

  it.each([
    "\\(?<=",
    "[(?<=]",
    "\\Q(?<=\\E",
    "[\\](?=]",
    "[](?=]",
    "[[:alpha:](]",
    "\\\\(a)",
    "a\\++",
    "(?:a+)+",
    "[a)]",
  ])("is not seen where the same marks stand for themselves: %s", (expression) => {
    expect(findUnsupported(expression)).toBeNull();
    expect(compilePattern(expression).kind).toBe("compiled");
  });

  it.each([
    ["a{2000}", 1, 6, /too large \(at most 1000/],
    ["x{2,1}", 1, 5, /wrong order/],
    ["ab**", 2, 2, /one repetition directly after another/],
    ["*a", 0, 1, /nothing stands before/],
    ["a[z-a]", 2, 3, /not a valid range/],
    ["\\p{Nope}", 0, 8, /not a valid range or class/],
    ["(?P<n>a)(?P<n>b)", 4, 1, /this group name is used twice/],
  ])("is explained in words where the engine refuses it: %s", (expression, position, length, message) => {
    const outcome = compilePattern(expression);
    expect(outcome).toMatchObject({ kind: "refused", problem: { position, length } });
    if (outcome.kind === "refused") expect(outcome.problem.message).toMatch(message);
  });

  it("is found without an exception in any text, and its place lies within that text", () => {
    const noise = fc.string({
      unit: fc.constantFrom(..."ab01\\()[]{}<>=!?*+.|^$-,:#PQEk&".split("")),
      maxLength: 40,
    });
    fc.assert(
      fc.property(noise, (expression) => {
        const outcome = compilePattern(expression);
        if (outcome.kind === "compiled") return;
        const { position, length } = outcome.problem;
        expect(position).toBeGreaterThanOrEqual(0);
        expect(position + length).toBeLessThanOrEqual(expression.length);
        expect(outcome.problem.message.length).toBeGreaterThan(0);
      }),
      { numRuns: 50_000 },
    );
  });
});
