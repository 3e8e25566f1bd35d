import { createHash, createPublicKey } from "node:crypto";
import { type KeyKind, keyKindOf, signingAlgorithm, webKeysOf } from "./asymmetric-key.ts";
import * as x509 from "./x509.ts";

/** A request is some hundred bytes; nothing longer is even parsed. */
export const MAX_REQUEST_CHARACTERS = 8192;

/** What of a request the issuer uses: the key, shown to be held. Names and extensions it asks for are never read. */
export type CheckedRequest =
  | {
      readonly kind: "ok";
      readonly publicKeyPem: string;
      readonly spkiSha256: string;
      readonly csrSha256: string;
    }
  | { readonly kind: "refused"; readonly reason: string };

/** Makes a certificate request with an empty subject: a request proves possession of the key and asks for nothing else. */
export async function makeCsr(privateKeyPem: string): Promise<string> {
  const keys = webKeysOf(privateKeyPem);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    signingAlgorithm: keys.algorithm,
    keys,
  });
  return `${request.toString("pem")}\n`;
}

/** SHA-256 of a request's DER, lower case hex: what the enrolment proof covers. Throws where it is no request. */
export function csrSha256(csrPem: string): string {
  return sha256(new Uint8Array(new x509.Pkcs10CertificateRequest(csrPem).rawData));
}

/**
 * Checks a certificate request from outside.
 *
 * Shape:  `ok` with the public key; a wish for CA:true, other names or other usages is ignored, since every name in
 *         the certificate comes from our own rows.
 * Errors: `refused` with a reason: too long, not a request, a key of the wrong kind, a signature that does not hold.
 */
export async function checkCsr(csrPem: string, wanted: KeyKind): Promise<CheckedRequest> {
  if (csrPem.length > MAX_REQUEST_CHARACTERS) return { kind: "refused", reason: "the request is too long" };
  try {
    const request = new x509.Pkcs10CertificateRequest(csrPem);
    const spki = new Uint8Array(request.publicKey.rawData);
    const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
    if (keyKindOf(key) !== wanted)
      return {
        kind: "refused",
        reason: wanted === "p256" ? "the key is not P-256" : "the key is not RSA of 2048 bits",
      };
    // The library types this through the DOM's `Algorithm`, which a Node room does not have.
    const { name, hash } = request.signatureAlgorithm as { name?: string; hash?: { name?: string } };
    if (name !== signingAlgorithm[wanted].name || hash?.name !== signingAlgorithm[wanted].hash)
      return { kind: "refused", reason: "the request is not signed with SHA-256 by its own kind of key" };
    if (!(await request.verify()))
      return { kind: "refused", reason: "the request is not signed by its own key" };
    return {
      kind: "ok",
      publicKeyPem: key.export({ type: "spki", format: "pem" }).toString(),
      spkiSha256: sha256(spki),
      csrSha256: sha256(new Uint8Array(request.rawData)),
    };
  } catch {
    return { kind: "refused", reason: "not a certificate request" };
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
