import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkText, escapeInvisible, FORBIDDEN_CHARACTERS, normaliseName } from "./value.ts";

const parts = (raw: string, normalise: Parameters<typeof normaliseName>[1]) => {
  const outcome = normaliseName(raw, normalise);
  return outcome.kind === "ok" ? outcome.value : outcome.reason;
};

describe("normaliseName", () => {
  it("splits a UPN at its last @ and keeps it", () => {
    expect(parts("alice@corp.example", "upn")).toEqual({
      name: "alice",
      domain: "corp.example",
      upn: "alice@corp.example",
    });
    expect(parts("alice", "upn")).toEqual({ name: "alice", domain: null, upn: null });
    expect(parts("a@b@corp.example", "upn")).toBe("forbidden-character");
  });

  it("splits DOMAIN\\user, also where the backslash was doubled on the way", () => {
    expect(parts("CORP\\alice", "domain-user")).toEqual({ name: "alice", domain: "CORP", upn: null });
    expect(parts("CORP\\\\alice", "domain-user")).toEqual({ name: "alice", domain: "CORP", upn: null });
    expect(parts("alice", "domain-user")).toEqual({ name: "alice", domain: null, upn: null });
  });

  it("takes the first value of a DN with its escapes undone", () => {
    expect(parts("CN=alice,OU=Staff,DC=corp", "dn")).toMatchObject({ name: "alice" });
    expect(parts("CN=J\\C3\\B6rg,DC=corp", "dn")).toMatchObject({ name: "Jörg" });
    expect(parts("CN=Doe\\, Jane,DC=corp", "dn")).toBe("forbidden-character");
    expect(parts("CN=x\\FF,DC=corp", "dn")).toBe("forbidden-character");
  });

  it("refuses each of the guide's characters unless it is split away", () => {
    for (const character of FORBIDDEN_CHARACTERS) {
      expect(parts(`al${character}ice`, "none"), character).toBe("forbidden-character");
      expect(checkText(`al${character}ice`).kind, character).toBe("refused");
    }
  });

  it.each(["", " ", "-", "N/A", "n/a", "Not-Applicable", "(null)"])("knows that %j is no name", (word) => {
    expect(parts(word, "none")).toBe("no-name");
  });

  it.each([0, 7, 9, 10, 13, 0x1b, 0x7f, 0x200b, 0x200e, 0x202e, 0x2028, 0x2066, 0xfeff, 0xfffd])(
    "refuses a name with the invisible character U+%s in it",
    (code) => {
      expect(parts(`al${String.fromCodePoint(code)}ice`, "none")).toBe("forbidden-character");
    },
  );

  it("gives, of any text, either clean parts or a refusal, and never throws", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 300 }),
        fc.constantFrom("none" as const, "upn" as const, "domain-user" as const, "dn" as const),
        (raw, normalise) => {
          const outcome = normaliseName(raw, normalise);
          if (outcome.kind === "refused") return;
          for (const part of [outcome.value.name, outcome.value.domain ?? ""]) {
            expect([...part].some((character) => FORBIDDEN_CHARACTERS.includes(character))).toBe(false);
            expect(/\p{Cc}/u.test(part)).toBe(false);
            expect(part.length).toBeLessThanOrEqual(256);
          }
        },
      ),
      { numRuns: 20_000 },
    );
  });
});

describe("escapeInvisible", () => {
  it("shows what cannot be seen, and leaves the rest as it is", () => {
    expect(escapeInvisible("a\u0000b\u202ec\nd")).toBe("a\\u{0}b\\u{202e}c\\u{a}d");
    expect(escapeInvisible("Łukasz 王 😀")).toBe("Łukasz 王 😀");
  });
});
