import { z } from "zod";

/** At most this many bytes are read of an onboarding file. */
export const ONBOARDING_FILE_MAX_BYTES = 16_384;

/**
 * The file the portal generates: everything an agent needs to enrol itself, once.
 * `signature` is Ed25519 over the JCS form (RFC 8785) of `payload`, by the installation's file-signing key.
 * `token.secret` is an Ed25519 seed (32 bytes, base64url): the server keeps only the public key.
 */
export const onboardingPayload = z.strictObject({
  format: z.literal("rollcall-onboarding"),
  version: z.literal(1),
  file_id: z.string().min(8).max(64),
  tenant: z.strictObject({ id: z.uuid(), name: z.string().max(200) }),
  site: z.strictObject({ id: z.uuid(), name: z.string().max(200) }),
  agent: z.strictObject({
    name: z.string().max(100),
    purpose: z.enum(["enrol", "reenrol"]),
    agent_id: z.uuid().nullable(),
  }),
  endpoints: z.strictObject({ enrol: z.url(), stream: z.url() }),
  trust: z.strictObject({
    /** The CA that signs the gateway's agent-facing certificate and the agents' certificates. */
    ca_pem: z.string().max(8192),
    /** SHA-256 of the DER of that CA, lower case hex: shown on both sides. */
    ca_sha256: z.string().regex(/^[0-9a-f]{64}$/),
    min_tls: z.literal("1.3"),
    /** Raw Ed25519 public key (32 bytes, base64url) that signed this file. */
    file_key: z.string(),
  }),
  token: z.strictObject({
    id: z.string().min(8).max(64),
    secret: z.string().min(43).max(43),
    not_after: z.iso.datetime(),
  }),
  confidentiality: z.enum(["L0", "L1", "L2", "L3"]),
  created_at: z.iso.datetime(),
});
export type OnboardingPayload = z.infer<typeof onboardingPayload>;

export const onboardingFile = z.strictObject({
  payload: onboardingPayload,
  signature: z.strictObject({ alg: z.literal("EdDSA"), kid: z.string().max(64), value: z.string().max(200) }),
});
export type OnboardingFile = z.infer<typeof onboardingFile>;
