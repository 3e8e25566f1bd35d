import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NumberSet } from "./number-set.ts";

const byValue = (left: number, right: number): number => left - right;

describe("a set of node numbers", () => {
  it("holds what was added, each once, whether it is few or nearly all there are", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(20_000), { maxLength: 200 }),
        fc.constantFrom(0, 4000, 4096, 4097, 9000),
        (some, inARow) => {
          const set = new NumberSet();
          const plain = new Set<number>();
          for (const number of [...some, ...Array.from({ length: inARow }, (_, at) => 2 * at)]) {
            set.add(number);
            plain.add(number);
          }
          expect([...set].sort(byValue)).toEqual([...plain].sort(byValue));
          set.clear();
          set.add(7);
          expect([...set]).toEqual([7]);
        },
      ),
      { numRuns: 50 },
    );
  });
});
