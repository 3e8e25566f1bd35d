import { createPublicKey, randomUUID, X509Certificate } from "node:crypto";
import { createAuthority, newPrivateKeyPem, signAgentCertificate } from "@rollcall/pki";
import { describe, expect, it } from "vitest";
import { judge } from "./presented-certificate.ts";

const now = Date.UTC(2026, 10, 24);
const day = 86_400_000;
const ours = await createAuthority({ commonName: "Rollcall issuing CA", kind: "p256", now });
const theirs = await createAuthority({ commonName: "Rollcall issuing CA", kind: "p256", now });
const publicKeyPem = createPublicKey(await newPrivateKeyPem("p256"))
  .export({ type: "spki", format: "pem" })
  .toString();
const ids = { tenantId: randomUUID(), agentId: randomUUID() };
const issuer = new X509Certificate(ours.certPem);

async function certificate(authority: typeof ours, at: number): Promise<X509Certificate> {
  return new X509Certificate(
    (await signAgentCertificate({ authority, publicKeyPem, ...ids, now: at })).certPem,
  );
}

describe("a client certificate", () => {
  it("names its agent, and says whether it has expired", async () => {
    const shown = await certificate(ours, now);
    expect(judge(shown, issuer, now)).toMatchObject({ kind: "agent", isExpired: false, identity: ids });
    expect(judge(shown, issuer, now + 7 * day)).toMatchObject({ kind: "agent", isExpired: true });
  });

  it("of an authority that only has the same name is foreign, expired or not", async () => {
    const shown = await certificate(theirs, now);
    expect(judge(shown, issuer, now).kind).toBe("foreign");
    expect(judge(shown, issuer, now + 30 * day).kind).toBe("foreign");
  });

  it("is foreign before its time, with a byte changed, and when it is the authority itself", async () => {
    expect(judge(await certificate(ours, now + day), issuer, now).kind).toBe("foreign");
    expect(judge(issuer, issuer, now).kind).toBe("foreign");
    const raw = Buffer.from((await certificate(ours, now)).raw);
    raw[raw.length - 10] = (raw[raw.length - 10] ?? 0) ^ 1;
    expect(judge(new X509Certificate(raw), issuer, now).kind).toBe("foreign");
  });
});
