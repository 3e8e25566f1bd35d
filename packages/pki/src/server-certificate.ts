import { createPublicKey } from "node:crypto";
import { isIP } from "node:net";
import { type KeyKind, newPrivateKeyPem } from "./asymmetric-key.ts";
import { type Authority, BACK_DATE_MS, subjectOf } from "./authority.ts";
import { type IssuedCertificate, signEndCertificate } from "./end-certificate.ts";
import * as x509 from "./x509.ts";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 397;
const DNS_NAME =
  /^(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;

export interface ServerNames {
  /** DNS names and addresses; the first becomes the common name as well (old firewalls read no other). At least one. */
  readonly names: readonly string[];
  readonly now: number;
  readonly days?: number;
}

/** True for a DNS name or an address that may stand in a server certificate. */
export function isServerName(name: string): boolean {
  return name.length <= 253 && (isIP(name) !== 0 || DNS_NAME.test(name));
}

/**
 * Signs a server certificate for a key whose owner has shown that it holds it.
 *
 * Shape:  SAN with DNS and IP names, common name set, server authentication, CA:false.
 * Units:  `now` epoch ms; valid for `days` (default 397).
 * Errors: throws for a name that is neither DNS name nor address.
 */
export function signServerCertificate(
  options: ServerNames & { readonly authority: Authority; readonly publicKeyPem: string },
): Promise<IssuedCertificate> {
  const [first] = options.names;
  if (!first) throw new Error("sign server certificate: it needs at least one name");
  const wrong = options.names.filter((name) => !isServerName(name));
  if (wrong.length > 0)
    throw new Error(`sign server certificate: ${wrong.join(", ")} is neither a DNS name nor an address`);
  return signEndCertificate({
    authority: options.authority,
    publicKeyPem: options.publicKeyPem,
    subject: subjectOf(first),
    notBefore: options.now - BACK_DATE_MS,
    notAfter: options.now + (options.days ?? DEFAULT_DAYS) * DAY_MS,
    extensions: [
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        [...new Set(options.names)].map(
          (name) => ({ type: isIP(name) ? "ip" : "dns", value: name }) as const,
        ),
      ),
    ],
  });
}

/** Makes a key and its server certificate in one step: RSA for what firewalls see, P-256 for the agents' listener. */
export async function issueServerCertificate(
  options: ServerNames & { readonly authority: Authority; readonly kind: KeyKind },
): Promise<IssuedCertificate & { readonly keyPem: string }> {
  const keyPem = await newPrivateKeyPem(options.kind);
  const publicKeyPem = createPublicKey(keyPem).export({ type: "spki", format: "pem" }).toString();
  return { ...(await signServerCertificate({ ...options, publicKeyPem })), keyPem };
}
