import { describe, expect, test } from "vitest";
import { jsonSuperset } from "./profiles/built-in-profiles.ts";
import { anEntry, anEntryUser } from "./testing/index.ts";
import { utf8Length } from "./utf8.ts";

const profile = jsonSuperset;
const told = (name: string, groups: readonly string[] = []) => {
  const { text, flags } = profile.encodeEntry(anEntry({ user: anEntryUser({ name, groups }) }));
  return { entry: JSON.parse(text) as { user: string; roles: string[] }, text, flags };
};

describe("names a firewall is told", () => {
  test("keep their case and their letters", () => {
    expect(told("Ana.Müller").entry.user).toBe("Ana.Müller");
    expect(told("Ana.Müller").flags).toEqual([]);
  });

  test("lose control characters, marks of direction and halves of characters, and say so", () => {
    const { entry, flags } = told("a\u0000l\r\ni\u001b[31m\u202ec\u200ee\ud800");
    expect(entry.user).toBe("ali[31mce");
    expect(flags).toEqual(["control-characters"]);
  });

  test("are cut at 64 bytes, never inside a character, and say so", () => {
    const { entry, flags } = told("é".repeat(40));
    expect(entry.user).toBe("é".repeat(32));
    expect(flags).toEqual(["truncated"]);
    expect(utf8Length(told(`${"a".repeat(62)}😀`).entry.user)).toBe(62);
    expect(told("a".repeat(64)).flags).toEqual([]);
  });

  test("hold nothing that means something to a parser of XML or JSON", () => {
    const { entry, text } = told('<b>&"\\');
    expect(text).not.toMatch(/[<>&]/);
    expect(entry.user).toBe('<b>&"\\');
  });
});

describe("roles a firewall is told", () => {
  test("stand once each, compared without case, in the order given", () => {
    expect(told("a", ["Sales", "sales", "IT", "", "SALES"]).entry.roles).toEqual(["Sales", "IT"]);
  });

  test("are the first 200, and say so when there were more", () => {
    const groups = Array.from({ length: 201 }, (_, at) => `g${at}`);
    expect(told("a", groups.slice(0, 200)).flags).toEqual([]);
    const { entry, flags } = told("a", groups);
    expect(entry.roles).toHaveLength(200);
    expect(flags).toEqual(["roles-capped"]);
  });
});

describe("an entry", () => {
  test("of nobody is an end, with the domain it was seen with where the user is not known", () => {
    const { text } = profile.encodeEntry(anEntry({ domainsSeen: ["corp.example"] }));
    expect(JSON.parse(text)).toMatchObject({
      operation: "logoff",
      user: "",
      domain: "corp.example",
      is_online: false,
    });
    expect(text).not.toContain("device");
  });

  test("that names no source names us", () => {
    const { sourceLabel: _, ...user } = anEntryUser();
    expect(profile.encodeEntry(anEntry({ user: { ...user, sourceLabel: "" } })).text).toContain(
      '"source":"Rollcall"',
    );
  });

  test("an address query for a tombstone is answered as unknown", () => {
    expect(profile.encodeIp(anEntry())).toBe(profile.emptyDocument);
  });

  test.each([0, 1, 2, 3])(
    "of %d entries in a batch: the announced length is the length in bytes",
    (count) => {
      const entries = Array.from({ length: count }, () =>
        anEntry({ user: anEntryUser({ name: "Ünal 😀 <&>" }) }),
      );
      const answers = [profile.encodeBatch(entries, "cookie"), profile.encodeIp(entries[0] ?? null)];
      for (const { headers, body } of answers) {
        const announced = headers.find(([name]) => name === "Content-Length")?.[1];
        expect(Number(announced)).toBe(Buffer.byteLength(body));
      }
    },
  );
});
