import * as nodeCrypto from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { makeSecretVerifier, newClientSecret, verifySecret } from "./secret-verifier.ts";

vi.mock("node:crypto", async (original) => {
  const real = await original<typeof nodeCrypto>();
  return { ...real, timingSafeEqual: vi.fn(real.timingSafeEqual) };
});

describe("a firewall's secret", () => {
  it("has 43 letters and digits, which is 256 bits, never the same twice, each character about equally often", () => {
    const secrets = Array.from({ length: 500 }, newClientSecret);
    expect(new Set(secrets).size).toBe(500);
    for (const secret of secrets) expect(secret).toMatch(/^[A-Za-z0-9]{43}$/);
    expect(43 * Math.log2(62)).toBeGreaterThanOrEqual(256);
    const counts = new Map<string, number>();
    for (const c of secrets.join("")) counts.set(c, (counts.get(c) ?? 0) + 1);
    expect(counts.size).toBe(62);
    expect(Math.min(...counts.values())).toBeGreaterThan(200);
    expect(Math.max(...counts.values())).toBeLessThan(460);
  });

  it("is accepted by its verifier and no other text is", () => {
    const secret = newClientSecret();
    const verifier = makeSecretVerifier(secret);
    expect(verifier).toMatch(/^s1\$[\w-]{22}\$[\w-]{43}$/);
    expect(verifier).not.toContain(secret);
    expect(verifySecret(secret, verifier)).toBe(true);
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(verifySecret(text, verifier)).toBe(text === secret);
      }),
    );
  });

  it("is compared in constant time for every verifier, a malformed one too", () => {
    const compare = vi.mocked(nodeCrypto.timingSafeEqual);
    const good = makeSecretVerifier("right");
    for (const verifier of [good, "", "s1$$", "s2$a$b", `${good}$x`, "nonsense"]) {
      compare.mockClear();
      expect(verifySecret("wrong", verifier)).toBe(false);
      expect(compare, verifier).toHaveBeenCalledOnce();
    }
  });

  it("never passes a malformed verifier, not even one whose bytes are all zero", () => {
    const zero = `s1$${Buffer.alloc(16).toString("base64url")}$${Buffer.alloc(32).toString("base64url")}`;
    for (const verifier of ["", "s1", "s1$$", zero, zero.replace("s1", "s0")])
      expect(verifySecret("", verifier)).toBe(false);
  });
});
