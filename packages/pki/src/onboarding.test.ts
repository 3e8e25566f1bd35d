import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { InstallationKeys } from "./installation-keys.ts";
import { fileKeyOf, signOnboarding, verifyOnboarding } from "./onboarding.ts";
import { newSigningSeed } from "./signing-key.ts";
import { anOnboardingFile, temporaryKeys } from "./testing/index.ts";

let keys: InstallationKeys & { remove(): Promise<void> };
beforeAll(async () => {
  keys = await temporaryKeys();
});
afterAll(() => keys.remove());

const now = Date.now();

describe("an onboarding file", () => {
  it("is believed as the portal wrote it, and says which key signed it", () => {
    const { text } = anOnboardingFile(keys);
    const verified = verifyOnboarding(text, { now, trustedFileKeys: [keys.fileKey.publicKey] });
    expect(verified).toMatchObject({ kind: "verified", fileKeyFingerprint: keys.fileKey.fingerprint });
  });

  it("is refused when any one byte of it was changed in any one bit", () => {
    const bytes = Buffer.from(anOnboardingFile(keys).text, "utf8");
    const accepted: string[] = [];
    for (let at = 0; at < bytes.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        const outcome = verifyOnboarding(changed.toString("utf8"), { now });
        if (outcome.kind === "verified") accepted.push(`byte ${at} bit ${bit}`);
      }
    }
    expect(accepted).toEqual([]);
  });

  it("is refused wherever it was cut off", () => {
    const { text } = anOnboardingFile(keys);
    for (let length = 0; length < text.length; length += 7)
      expect(verifyOnboarding(text.slice(0, length), { now }).kind).not.toBe("verified");
  });

  it("survives mail and editors that change line ends, and nothing else", () => {
    const { text } = anOnboardingFile(keys);
    expect(verifyOnboarding(`\uFEFF${text.replaceAll("\n", "\r\n")}\r\n`, { now }).kind).toBe("verified");
    expect(verifyOnboarding(JSON.stringify(JSON.parse(text)), { now }).kind).toBe("altered");
  });

  it("is refused when signed anew by somebody else, once the installation's key is known", () => {
    const { file } = anOnboardingFile(keys);
    const other = fileKeyOf(newSigningSeed());
    const forged = signOnboarding(
      { ...file.payload, trust: { ...file.payload.trust, file_key: other.publicKey } },
      other,
    );
    const text = JSON.stringify(forged, null, 2);
    const outcome = verifyOnboarding(text, { now, trustedFileKeys: [keys.fileKey.publicKey] });
    expect(outcome).toEqual({ kind: "foreign-key", fileKeyFingerprint: other.fingerprint });
  });

  it("is not signed with a key it does not name", () => {
    const { file } = anOnboardingFile(keys);
    expect(() => signOnboarding(file.payload, fileKeyOf(newSigningSeed()))).toThrow("trust.file_key");
  });

  it("says when it expired, one millisecond after its time and not at the last one before", () => {
    const notAfter = new Date(now + 1000);
    const { text } = anOnboardingFile(keys, { notAfter });
    expect(verifyOnboarding(text, { now: notAfter.getTime() - 1 }).kind).toBe("verified");
    expect(verifyOnboarding(text, { now: notAfter.getTime() })).toMatchObject({
      kind: "expired",
      notAfter: notAfter.toISOString(),
    });
  });

  it("is refused when its authority's digest is not that of the authority in it", () => {
    const { file } = anOnboardingFile(keys);
    const resigned = signOnboarding(
      { ...file.payload, trust: { ...file.payload.trust, ca_sha256: "0".repeat(64) } },
      keys.fileKey,
    );
    expect(verifyOnboarding(JSON.stringify(resigned, null, 2), { now })).toMatchObject({ kind: "malformed" });
  });
});
