import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
  type TLSSocket,
} from "node:tls";

export interface TlsIdentity {
  readonly certPem: string;
  readonly keyPem: string;
  /** An elliptic-curve leaf beside the RSA one: who can use it saves us most of the handshake's work. */
  readonly ec?: { readonly certPem: string; readonly keyPem: string };
}

/**
 * What a listener of firewalls speaks.
 *
 * `modern`: TLS 1.2 and 1.3 with forward secrecy. `compat`: also TLS 1.2 with RSA key exchange, which older Junos
 * releases are assumed to need. `legacy`: also TLS 1.0 and 1.1; only ever in the process of the legacy listener,
 * docs/adr/0017-legacy-listener.md.
 */
export type TlsMode = "modern" | "compat" | "legacy";

interface ModeSettings {
  readonly minVersion: SecureVersion;
  readonly ciphers: readonly string[];
  /** OpenSSL's bar for keys and digests; null: its own. */
  readonly securityLevel: 0 | null;
}

const TLS_1_3 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
const FORWARD_SECRET = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
];
const RSA_KEY_EXCHANGE = ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA256", "AES128-SHA"];
/** What TLS 1.0 has, best first. RC4 and triple DES are not in the OpenSSL that Node brings. */
const BEFORE_TLS_1_2 = ["ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA", "DHE-RSA-AES128-SHA", "AES256-SHA"];

/** Source: docs/protocol/srx-query.md, "TLS" (assumed: no firewall release publishes its offers). */
export const TLS_MODES: Readonly<Record<TlsMode, ModeSettings>> = {
  modern: { minVersion: "TLSv1.2", ciphers: [...TLS_1_3, ...FORWARD_SECRET], securityLevel: null },
  compat: {
    minVersion: "TLSv1.2",
    ciphers: [...TLS_1_3, ...FORWARD_SECRET, ...RSA_KEY_EXCHANGE],
    securityLevel: null,
  },
  legacy: {
    minVersion: "TLSv1",
    ciphers: [...TLS_1_3, ...FORWARD_SECRET, ...BEFORE_TLS_1_2, ...RSA_KEY_EXCHANGE],
    securityLevel: 0,
  },
};

/** The settings of a mode with one identity. */
export function tlsSettings(identity: TlsIdentity, mode: TlsMode): SecureContextOptions {
  const { minVersion, ciphers, securityLevel } = TLS_MODES[mode];
  const { certPem, keyPem, ec } = identity;
  return {
    cert: ec === undefined ? certPem : [certPem, ec.certPem],
    key: ec === undefined ? keyPem : [keyPem, ec.keyPem],
    minVersion,
    maxVersion: "TLSv1.3",
    ciphers: [...ciphers, ...(securityLevel === null ? [] : [`@SECLEVEL=${securityLevel}`])].join(":"),
    honorCipherOrder: true,
    ecdhCurve: "X25519:P-256:P-384",
  };
}

/** Makes the context of an identity and mode once, however many handshakes ask for it. */
export function createContextCache(): (identity: TlsIdentity, mode: TlsMode) => SecureContext {
  const contexts = new WeakMap<TlsIdentity, Map<TlsMode, SecureContext>>();
  return (identity, mode) => {
    const known = contexts.get(identity) ?? new Map<TlsMode, SecureContext>();
    contexts.set(identity, known);
    const context = known.get(mode) ?? createSecureContext(tlsSettings(identity, mode));
    known.set(mode, context);
    return context;
  };
}

/** What a connection speaks, as it is written down: `TLSv1.2 AES128-SHA fw.example`. */
export function transportOf(socket: TLSSocket): string {
  const { servername } = socket;
  const name = typeof servername === "string" && servername !== "" ? servername : "no SNI";
  return `${socket.getProtocol() ?? "?"} ${socket.getCipher()?.name ?? "?"} ${name}`.slice(
    0,
    TRANSPORT_CHARACTERS_MAX,
  );
}

/** A name of the longest DNS allows, and what stands before it. */
const TRANSPORT_CHARACTERS_MAX = 320;

/** What an administrator should know of what a firewall speaks; null: nothing. */
export function transportWarning(transport: string): string | null {
  const version = transport.split(" ", 1)[0];
  const older = version === "TLSv1" ? "TLS 1.0" : version === "TLSv1.1" ? "TLS 1.1" : null;
  if (older !== null)
    return `This firewall still speaks ${older}, which everybody else has given up. Update it: the legacy listener switches itself off.`;
  return null;
}
