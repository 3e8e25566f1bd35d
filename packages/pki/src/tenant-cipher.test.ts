import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createCustomerAuthority, openCustomerAuthority } from "./customer-authority.ts";
import { createTenantCipher } from "./tenant-cipher.ts";

const cipher = createTenantCipher({ id: "k1", key: randomBytes(32) });
const place = { tenantId: randomUUID(), table: "customer", column: "key", row: "1" };

describe("a value encrypted for a tenant", () => {
  it("decrypts in its own place only", () => {
    const stored = cipher.encryptForTenant("text", place);
    expect(cipher.decryptForTenant(stored, place)).toBe("text");
    for (const moved of [{ tenantId: randomUUID() }, { table: "site" }, { column: "name" }, { row: "2" }])
      expect(() => cipher.decryptForTenant(stored, { ...place, ...moved })).toThrow("moved or changed");
  });

  it("is refused with any character changed", () => {
    const stored = cipher.encryptForTenant("text", place);
    for (let at = 0; at < stored.length; at += 1) {
      // The highest of the six bits a character carries, so that it never falls into the padding of the last one.
      const other = stored[at] === "A" ? "g" : "A";
      const changed = stored.slice(0, at) + other + stored.slice(at + 1);
      if (changed !== stored) expect(() => cipher.decryptForTenant(changed, place), `at ${at}`).toThrow();
    }
  });

  it("cannot be read with another installation's key", () => {
    const other = createTenantCipher({ id: "k1", key: randomBytes(32) });
    expect(() => other.decryptForTenant(cipher.encryptForTenant("text", place), place)).toThrow();
  });

  it("does not let one place's parts run into another's", () => {
    const stored = cipher.encryptForTenant("text", { ...place, table: "a", column: "b|c" });
    expect(() => cipher.decryptForTenant(stored, { ...place, table: "a|b", column: "c" })).toThrow();
  });
});

describe("a customer's SRX CA", () => {
  it("is stored with its key unreadable, and opens for its own tenant only", async () => {
    const tenantId = randomUUID();
    const stored = await createCustomerAuthority(cipher, { tenantId, name: "Example AG", now: Date.now() });
    expect(stored.keyCipher).not.toContain("PRIVATE KEY");
    expect(openCustomerAuthority(cipher, { ...stored, tenantId }).keyPem).toContain("PRIVATE KEY");
    expect(() => openCustomerAuthority(cipher, { ...stored, tenantId: randomUUID() })).toThrow();
  });
});
