import { createNtlmContext } from "@rollcall/windows-rpc/auth";
import type { Login } from "../login-port.ts";
import type { PreparedLogin } from "./even6-port.ts";
import { EventLogFault } from "./event-log-fault.ts";

/**
 * Makes a credential ready for one server.
 *
 * Errors: `EventLogFault` `login-unfit` where the credential cannot be used there.
 */
export async function prepareLogin(login: Login, host: string): Promise<PreparedLogin> {
  if (!login.allowNtlm)
    throw new EventLogFault(
      "login-unfit",
      `${login.user} cannot log in at ${host} by Kerberos`,
      "allow NTLM at the credential",
    );
  const { user, domain } = partsOf(login.user);
  return {
    kind: "ready",
    context: createNtlmContext({ user, domain, password: login.password }),
    by: "NTLM",
    isProved: false,
  };
}

/** `DOMAIN\user` in its parts; a UPN goes as it is, without a domain. */
function partsOf(name: string): { readonly user: string; readonly domain: string } {
  const slash = name.indexOf("\\");
  return slash > 0
    ? { domain: name.slice(0, slash), user: name.slice(slash + 1) }
    : { domain: "", user: name };
}
