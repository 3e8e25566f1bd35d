import { createPublicKey, randomUUID, X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { agentIdentityOf, agentUri, signAgentCertificate } from "./agent-certificate.ts";
import { newPrivateKeyPem, spkiSha256 } from "./asymmetric-key.ts";
import { createAuthority } from "./authority.ts";
import { checkCsr, makeCsr } from "./certificate-request.ts";
import { issueServerCertificate } from "./server-certificate.ts";
import * as x509 from "./x509.ts";

const now = Date.UTC(2026, 10, 24, 12);
const authority = await createAuthority({ commonName: "Test issuing CA", kind: "p256", now });
const agentKey = await newPrivateKeyPem("p256");
const publicKeyPem = createPublicKey(agentKey).export({ type: "spki", format: "pem" }).toString();

describe("an agent's certificate", () => {
  it("names one agent of one tenant, for client authentication, for seven days, and is no authority", async () => {
    const [tenantId, agentId] = [randomUUID(), randomUUID()];
    const issued = await signAgentCertificate({ authority, publicKeyPem, tenantId, agentId, now });
    const cert = new X509Certificate(issued.certPem);
    expect(cert.subjectAltName).toBe(`URI:${agentUri(tenantId, agentId)}`);
    expect(cert.ca).toBe(false);
    expect(cert.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    expect(cert.verify(new X509Certificate(authority.certPem).publicKey)).toBe(true);
    expect(cert.checkIssued(new X509Certificate(authority.certPem))).toBe(true);
    expect(issued.notBefore).toBe(now - 5 * 60_000);
    expect(issued.notAfter).toBe(now + 7 * 86_400_000);
    const parsed = new x509.X509Certificate(issued.certPem);
    expect(parsed.getExtension(x509.BasicConstraintsExtension)).toMatchObject({ critical: true, ca: false });
    expect(parsed.getExtension(x509.ExtendedKeyUsageExtension)).toMatchObject({ critical: true });
    expect(parsed.getExtension(x509.KeyUsagesExtension)).toMatchObject({
      critical: true,
      usages: x509.KeyUsageFlags.digitalSignature,
    });
    expect(agentIdentityOf(issued.certPem)).toEqual({
      tenantId,
      agentId,
      serial: issued.serial,
      spkiSha256: spkiSha256(agentKey),
      notAfter: issued.notAfter,
    });
  });

  it("has a serial of 128 random bits that reads the same from every parser", async () => {
    const serials = new Set<string>();
    for (let n = 0; n < 60; n += 1) {
      const issued = await signAgentCertificate({
        authority,
        publicKeyPem,
        tenantId: randomUUID(),
        agentId: randomUUID(),
        now,
      });
      expect(issued.serial).toMatch(/^[0-9a-f]{32}$/);
      expect(new X509Certificate(issued.certPem).serialNumber.toLowerCase()).toBe(issued.serial);
      serials.add(issued.serial);
    }
    expect(serials.size).toBe(60);
  });

  it("is issued with our names only, though the request asked to be an authority for another name", async () => {
    const keys = { tenantId: randomUUID(), agentId: randomUUID() };
    const csr = await checkCsr(await makeCsr(agentKey), "p256");
    if (csr.kind !== "ok") throw new Error(csr.reason);
    const issued = await signAgentCertificate({ authority, publicKeyPem: csr.publicKeyPem, ...keys, now });
    const cert = new X509Certificate(issued.certPem);
    expect([cert.ca, cert.subjectAltName]).toEqual([false, `URI:${agentUri(keys.tenantId, keys.agentId)}`]);
  });

  it("is not made for an id that could change the name", async () => {
    const bad = { authority, publicKeyPem, tenantId: `${randomUUID()}/agent/x`, agentId: randomUUID(), now };
    expect(() => signAgentCertificate(bad)).toThrow("must be UUIDs");
  });

  it("is not seen in a server's certificate, nor in an authority's", async () => {
    const server = await issueServerCertificate({ authority, kind: "p256", names: ["gateway.example"], now });
    expect(agentIdentityOf(server.certPem)).toBeNull();
    expect(agentIdentityOf(authority.certPem)).toBeNull();
  });
});

describe("a server's certificate", () => {
  it("carries DNS names and addresses of both families, and the first name as common name", async () => {
    const ca = await createAuthority({ commonName: "Example AG, Zürich = SRX CA", kind: "rsa2048", now });
    const names = ["fw.example", "10.1.2.3", "2001:db8::1"];
    const issued = await issueServerCertificate({ authority: ca, kind: "rsa2048", names, now });
    const cert = new X509Certificate(issued.certPem);
    expect(cert.subjectAltName).toBe("DNS:fw.example, IP Address:10.1.2.3, IP Address:2001:DB8:0:0:0:0:0:1");
    expect(cert.subject).toBe("CN=fw.example");
    expect(cert.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(cert.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(new x509.X509Certificate(issued.certPem).signatureAlgorithm).toMatchObject({
      name: "RSASSA-PKCS1-v1_5",
      hash: { name: "SHA-256" },
    });
    expect(cert.checkIssued(new X509Certificate(ca.certPem))).toBe(true);
    expect(new X509Certificate(ca.certPem).subject).toBe("CN=Example AG\\, Zürich = SRX CA");
  });

  it("is not made for something that is no name", async () => {
    for (const name of ["", "a b", "-x.example", "exa_mple..com", "10.1.2.3/24", "http://x"])
      await expect(async () =>
        issueServerCertificate({ authority, kind: "p256", names: [name], now }),
      ).rejects.toThrow();
  });

  it("keeps a common name that old parsers can read when the first name is long", async () => {
    const long = `${"a".repeat(60)}.${"b".repeat(60)}.example`;
    const issued = await issueServerCertificate({ authority, kind: "p256", names: [long], now });
    const cert = new X509Certificate(issued.certPem);
    expect(cert.subject).toHaveLength("CN=".length + 64);
    expect(cert.checkHost(long)).toBe(long);
  });
});
