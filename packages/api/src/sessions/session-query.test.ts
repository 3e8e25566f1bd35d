import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCursor, encodeCursor, sessionQuery } from "./session-query.ts";

const ask = (q: string) => sessionQuery({ q, liveOnly: true });

describe("what is typed into the search box", () => {
  it("is an address, the head of one, a range, a user with a domain, or text", () => {
    expect(ask("::FFFF:10.20.0.5")).toMatchObject({ ip: "10.20.0.5", text: null });
    expect(ask("10.20")).toMatchObject({ ipHead: "10.20%", text: null });
    expect(ask("fd00:")).toMatchObject({ ipHead: "fd00:%" });
    expect(ask("10.20.31.77/24")).toMatchObject({ range: { first: "10.20.31.0", last: "10.20.31.255" } });
    expect(ask("fd00::/8")).toMatchObject({
      range: { first: "fd00::", last: "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
    });
    expect(ask("CORP\\ana")).toMatchObject({ user: "%ana%", text: null });
    expect(ask("ana")).toMatchObject({ user: null, text: "%ana%" });
    expect(ask("cafe")).toMatchObject({ ipHead: null, text: "%cafe%" });
    expect(ask("")).toMatchObject({ ip: null, range: null, ipHead: null, user: null, text: null });
  });

  it("is never a pattern of the database's", () => {
    expect(ask("50%_\\").text).toBe("%50\\%\\_\\\\%");
    fc.assert(
      fc.property(fc.string(), (q) => {
        for (const pattern of [ask(q).text, ask(q).user, ask(q).ipHead]) {
          if (pattern === null) continue;
          expect(pattern).not.toContain("\0");
          const inner = pattern.replace(/^%/, "").replace(/%$/, "");
          expect(inner.replace(/\\[\\%_]/g, "")).not.toMatch(/[%_\\]/);
        }
      }),
    );
  });
});

describe("a cursor", () => {
  it("comes back as it was given out", () => {
    const cursor = {
      sortMs: 1_800_000_000_123,
      ip: "10.20.0.5",
      space: "6f1d1c1e-58b0-4d3c-9d3b-0d5b8b6a1b11",
    };
    expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
  });

  it("that is none is no error", () => {
    fc.assert(fc.property(fc.string(), (text) => void decodeCursor(text)));
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(() => decodeCursor(Buffer.from(json).toString("base64url"))).not.toThrow();
      }),
    );
  });
});
