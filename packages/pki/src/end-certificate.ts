import { createHash, createPublicKey } from "node:crypto";
import { keyKindOf, signingAlgorithm, webKeyOf, webKeysOf } from "./asymmetric-key.ts";
import { type Authority, newSerial } from "./authority.ts";
import * as x509 from "./x509.ts";

/** An issued certificate and what the issuer keeps of it. */
export interface IssuedCertificate {
  readonly certPem: string;
  /** Lower case hex. */
  readonly serial: string;
  readonly spkiSha256: string;
  /** Epoch ms. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Signs one end certificate: never an authority, and nothing in it but what stands here. */
export async function signEndCertificate(options: {
  readonly authority: Authority;
  readonly publicKeyPem: string;
  readonly subject: x509.JsonName;
  /** A fresh one where absent. */
  readonly serial?: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions: readonly x509.Extension[];
}): Promise<IssuedCertificate> {
  const issuer = new x509.X509Certificate(options.authority.certPem);
  const issuerKeys = webKeysOf(options.authority.keyPem);
  const subjectKey = createPublicKey(options.publicKeyPem);
  const kind = keyKindOf(subjectKey);
  if (!kind) throw new Error("sign certificate: the subject's key is neither P-256 nor RSA of 2048 bits");
  const publicKey = webKeyOf(subjectKey, signingAlgorithm[kind], ["verify"]);
  const serial = options.serial ?? newSerial();
  // Certificates count whole seconds.
  const notBefore = Math.floor(options.notBefore / 1000) * 1000;
  const notAfter = Math.floor(options.notAfter / 1000) * 1000;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: options.subject,
    issuer: issuer.subjectName,
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    publicKey,
    signingKey: issuerKeys.privateKey,
    signingAlgorithm: issuerKeys.algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...options.extensions,
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  const spki = subjectKey.export({ type: "spki", format: "der" });
  return {
    certPem: `${certificate.toString("pem")}\n`,
    serial,
    spkiSha256: createHash("sha256").update(spki).digest("hex"),
    notBefore,
    notAfter,
  };
}
