import {
  canonicalJson,
  type OnboardingFile,
  type OnboardingPayload,
  readOnboardingText,
} from "@rollcall/agent-protocol";
import { certificateSha256 } from "./authority.ts";
import { publicKeyOfSeed, signingKeyFingerprint, signText, verifyText } from "./signing-key.ts";

/** The key that signs an installation's onboarding files. */
export interface FileKey {
  /** Ed25519 seed, base64url. */
  readonly seed: string;
  /** Raw public key, base64url: `trust.file_key` of every file. */
  readonly publicKey: string;
  readonly kid: string;
  /** SHA-256 of the raw public key, lower case hex: shown in the portal and by the agent. */
  readonly fingerprint: string;
}

export function fileKeyOf(seed: string): FileKey {
  const publicKey = publicKeyOfSeed(seed);
  return { seed, publicKey, kid: kidOf(publicKey), fingerprint: signingKeyFingerprint(publicKey) };
}

export type VerifiedOnboarding =
  | { readonly kind: "verified"; readonly payload: OnboardingPayload; readonly fileKeyFingerprint: string }
  | { readonly kind: "too-large"; readonly maxBytes: number }
  | { readonly kind: "not-json" }
  | { readonly kind: "other-version"; readonly version: unknown }
  | { readonly kind: "malformed"; readonly issues: readonly string[] }
  /** Any byte differs from what was signed. */
  | { readonly kind: "altered" }
  /** Signed, but by a key this agent was not told to trust. */
  | { readonly kind: "foreign-key"; readonly fileKeyFingerprint: string }
  | { readonly kind: "expired"; readonly notAfter: string; readonly payload: OnboardingPayload };

/** Signs a payload. `trust.file_key` must be the key's own public half, or nobody could check the file. */
export function signOnboarding(payload: OnboardingPayload, key: FileKey): OnboardingFile {
  if (payload.trust.file_key !== key.publicKey)
    throw new Error("sign onboarding file: trust.file_key is not the signing key");
  return {
    payload,
    signature: { alg: "EdDSA", kid: key.kid, value: signText(key.seed, canonicalJson(payload)) },
  };
}

/**
 * Checks an onboarding file as an agent must before it believes a word of it.
 *
 * Shape:  `verified` with the payload and the fingerprint of the key that signed it. Without `trustedFileKeys` (raw,
 *         base64url) the file's own key is taken on first use: show the fingerprint and let a person compare it.
 * Units:  `now` epoch ms by the reader's clock.
 * Errors: every refusal has its kind; nothing is thrown.
 * Source: reliability and security, 7.1: Ed25519 over the JCS form of `payload`.
 */
export function verifyOnboarding(
  text: string,
  options: { readonly now: number; readonly trustedFileKeys?: readonly string[] },
): VerifiedOnboarding {
  const read = readOnboardingText(text);
  if (read.kind !== "read") return read;
  const { payload, signature } = read.file;
  const publicKey = payload.trust.file_key;
  if (signature.kid !== kidOf(publicKey)) return { kind: "altered" };
  if (!verifyText(publicKey, canonicalJson(payload), signature.value)) return { kind: "altered" };
  const fileKeyFingerprint = signingKeyFingerprint(publicKey);
  if (options.trustedFileKeys && !options.trustedFileKeys.includes(publicKey))
    return { kind: "foreign-key", fileKeyFingerprint };
  if (!pinsItsAuthority(payload))
    return { kind: "malformed", issues: ["payload.trust.ca_sha256: not the digest of ca_pem"] };
  if (Date.parse(payload.token.not_after) <= options.now)
    return { kind: "expired", notAfter: payload.token.not_after, payload };
  return { kind: "verified", payload, fileKeyFingerprint };
}

function pinsItsAuthority(payload: OnboardingPayload): boolean {
  try {
    return certificateSha256(payload.trust.ca_pem) === payload.trust.ca_sha256;
  } catch {
    return false;
  }
}

function kidOf(publicKey: string): string {
  return signingKeyFingerprint(publicKey).slice(0, 16);
}
