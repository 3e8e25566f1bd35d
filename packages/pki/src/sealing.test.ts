import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { generateSealingKey, isSealingPublicKey, open, seal } from "./sealing.ts";

const key = await generateSealingKey();
const place = { tenantId: randomUUID(), agentId: randomUUID() };

describe("a sealed secret", () => {
  it("opens for the agent it was sealed for", async () => {
    const ciphertext = await seal("pässwörd \u{1F511}", { ...place, publicKey: key.publicKey });
    expect(await open(ciphertext, { ...place, privateKey: key.privateKey })).toEqual({
      kind: "opened",
      plaintext: "pässwörd \u{1F511}",
    });
  });

  it("does not open with another agent's key, nor under another agent's or tenant's name", async () => {
    const ciphertext = await seal("secret", { ...place, publicKey: key.publicKey });
    const other = await generateSealingKey();
    const outcomes = await Promise.all([
      open(ciphertext, { ...place, privateKey: other.privateKey }),
      open(ciphertext, { ...place, agentId: randomUUID(), privateKey: key.privateKey }),
      open(ciphertext, { ...place, tenantId: randomUUID(), privateKey: key.privateKey }),
    ]);
    expect(outcomes.map((o) => o.kind)).toEqual(["refused", "refused", "refused"]);
  });

  it("does not open with any byte changed, nor cut short", async () => {
    const bytes = Buffer.from(await seal("secret", { ...place, publicKey: key.publicKey }), "base64url");
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x40;
      const outcome = await open(changed.toString("base64url"), { ...place, privateKey: key.privateKey });
      expect(outcome.kind, `byte ${at}`).toBe("refused");
      const cut = bytes.subarray(0, at).toString("base64url");
      expect((await open(cut, { ...place, privateKey: key.privateKey })).kind).toBe("refused");
    }
  });

  it("is different each time, so that equal passwords cannot be told", async () => {
    const to = { ...place, publicKey: key.publicKey };
    expect(await seal("same", to)).not.toBe(await seal("same", to));
  });

  it("is never made for something that is no public key", async () => {
    expect(isSealingPublicKey(key.publicKey)).toBe(true);
    for (const wrong of ["", "AAAA", Buffer.alloc(32).toString("base64url"), `${key.publicKey}=`])
      expect(isSealingPublicKey(wrong), wrong).toBe(false);
    await expect(seal("x", { ...place, publicKey: "AAAA" })).rejects.toThrow("sealing key");
  });
});
