import { PrincipalDirectory, tokensOfFacts } from "@rollcall/identity-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrincipalBook } from "./principal-book.ts";

type Step =
  | {
      readonly kind: "account";
      readonly at: number;
      readonly name: string;
      readonly isDevice: boolean;
      readonly other: string | null;
      readonly enabled: boolean;
    }
  | { readonly kind: "gone"; readonly at: number }
  | { readonly kind: "group"; readonly members: readonly number[] }
  | { readonly kind: "told" };

const ACCOUNTS = 6;
const NAMES = ["ana", "Ben", "pc1", "a.lima", "ana$"];
const OTHERS = ["ana@corp.example", "A.Lima@mail.example", "pc9.corp.example", "ben"];
const domainOf = (at: number) => (at % 2 === 0 ? "corp.example" : "lab.example");
const sidOf = (at: number) => `S-1-5-21-${at % 2}-${100 + at}`;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("account" as const),
      at: fc.nat(ACCOUNTS - 1),
      name: fc.constantFrom(...NAMES),
      isDevice: fc.boolean(),
      other: fc.option(fc.constantFrom(...OTHERS)),
      enabled: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("gone" as const), at: fc.nat(ACCOUNTS - 1) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("group" as const),
      members: fc.uniqueArray(fc.nat(ACCOUNTS - 1)),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: "told" as const }) },
);

const SPELLINGS = [...NAMES, ...OTHERS].flatMap((one) => {
  const lower = one.toLowerCase();
  return [lower, `corp\\${lower}`, `lab.example\\${lower}`, `${lower}@corp.example`];
});

function take(book: PrincipalBook, one: Exclude<Step, { kind: "told" }>): void {
  const { graph } = book;
  if (one.kind === "gone") graph.remove(`guid-${one.at}`);
  else if (one.kind === "group") {
    graph.upsertGroup({
      guid: "staff",
      sid: "S-1-5-21-0-7",
      directoryId: "d",
      domain: "corp.example",
      name: "Staff",
      security: true,
    });
    graph.setMembers("staff", one.members.map(sidOf));
  } else
    graph.upsertPrincipal({
      guid: `guid-${one.at}`,
      sid: sidOf(one.at),
      kind: one.isDevice ? "device" : "user",
      directoryId: "d",
      domain: domainOf(one.at),
      netbiosDomain: one.at % 2 === 0 ? "CORP" : null,
      name: one.name,
      upn: one.isDevice ? null : one.other,
      displayName: null,
      dnsHostName: one.isDevice ? one.other : null,
      dn: `CN=${one.name}`,
      primaryGroupRid: null,
      enabled: one.enabled,
    });
}

describe("a book that is asked", () => {
  it("says of everybody, by key and by every spelling, what whoever kept all it ever told would say", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const book = new PrincipalBook();
        const kept = new PrincipalDirectory();
        let now = 1;
        for (const one of [...steps, { kind: "told" } as const]) {
          if (one.kind !== "told") {
            take(book, one);
            continue;
          }
          now += 1;
          for (const facts of book.takeChangedFacts(now))
            if (book.factsOf(facts.key) === null) kept.remove(facts.key);
            else kept.put(facts);
          expect(book.size).toBe(kept.size);
          const byKey = (left: { key: string }, right: { key: string }) => left.key.localeCompare(right.key);
          const everybody = Array.from({ length: ACCOUNTS }, (_, at) => sidOf(at));
          for (const sid of everybody) expect(book.factsOf(sid)).toEqual(kept.factsOf(sid));
          const spellings = [
            ...SPELLINGS,
            ...everybody.map((sid) => sid.toLowerCase()),
            ...[...kept.all()].flatMap(tokensOfFacts),
          ];
          for (const spelling of spellings)
            expect([spelling, ...book.claiming([spelling]).sort(byKey)]).toEqual([
              spelling,
              ...kept.claiming([spelling]).sort(byKey),
            ]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("knows nobody whom it has not told of yet, and what it told until it tells of the change", () => {
    const book = new PrincipalBook();
    take(book, { kind: "account", at: 0, name: "ana", isDevice: false, other: null, enabled: true });
    expect([book.size, book.factsOf(sidOf(0)), book.claiming(["corp\\ana"])]).toEqual([0, null, []]);
    expect(book.takeChangedFacts(50)).toHaveLength(1);
    expect(book.claiming(["corp\\ana"]).map(({ asOf }) => asOf)).toEqual([50]);
    take(book, { kind: "gone", at: 0 });
    expect(book.factsOf(sidOf(0))).toBeNull();
  });
});
