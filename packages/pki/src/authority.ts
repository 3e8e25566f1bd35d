import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { type KeyKind, newPrivateKeyPem, webKeysOf } from "./asymmetric-key.ts";
import * as x509 from "./x509.ts";

/** A certificate authority: its certificate, and the key that signs. */
export interface Authority {
  readonly certPem: string;
  readonly keyPem: string;
}

const DAY_MS = 86_400_000;
/** Peers whose clock is a little behind must accept a certificate made just now. */
export const BACK_DATE_MS = 5 * 60_000;
/** X.520 ub-common-name: old parsers refuse a longer one. */
const COMMON_NAME_MAX = 64;

/** A name as a certificate subject. Given as parts, so that commas or equals signs in a customer's name stay text. */
export function subjectOf(commonName: string): x509.JsonName {
  return [{ CN: [commonName.slice(0, COMMON_NAME_MAX)] }];
}

/** 16 random bytes as lower case hex without a leading zero byte: the very text every parser gives back. */
export function newSerial(): string {
  for (;;) {
    const bytes = randomBytes(16);
    if (bytes[0] !== 0) return bytes.toString("hex");
  }
}

/** SHA-256 of a certificate's DER, lower case hex: what people compare on both sides. */
export function certificateSha256(certPem: string): string {
  return createHash("sha256").update(new X509Certificate(certPem).raw).digest("hex");
}

/**
 * Makes a self-signed authority that may sign end certificates only (pathLen 0).
 *
 * Units:  `now` epoch ms; valid from five minutes before it for `years` (default 10) of 365 days.
 * Source: RFC 5280, 4.2.1.3 and 4.2.1.9 (documented).
 */
export async function createAuthority(options: {
  readonly commonName: string;
  readonly kind: KeyKind;
  readonly now: number;
  readonly years?: number;
}): Promise<Authority> {
  const keyPem = await newPrivateKeyPem(options.kind);
  const keys = webKeysOf(keyPem);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: subjectOf(options.commonName),
    notBefore: new Date(options.now - BACK_DATE_MS),
    notAfter: new Date(options.now + (options.years ?? 10) * 365 * DAY_MS),
    signingAlgorithm: keys.algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: `${certificate.toString("pem")}\n`, keyPem };
}
