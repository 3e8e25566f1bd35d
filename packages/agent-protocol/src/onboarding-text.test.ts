import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OnboardingFile } from "./onboarding-file.ts";
import { readOnboardingText, renderOnboardingFile } from "./onboarding-text.ts";

const file: OnboardingFile = {
  payload: {
    format: "rollcall-onboarding",
    version: 1,
    file_id: "01JTESTFILE",
    tenant: { id: "0f0f0f0f-1111-4222-8333-444444444444", name: "Example AG" },
    site: { id: "0f0f0f0f-1111-4222-8333-555555555555", name: "Zürich" },
    agent: { name: "zrh-a", purpose: "enrol", agent_id: null },
    endpoints: { enrol: "https://gw.example:8443", stream: "https://gw.example:8443" },
    trust: { ca_pem: "pem", ca_sha256: "a".repeat(64), min_tls: "1.3", file_key: "key" },
    token: { id: "K7Q2K7Q2", secret: "s".repeat(43), not_after: "2026-11-27T12:00:00.000Z" },
    confidentiality: "L0",
    created_at: "2026-11-24T12:00:00.000Z",
  },
  signature: { alg: "EdDSA", kid: "k", value: "v" },
};

describe("an onboarding file's text", () => {
  it("is one text for one file, in whatever order its fields were given", () => {
    const turned = {
      signature: file.signature,
      payload: { ...file.payload, tenant: { name: "Example AG", id: file.payload.tenant.id } },
    };
    expect(renderOnboardingFile(turned)).toBe(renderOnboardingFile(file));
    expect(readOnboardingText(renderOnboardingFile(file))).toEqual({ kind: "read", file });
  });

  it("says of each wrong file what is wrong with it", () => {
    const text = renderOnboardingFile(file);
    expect(readOnboardingText("").kind).toBe("not-json");
    expect(readOnboardingText("<html>").kind).toBe("not-json");
    expect(readOnboardingText(text.slice(0, 500)).kind).toBe("not-json");
    expect(readOnboardingText(" ".repeat(20_000)).kind).toBe("too-large");
    expect(readOnboardingText("{}").kind).toBe("malformed");
    expect(readOnboardingText(text.replace('"version": 1', '"version": 2'))).toEqual({
      kind: "other-version",
      version: 2,
    });
    expect(readOnboardingText(text.replace('"format"', '"extra": 1,\n    "format"')).kind).toBe("malformed");
    expect(readOnboardingText(text.replace('"name": "Zürich"', '"name": "Z\\u00fcrich"')).kind).toBe(
      "altered",
    );
    expect(readOnboardingText(text.replace('"kid": "k"', '"kid": "x", "kid": "k"')).kind).toBe("altered");
  });

  it("never throws, whatever text comes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readOnboardingText(text).kind).not.toBe("read");
      }),
      { numRuns: 5000 },
    );
  });
});
