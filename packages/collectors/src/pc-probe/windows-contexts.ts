import { createHash } from "node:crypto";
import { createNtlmContext, type KerberosLogin, loginAt } from "@rollcall/windows-rpc/auth";
import { OF_THE_CREDENTIAL } from "../event-log/server-login.ts";
import type { Login, LoginResult } from "../login-port.ts";
import type { LoginContexts, MadeLogin } from "./login-context.ts";
import { ProbeFault } from "./ports.ts";

/** Of each question to a domain controller. */
const KDC_MS = 3000;
/** A login's tickets serve other computers for so long; then its password is shown to the domain once more. */
const TICKETS_MS = 10 * 60_000;
const LOGINS_MAX = 50;

/**
 * Logins as Windows has them: Kerberos at a computer whose name is verified; NTLM only where the credential allows it and Kerberos
 * cannot be used.
 *
 * Holds    the tickets of a login for ten minutes, so that a thousand computers do not mean a thousand logins at the domain.
 * Promises a password that the domain refused is not tried by NTLM as well.
 */
export function windowsContexts(now: () => number): LoginContexts {
  const held = new Map<string, { readonly tickets: KerberosLogin; readonly until: number }>();

  function ticketsOf(of: string): KerberosLogin | null {
    const known = held.get(of);
    if (known !== undefined && known.until > now()) return known.tickets;
    held.delete(of);
    return null;
  }

  return {
    async make(login, { ip, hostName }, service, signal): Promise<LoginResult<MadeLogin>> {
      const { user, domain } = partsOf(login.user);
      if (login.realm === null) {
        if (!login.allowNtlm)
          throw new ProbeFault(
            "unfit",
            "the credential does not say its Kerberos realm, and may not use NTLM",
          );
        const context = createNtlmContext({ user, domain, password: login.password });
        return { kind: "accepted", value: { context, isProven: false, isFresh: true } };
      }
      if (hostName === null && !login.allowNtlm)
        throw new ProbeFault(
          "unfit",
          `DNS gives ${ip} no name that leads back to it, which Kerberos needs, and the credential may not use NTLM`,
        );
      const of = fingerprintOf(login);
      const tickets = ticketsOf(of);
      const outcome = await loginAt({
        host: hostName ?? ip,
        spnClass: service === "rpc" ? "HOST" : "HTTP",
        use: service,
        user,
        password: login.password,
        realm: login.realm,
        ...(domain === "" ? {} : { domain }),
        kdcs: login.kdcs,
        allowNtlm: login.allowNtlm,
        timeoutMs: KDC_MS,
        signal,
        ...(tickets === null ? {} : { tickets }),
      });
      if (outcome.kind === "refused") {
        // Whoever resumes a login wants it tried: what holds a refusal would only repeat it.
        held.delete(of);
        if (OF_THE_CREDENTIAL.has(outcome.reason)) return { kind: "refused", reason: outcome.sentence };
        throw new ProbeFault("unfit", `no Kerberos ticket: ${outcome.sentence}`);
      }
      if (outcome.tickets !== null && tickets === null) {
        if (held.size >= LOGINS_MAX) held.clear();
        held.set(of, { tickets: outcome.tickets, until: now() + TICKETS_MS });
      }
      return {
        kind: "accepted",
        value: { context: outcome.context, isProven: outcome.by === "kerberos", isFresh: tickets === null },
      };
    },
  };
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
