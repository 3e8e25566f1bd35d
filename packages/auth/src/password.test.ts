import { describe, expect, it } from "vitest";
import { hashPassword, verifyPassword } from "./password.ts";
import { waitAfter } from "./sign-in.ts";

describe("passwords", () => {
  it("are kept as argon2id with a salt of their own each", async () => {
    const [a, b] = await Promise.all([
      hashPassword("correct horse battery"),
      hashPassword("correct horse battery"),
    ]);
    expect(a).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(a).not.toBe(b);
  });

  it("are right only when every character is", async () => {
    const stored = await hashPassword("correct horse battery");
    expect(await verifyPassword("correct horse battery", stored)).toBe(true);
    expect(await verifyPassword("correct horse batter", stored)).toBe(false);
    expect(await verifyPassword("", stored)).toBe(false);
  });

  it("of nobody are never right, not even the decoy's", async () => {
    expect(await verifyPassword("nobody has this password", null)).toBe(false);
  });

  it("are the same however the keyboard composes a character", async () => {
    expect(await verifyPassword("Mu\u0308ller-pass", await hashPassword("M\u00fcller-pass"))).toBe(true);
  });

  it("that are endless are refused, not cut to something that fits", async () => {
    const stored = await hashPassword("x".repeat(256));
    expect(await verifyPassword("x".repeat(100_000), stored)).toBe(false);
  });

  it("say no instead of failing when what is stored is no hash", async () => {
    expect(await verifyPassword("anything", "not a hash")).toBe(false);
  });
});

describe("the wait after failures", () => {
  it("is nothing for the first tries, then doubles, and ends at five minutes", () => {
    expect([0, 4, 5, 6, 9, 30].map((failures) => waitAfter(failures))).toEqual([
      0, 0, 1000, 2000, 16_000, 300_000,
    ]);
  });
});
