export {
  AGENT_CERTIFICATE_TTL_MS,
  type AgentIdentity,
  agentIdentityOf,
  agentUri,
  signAgentCertificate,
} from "./agent-certificate.ts";
export { type KeyKind, newPrivateKeyPem, spkiSha256 } from "./asymmetric-key.ts";
export { type Authority, certificateSha256, createAuthority } from "./authority.ts";
export { type CheckedRequest, checkCsr, csrSha256, makeCsr } from "./certificate-request.ts";
export {
  CHOSEN_SECRET_CHARACTERS_MAX,
  CHOSEN_SECRET_CHARACTERS_MIN,
  type ChosenSecretJudgement,
  judgeChosenSecret,
} from "./chosen-secret.ts";
export {
  createCustomerAuthority,
  openCustomerAuthority,
  type StoredAuthority,
} from "./customer-authority.ts";
export type { IssuedCertificate } from "./end-certificate.ts";
export {
  type EnrolProofFacts,
  enrolProof,
  type NewEnrolmentToken,
  newEnrolmentToken,
  verifyEnrolProof,
} from "./enrolment-proof.ts";
export { type InstallationKeys, KeysFolderError, openInstallationKeys } from "./installation-keys.ts";
export { type FileKey, signOnboarding, type VerifiedOnboarding, verifyOnboarding } from "./onboarding.ts";
export {
  generateSealingKey,
  isSealingPublicKey,
  type Opened,
  open,
  type SealedFor,
  type SealingKey,
  seal,
} from "./sealing.ts";
export { createSecretChecks, type SecretChecksOptions, TooManySecretChecksError } from "./secret-checks.ts";
export {
  isSecretVerifier,
  makeChosenSecretVerifier,
  makeSecretVerifier,
  newClientSecret,
  verifierId,
  verifySecret,
} from "./secret-verifier.ts";
export { isServerName, issueServerCertificate, signServerCertificate } from "./server-certificate.ts";
export { signingKeyFingerprint } from "./signing-key.ts";
export { type CipherPlace, DecryptError, type TenantCipher } from "./tenant-cipher.ts";
