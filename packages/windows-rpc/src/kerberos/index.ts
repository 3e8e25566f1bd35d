export { NoKdcError, UnansweredProofError } from "./kdc-client.ts";
export { KDC_ERROR, kdcErrorName } from "./kdc-error-names.ts";
export { createKerberosContext, type KerberosUse } from "./kerberos-context.ts";
export {
  type KerberosIdentity,
  KerberosLogin,
  KerberosRefusal,
  type KerberosSettings,
} from "./kerberos-login.ts";
