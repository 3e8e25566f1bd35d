import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { type AgentIdentity, agentIdentityOf } from "@rollcall/pki";

/** What a peer showed when it connected. Nothing of it is believed before the row agrees. */
export type Presented =
  | { readonly kind: "none" }
  /** Not issued by us for an agent, or not valid yet: the connection is closed without a word. */
  | { readonly kind: "foreign" }
  | { readonly kind: "agent"; readonly identity: AgentIdentity; readonly isExpired: boolean };

/**
 * Judges the client certificate of a connection.
 *
 * The chain is checked here and not left to `socket.authorized`: for an expired certificate OpenSSL reports the
 * expiry in place of an earlier fault of its signature, and expired ones are let through to renewal.
 */
export function presentedBy(socket: TLSSocket, issuer: X509Certificate, now: number): Presented {
  const certificate = socket.getPeerX509Certificate();
  return certificate ? judge(certificate, issuer, now) : { kind: "none" };
}

export function judge(certificate: X509Certificate, issuer: X509Certificate, now: number): Presented {
  if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) return { kind: "foreign" };
  if (certificate.validFromDate.getTime() > now) return { kind: "foreign" };
  const identity = agentIdentityOf(certificate.raw);
  if (!identity) return { kind: "foreign" };
  return { kind: "agent", identity, isExpired: identity.notAfter <= now };
}
