import { createHash, X509Certificate } from "node:crypto";
import { type Authority, BACK_DATE_MS } from "./authority.ts";
import { type IssuedCertificate, signEndCertificate } from "./end-certificate.ts";
import * as x509 from "./x509.ts";

export const AGENT_CERTIFICATE_TTL_MS = 7 * 86_400_000;

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const AGENT_URI = new RegExp(`^spiffe://rollcall/tenant/(${UUID})/agent/(${UUID})$`);

/** Who an agent certificate says its holder is. Only a claim until the row of (serial, key) agrees. */
export interface AgentIdentity {
  readonly tenantId: string;
  readonly agentId: string;
  readonly serial: string;
  readonly spkiSha256: string;
  readonly notAfter: number;
}

export function agentUri(tenantId: string, agentId: string): string {
  return `spiffe://rollcall/tenant/${tenantId.toLowerCase()}/agent/${agentId.toLowerCase()}`;
}

/**
 * Issues an agent's client certificate. Every name in it is ours; of the request only the key is used.
 *
 * Units:  `now` epoch ms; valid from five minutes earlier for seven days (`ttlMs` where given).
 * Source: reliability and security, 7.3: CA:false critical, client authentication critical, SAN URI.
 */
export function signAgentCertificate(options: {
  readonly authority: Authority;
  readonly publicKeyPem: string;
  readonly tenantId: string;
  readonly agentId: string;
  readonly now: number;
  readonly ttlMs?: number;
  /** The same certificate again: the reply that carried it was lost. */
  readonly again?: { readonly serial: string; readonly notBefore: number; readonly notAfter: number };
}): Promise<IssuedCertificate> {
  const uri = agentUri(options.tenantId, options.agentId);
  if (!AGENT_URI.test(uri)) throw new Error("sign agent certificate: tenant and agent ids must be UUIDs");
  return signEndCertificate({
    authority: options.authority,
    publicKeyPem: options.publicKeyPem,
    subject: [{ CN: [options.agentId.toLowerCase()] }],
    serial: options.again?.serial,
    notBefore: options.again?.notBefore ?? options.now - BACK_DATE_MS,
    notAfter: options.again?.notAfter ?? options.now + (options.ttlMs ?? AGENT_CERTIFICATE_TTL_MS),
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth], true),
      new x509.SubjectAlternativeNameExtension([{ type: "url", value: uri }]),
    ],
  });
}

/**
 * Reads who a client certificate names. Null where it is not one of our agents' (no SAN of our form, more than one
 * name, or not marked for client authentication). Checks neither chain nor time: TLS and the caller do.
 */
export function agentIdentityOf(certificate: string | Uint8Array): AgentIdentity | null {
  const cert = new X509Certificate(certificate);
  const names = cert.subjectAltName?.split(", ") ?? [];
  const match = names.length === 1 ? AGENT_URI.exec((names[0] ?? "").replace(/^URI:/, "")) : null;
  const [, tenantId, agentId] = match ?? [];
  if (!tenantId || !agentId || cert.ca) return null;
  if (!cert.keyUsage?.includes("1.3.6.1.5.5.7.3.2")) return null;
  const spki = cert.publicKey.export({ type: "spki", format: "der" });
  return {
    tenantId,
    agentId,
    serial: cert.serialNumber.toLowerCase(),
    spkiSha256: createHash("sha256").update(spki).digest("hex"),
    notAfter: cert.validToDate.getTime(),
  };
}
