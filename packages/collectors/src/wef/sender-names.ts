import type { X509Certificate } from "node:crypto";

export type SenderNames =
  /** Lower case, at least one. */
  | { readonly kind: "named"; readonly names: readonly string[] }
  | { readonly kind: "refused"; readonly reason: "no-name" | "certificate-expired" | "not-allowed" };

const NAME = /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9])?$/;

/**
 * Who a verified certificate says is speaking: its DNS names; where it has none, its common name.
 *
 * Shape:  only plain names count: no wildcard, nothing in quotes. `allow` holds names and `*.domain`; empty lets all pass. Of
 *         several names those that are allowed are left.
 * Source: RFC 6125 6.4.4 (documented): the common name counts only where there is no DNS name.
 */
export function senderNames(
  certificate: X509Certificate,
  allow: readonly string[],
  now: number,
): SenderNames {
  // A connection may outlive the certificate that opened it.
  if (now > certificate.validToDate.getTime() || now < certificate.validFromDate.getTime())
    return { kind: "refused", reason: "certificate-expired" };
  const found = (dnsNames(certificate.subjectAltName ?? "") ?? commonName(certificate)).filter((name) =>
    NAME.test(name),
  );
  if (found.length === 0) return { kind: "refused", reason: "no-name" };
  const names = found.filter((name) => allow.length === 0 || allow.some((one) => isAllowed(name, one)));
  return names.length === 0 ? { kind: "refused", reason: "not-allowed" } : { kind: "named", names };
}

/** Null where it has none at all. */
function dnsNames(subjectAltName: string): string[] | null {
  // Node writes values that could be mistaken for others in quotes: such a certificate names nobody.
  if (subjectAltName.includes('"')) return [];
  const names = subjectAltName
    .split(", ")
    .flatMap((entry) => (entry.startsWith("DNS:") ? [entry.slice(4).toLowerCase()] : []));
  return names.length === 0 ? null : [...new Set(names)];
}

function commonName(certificate: X509Certificate): string[] {
  const { CN } = certificate.toLegacyObject().subject;
  return typeof CN === "string" ? [CN.toLowerCase()] : [];
}

function isAllowed(name: string, pattern: string): boolean {
  const wanted = pattern.toLowerCase();
  return wanted.startsWith("*.") ? name.endsWith(wanted.slice(1)) : name === wanted;
}
