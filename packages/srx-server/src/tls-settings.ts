import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";

export interface TlsIdentity {
  readonly certPem: string;
  readonly keyPem: string;
}

/**
 * What a firewall of any supported train can speak: TLS 1.3, TLS 1.2 with forward secrecy, and at the end TLS 1.2 with RSA key
 * exchange for the oldest. Source: docs/protocol/srx-query.md, "TLS" (assumed: no firewall release publishes its offers).
 */
const COMPAT_CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "AES128-GCM-SHA256",
  "AES256-GCM-SHA384",
  "AES128-SHA256",
  "AES128-SHA",
].join(":");

/** TLS mode "compat" with one identity. */
export function compatSettings(identity: TlsIdentity): SecureContextOptions {
  return {
    cert: identity.certPem,
    key: identity.keyPem,
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    ciphers: COMPAT_CIPHERS,
    honorCipherOrder: true,
    ecdhCurve: "X25519:P-256:P-384",
  };
}

/** Makes the context of an identity once, however many handshakes ask for it. */
export function createContextCache(): (identity: TlsIdentity) => SecureContext {
  const contexts = new WeakMap<TlsIdentity, SecureContext>();
  return (identity) => {
    let context = contexts.get(identity);
    if (context === undefined) {
      context = createSecureContext(compatSettings(identity));
      contexts.set(identity, context);
    }
    return context;
  };
}
