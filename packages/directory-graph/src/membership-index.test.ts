import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MembershipIndex } from "./membership-index.ts";

/** Numbers of one byte, of several, and next to the greatest: each length of a step comes up. */
const node = fc.oneof(fc.nat(40), fc.constantFrom(127, 128, 129, 16_383, 16_384, 16_512, 70_000));
const nodes = fc.array(node, { maxLength: 25 });
const group = fc.constantFrom(0, 3, 200, 201, 20_000, 60_000);
const step = fc.oneof(
  fc.record({ kind: fc.constant("replace" as const), group, added: nodes, removed: fc.constant([]) }),
  fc.record({ kind: fc.constant("change" as const), group, added: nodes, removed: nodes }),
  fc.record({
    kind: fc.constant("look" as const),
    group,
    added: fc.constant([]),
    removed: fc.constant([]),
  }),
);
const ascending = (numbers: Iterable<number>) => [...numbers].sort((left, right) => left - right);

describe("MembershipIndex", () => {
  it.each([
    { held: "changes beside the last build", limits: {} },
    { held: "a new build after nearly every change", limits: { rebuildEdges: 3, rebuildOverlay: 2 } },
    { held: "groups too long for a record", limits: { rebuildEdges: 10, recordBytesMax: 4 } },
  ])("knows members and parents as plain sets do, with $held", ({ limits }) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
        const index = new MembershipIndex(limits);
        const model = new Map<number, Set<number>>();
        const look = () => {
          const ids = new Set([...model.values()].flatMap((members) => [...members]));
          for (const id of [...ids, 39, 80_000]) {
            const parents = [...model].filter(([, members]) => members.has(id)).map(([parent]) => parent);
            expect(index.parentsOf(id)).toEqual(ascending(parents));
          }
          for (const [parent, members] of model)
            expect([...index.membersOf(parent)]).toEqual(ascending(members));
        };
        for (const { kind, group: parent, added, removed } of steps) {
          if (kind === "look") {
            look();
            continue;
          }
          const before = model.get(parent) ?? new Set<number>();
          const after = new Set(kind === "change" ? [...before, ...added] : added);
          for (const id of removed) after.delete(id);
          model.set(parent, after);
          const change =
            kind === "change" ? index.change(parent, added, removed) : index.replace(parent, added);
          expect(change.added).toEqual(ascending(after).filter((id) => !before.has(id)));
          expect(change.removed).toEqual(ascending(before).filter((id) => !after.has(id)));
        }
        look();
      }),
      { numRuns: 500 },
    );
  });

  it("keeps a group of half a million members, and gives each of them its group", () => {
    const index = new MembershipIndex();
    const members = Array.from({ length: 500_000 }, (_, at) => at * 3);
    index.replace(7, members);
    index.change(7, [1], [3]);
    const held = index.membersOf(7);
    expect([held.length, held[0], held[1], held[2], held.at(-1)]).toEqual([500_000, 0, 1, 6, 1_499_997]);
    expect([0, 1, 2, 3, 1_499_997].map((id) => index.parentsOf(id))).toEqual([[7], [7], [], [], [7]]);
  });

  it("keeps a group whose members lie too far apart for one record, and everybody in it", () => {
    const index = new MembershipIndex();
    const members = Array.from({ length: 100_000 }, (_, at) => 5000 + at * 200);
    const limited = new MembershipIndex({ recordBytesMax: 150_000 });
    for (const one of [index, limited]) {
      one.replace(1, members);
      one.replace(2, [5000]);
      expect([...one.membersOf(1)]).toEqual(members);
      expect([one.parentsOf(5000), one.parentsOf(5200)]).toEqual([[1, 2], [1]]);
      one.change(1, [], members.slice(10));
      expect([...one.membersOf(1)]).toEqual(members.slice(0, 10));
    }
  });
});
