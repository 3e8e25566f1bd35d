import { describe, expect, it } from "vitest";
import { enrolProof, newEnrolmentToken, verifyEnrolProof } from "./enrolment-proof.ts";

const facts = { tokenId: "K7Q2", csrSha256: "aa", caSha256: "bb", nonce: "cc", time: 1_790_000_000_000 };

describe("an enrolment proof", () => {
  it("is made with the secret and checked with the public key alone", () => {
    const token = newEnrolmentToken();
    expect(token.id).toMatch(/^[0-9A-HJKMNP-TV-Z]{16}$/);
    expect(token.secret).toMatch(/^[\w-]{43}$/);
    expect(verifyEnrolProof(token.publicKey, facts, enrolProof(token.secret, facts))).toBe(true);
  });

  it("fits no other token, request, gateway, nonce or time", () => {
    const token = newEnrolmentToken();
    const proof = enrolProof(token.secret, facts);
    for (const other of [
      { tokenId: "K7Q3" },
      { csrSha256: "ab" },
      { caSha256: "ba" },
      { nonce: "cd" },
      { time: facts.time + 1 },
    ])
      expect(verifyEnrolProof(token.publicKey, { ...facts, ...other }, proof)).toBe(false);
    expect(verifyEnrolProof(newEnrolmentToken().publicKey, facts, proof)).toBe(false);
  });

  it("refuses nonsense without throwing", () => {
    const token = newEnrolmentToken();
    for (const proof of ["", "x", "A".repeat(86), `${enrolProof(token.secret, facts)}=`])
      expect(verifyEnrolProof(token.publicKey, facts, proof)).toBe(false);
    expect(verifyEnrolProof("nonsense", facts, enrolProof(token.secret, facts))).toBe(false);
  });
});
