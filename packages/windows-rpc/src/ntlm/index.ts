export { createNtlmContext, type NtlmIdentity } from "./ntlm-context.ts";
