import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isFreshNonce, newNonce } from "./enrol-nonce.ts";

const macBy = (key: string) => (bytes: Uint8Array) =>
  new Uint8Array(createHmac("sha256", key).update(bytes).digest());
const mac = macBy("installation");
const now = Date.UTC(2026, 10, 24);
const minutes = 60_000;

describe("an enrolment nonce", () => {
  it("is good for five minutes at any gateway of the installation, and at no other", () => {
    const nonce = newNonce(mac, now);
    expect(isFreshNonce(mac, nonce, now + 5 * minutes)).toBe(true);
    expect(isFreshNonce(mac, nonce, now + 5 * minutes + 1)).toBe(false);
    expect(isFreshNonce(macBy("another"), nonce, now)).toBe(false);
  });

  it("is refused with any character changed, added or missing", () => {
    const nonce = newNonce(mac, now);
    for (let at = 0; at < nonce.length; at += 1) {
      const other = nonce[at] === "A" ? "B" : "A";
      expect(isFreshNonce(mac, nonce.slice(0, at) + other + nonce.slice(at + 1), now), `at ${at}`).toBe(
        false,
      );
      expect(isFreshNonce(mac, nonce.slice(0, at), now)).toBe(false);
    }
    for (const text of ["", `${nonce}=`, `${nonce}AA`, "!"]) expect(isFreshNonce(mac, text, now)).toBe(false);
  });

  it("is never the same twice", () => {
    expect(new Set(Array.from({ length: 1000 }, () => newNonce(mac, now))).size).toBe(1000);
  });
});
