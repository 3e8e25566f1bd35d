export { createNtlmContext, type NtlmIdentity } from "../ntlm/index.ts";
export { type SealedMessage, type SecurityContext, SecurityFault } from "./security-context.ts";
