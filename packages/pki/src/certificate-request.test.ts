import { generateKeyPairSync, type webcrypto } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newPrivateKeyPem, signingAlgorithm, webKeysOf } from "./asymmetric-key.ts";
import { checkCsr, csrSha256, makeCsr } from "./certificate-request.ts";
import * as x509 from "./x509.ts";

const p256 = await newPrivateKeyPem("p256");

async function greedyRequest(): Promise<string> {
  const keys = webKeysOf(p256);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "CN=administrator",
    signingAlgorithm: keys.algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 5, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth], true),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "gateway.example" }]),
    ],
  });
  return request.toString("pem");
}

async function requestBy(
  keys: webcrypto.CryptoKeyPair,
  algorithm: { name: string; hash: string },
): Promise<string> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ signingAlgorithm: algorithm, keys });
  return request.toString("pem");
}

/** Where the DER element at `at` has its content and its end. Short and one- or two-byte long lengths. */
function derElement(der: Buffer, at: number): { contentAt: number; end: number } {
  const first = der[at + 1] ?? 0;
  const lengthBytes = first & 0x80 ? first & 0x7f : 0;
  const length = lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes);
  const contentAt = at + 2 + lengthBytes;
  return { contentAt, end: contentAt + length };
}

describe("a certificate request", () => {
  it("is taken with an empty subject and yields the digest that the proof covers", async () => {
    const csr = await makeCsr(p256);
    expect(new x509.Pkcs10CertificateRequest(csr).subject).toBe("");
    expect(await checkCsr(csr, "p256")).toMatchObject({ kind: "ok", csrSha256: csrSha256(csr) });
  });

  it("gives nothing but its key, whatever else it asks for", async () => {
    const checked = await checkCsr(await greedyRequest(), "p256");
    expect(Object.keys(checked).toSorted()).toEqual(["csrSha256", "kind", "publicKeyPem", "spkiSha256"]);
  });

  it("is refused with RSA of 1024 bits, with P-192's neighbour P-384, and with the other kind of key", async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const small = {
      privateKey: rsa.privateKey.toCryptoKey(signingAlgorithm.rsa2048, true, ["sign"]),
      publicKey: rsa.publicKey.toCryptoKey(signingAlgorithm.rsa2048, true, ["verify"]),
    };
    const csrRsa = await requestBy(small, signingAlgorithm.rsa2048);
    expect(await checkCsr(csrRsa, "rsa2048")).toMatchObject({
      kind: "refused",
      reason: "the key is not RSA of 2048 bits",
    });
    const p384 = { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" } as const;
    const csr384 = await requestBy(await crypto.subtle.generateKey(p384, true, ["sign", "verify"]), p384);
    expect(await checkCsr(csr384, "p256")).toMatchObject({ kind: "refused", reason: "the key is not P-256" });
    expect(await checkCsr(await makeCsr(p256), "rsa2048")).toMatchObject({ kind: "refused" });
  });

  it("is refused when one byte of what it signs, or of the signature, was changed", async () => {
    const der = Buffer.from(new x509.Pkcs10CertificateRequest(await makeCsr(p256)).rawData);
    const signed = derElement(der, derElement(der, 0).contentAt);
    const algorithm = derElement(der, signed.end);
    for (let at = signed.contentAt; at < der.length; at += 1) {
      if (at >= signed.end && at < algorithm.end + 5) continue;
      const changed = Buffer.from(der);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      const pem = x509.PemConverter.encode(changed, "CERTIFICATE REQUEST");
      expect((await checkCsr(pem, "p256")).kind, `byte ${at}`).toBe("refused");
    }
  });

  it("has another digest when any byte of it was changed, so that the enrolment proof covers the frame as well", async () => {
    const csr = await makeCsr(p256);
    const der = Buffer.from(new x509.Pkcs10CertificateRequest(csr).rawData);
    for (let at = 0; at < der.length; at += 1) {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      const checked = await checkCsr(x509.PemConverter.encode(changed, "CERTIFICATE REQUEST"), "p256");
      if (checked.kind === "ok") expect(checked.csrSha256, `byte ${at}`).not.toBe(csrSha256(csr));
    }
  });

  it("is refused unread when it is too long", async () => {
    expect(await checkCsr("A".repeat(1_048_576), "p256")).toEqual({
      kind: "refused",
      reason: "the request is too long",
    });
  });

  it("never throws, whatever bytes come", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
        const pem = x509.PemConverter.encode(bytes, "CERTIFICATE REQUEST");
        expect((await checkCsr(pem, "p256")).kind).toBe("refused");
        expect((await checkCsr(Buffer.from(bytes).toString("latin1"), "p256")).kind).toBe("refused");
      }),
      { numRuns: 500 },
    );
  });
});
