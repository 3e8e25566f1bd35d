import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CleaningFlag, cleanRoles } from "./clean-text.ts";
import { RoleBook } from "./role-book.ts";

describe("a book of roles", () => {
  test("gives what cleaning each list anew would give, whatever was listed before", () => {
    const group = fc.oneof(fc.constantFrom("a", "A", "b\u0000", "B", "", "é", "É".repeat(40)), fc.string());
    const lists = fc.array(fc.array(group, { maxLength: 12 }), { maxLength: 8 });
    fc.assert(
      fc.property(lists, (all) => {
        const book = new RoleBook(64, (role) => `<${role}>`);
        for (const groups of all) {
          const [flags, expected] = [new Set<CleaningFlag>(), new Set<CleaningFlag>()];
          const roles = book.listOf(groups, flags, 200);
          expect(roles.map(({ role }) => role)).toEqual(cleanRoles(groups, expected));
          for (const { role, written } of roles) expect(written).toBe(`<${role}>`);
          for (const flag of expected) expect(flags).toContain(flag);
        }
      }),
    );
  });

  test("goes on rightly when it has to forget", () => {
    const book = new RoleBook(64, (role) => role);
    for (let at = 0; at < 60_000; at++) book.listOf([`group-${at}`], new Set(), 200);
    expect(book.kept).toBeLessThan(50_010);
    expect(book.listOf(["x", "X", "y"], new Set(), 200).map(({ role }) => role)).toEqual(["x", "y"]);
  });

  test("keeps the first so many and says that more were there", () => {
    const flags = new Set<CleaningFlag>();
    expect(new RoleBook(64, (role) => role).listOf(["a", "b", "c"], flags, 2)).toHaveLength(2);
    expect([...flags]).toEqual(["roles-capped"]);
  });
});
