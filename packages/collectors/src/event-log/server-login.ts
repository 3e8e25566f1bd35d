import { createHash } from "node:crypto";
import {
  createNtlmContext,
  type KerberosLogin,
  type LoginRefusal,
  type LoginRefusalReason,
  loginAt,
  type SecurityContext,
} from "@rollcall/windows-rpc/auth";
import type { Login } from "../login-port.ts";
import type { PreparedLogin } from "./even6-port.ts";
import { EventLogFault } from "./event-log-fault.ts";

/** Of each question to a domain controller. */
const KDC_MS = 5000;
/** What a domain says of a name and a password, and of nothing else: two of them pause the credential. */
export const OF_THE_CREDENTIAL: ReadonlySet<LoginRefusalReason> = new Set([
  "wrong-password",
  "account-disabled",
  "account-locked",
  "account-expired",
  "account-revoked",
  "password-expired",
  "not-allowed-now",
  "unknown-principal",
]);

/**
 * Makes credentials ready for one server: by Kerberos where its name is given, by NTLM only where the credential allows it and
 * Kerberos cannot be used there.
 *
 * Holds    the tickets of the last login, so that a connection that is made anew shows the domain no password again.
 * Promises a password that the domain refused is not tried by NTLM as well.
 * Errors   `EventLogFault` `login-unfit` where the credential cannot be used there.
 */
export function createServerLogin(): (
  login: Login,
  host: string,
  signal: AbortSignal,
) => Promise<PreparedLogin> {
  let held: { readonly of: string; readonly tickets: KerberosLogin } | null = null;

  return async (login, host, signal) => {
    const { user, domain } = partsOf(login.user);
    if (login.realm === null) {
      if (login.allowNtlm) return byNtlm(createNtlmContext({ user, domain, password: login.password }));
      throw new EventLogFault(
        "login-unfit",
        `${login.user} cannot log in at ${host}: the credential does not say its Kerberos realm`,
        "write the user as user@corp.example or set the realm, or allow NTLM at the credential",
      );
    }
    const of = fingerprintOf(login);
    const isFresh = held?.of !== of;
    const outcome = await loginAt({
      host,
      spnClass: "HOST",
      user,
      password: login.password,
      realm: login.realm,
      ...(domain === "" ? {} : { domain }),
      kdcs: login.kdcs,
      allowNtlm: login.allowNtlm,
      timeoutMs: KDC_MS,
      signal,
      ...(held?.of === of ? { tickets: held.tickets } : {}),
    });
    if (outcome.kind === "refused") {
      // What was refused once is refused for ever by the same tickets; whoever mends the account gets another attempt.
      held = null;
      return refusedBy(outcome, login, host);
    }
    if (outcome.by === "ntlm") return byNtlm(outcome.context);
    held = outcome.tickets === null ? null : { of, tickets: outcome.tickets };
    return { kind: "ready", context: outcome.context, by: "Kerberos", isProved: true, isFresh };
  };
}

function byNtlm(context: SecurityContext): PreparedLogin {
  return { kind: "ready", context, by: "NTLM", isProved: false, isFresh: true };
}

function refusedBy({ reason, sentence, remedy }: LoginRefusal, login: Login, host: string): PreparedLogin {
  if (OF_THE_CREDENTIAL.has(reason)) return { kind: "refused", reason: sentence };
  throw new EventLogFault("login-unfit", `${login.user} cannot log in at ${host}: ${sentence}`, remedy);
}

function fingerprintOf({ user, password, realm, kdcs }: Login): string {
  return createHash("sha256")
    .update(JSON.stringify([user, password, realm, kdcs]))
    .digest("base64");
}

/** `DOMAIN\user` in its parts; a UPN goes as it is, without a domain. */
function partsOf(name: string): { readonly user: string; readonly domain: string } {
  const slash = name.indexOf("\\");
  return slash > 0
    ? { domain: name.slice(0, slash), user: name.slice(slash + 1) }
    : { domain: "", user: name };
}
