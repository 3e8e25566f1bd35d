export {
  createKerberosContext,
  KerberosLogin,
  KerberosRefusal,
  type KerberosSettings,
  type KerberosUse,
  NoKdcError,
  UnansweredProofError,
} from "../kerberos/index.ts";
export { createNtlmContext, type NtlmIdentity } from "../ntlm/index.ts";
export { createNegotiateContext } from "../spnego/index.ts";
export { createGssapiForLdap, type LoginOutcome, type LoginRequest, loginAt } from "./login-at.ts";
export { type LoginRefusal, type LoginRefusalReason, refusalOf, refusesCredential } from "./refusals.ts";
export {
  type Mechanism,
  type SealedMessage,
  type SecurityContext,
  SecurityFault,
} from "./security-context.ts";
