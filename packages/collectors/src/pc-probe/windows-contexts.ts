import { createHash } from "node:crypto";
import { createKerberosContext, KerberosLogin, KerberosRefusal } from "@rollcall/windows-rpc/kerberos";
import { createNtlmContext } from "@rollcall/windows-rpc/ntlm";
import { createNegotiateContext } from "@rollcall/windows-rpc/spnego";
import type { Login, LoginResult } from "../login-port.ts";
import type { LoginContexts, LoginService, MadeLogin } from "./login-context.ts";
import { ProbeFault, type ProbeTarget } from "./ports.ts";

/** Of each question to a domain controller. */
const KDC_MS = 3000;
/** A login's tickets serve other computers for so long; then its password is shown to the domain once more. */
const TICKETS_MS = 10 * 60_000;
const LOGINS_MAX = 50;

/** What a domain says of a name and a password, and not of anything else. Source: RFC 4120 7.5.9 (documented). */
const REFUSALS = new Set([
  6, // the account is not there
  18, // disabled, or locked
  23, // the password has expired
  24, // the password is wrong
  31, // it did not decrypt what it should
]);

interface Held {
  readonly login: KerberosLogin;
  readonly password: string;
  readonly until: number;
}

/**
 * Logins as Windows has them: Kerberos at a computer whose name is verified; NTLM only where the credential allows it and Kerberos
 * cannot be used.
 *
 * Holds    the tickets of a login for ten minutes, so that a thousand computers do not mean a thousand logins at the domain.
 * Promises a password that the domain refused is not tried by NTLM as well.
 */
export function windowsContexts(now: () => number): LoginContexts {
  const held = new Map<string, Held>();

  const keyOf = (login: Login, realm: string): string => `${login.user}\u0000${realm}`;

  function kerberosOf(login: Login, realm: string): KerberosLogin {
    const key = keyOf(login, realm);
    const password = createHash("sha256").update(login.password).digest("base64");
    const known = held.get(key);
    if (known !== undefined && known.password === password && known.until > now()) return known.login;
    const made = new KerberosLogin(
      { user: accountOf(login.user), realm, password: login.password },
      { kdcs: login.kdcs, timeoutMs: KDC_MS },
    );
    if (held.size >= LOGINS_MAX) held.clear();
    held.set(key, { login: made, password, until: now() + TICKETS_MS });
    return made;
  }

  async function byKerberos(
    login: Login,
    realm: string,
    hostName: string,
    service: LoginService,
  ): Promise<LoginResult<MadeLogin>> {
    const kerberos = kerberosOf(login, realm);
    const spn = `${service === "rpc" ? "HOST" : "HTTP"}/${hostName}`;
    try {
      await kerberos.ticketFor(spn);
    } catch (error) {
      // Whoever resumes a login wants it tried: what holds a refusal would only repeat it.
      held.delete(keyOf(login, realm));
      if (error instanceof KerberosRefusal && error.step === "login" && REFUSALS.has(error.kdcCode))
        return { kind: "refused", reason: error.message };
      const message = error instanceof Error ? error.message : String(error);
      throw new ProbeFault("unfit", `no Kerberos ticket: ${message}`, { cause: error });
    }
    const context =
      service === "rpc"
        ? createKerberosContext(kerberos, spn, "rpc")
        : createNegotiateContext(createKerberosContext(kerberos, spn, "http"));
    return { kind: "accepted", value: { context, isProven: true } };
  }

  return {
    async make(login, target, service) {
      const objection = objectionToKerberos(login, target);
      if (objection === null) {
        try {
          return await byKerberos(login, login.realm ?? "", target.hostName ?? "", service);
        } catch (error) {
          if (!login.allowNtlm) throw error;
        }
      } else if (!login.allowNtlm) throw new ProbeFault("unfit", objection);
      return {
        kind: "accepted",
        value: { context: createNtlmContext(ntlmIdentity(login)), isProven: false },
      };
    },
  };
}

function objectionToKerberos({ realm }: Login, { ip, hostName }: ProbeTarget): string | null {
  if (realm === null) return "the credential does not say its Kerberos realm, and may not use NTLM";
  if (hostName === null)
    return `DNS gives ${ip} no name that leads back to it, which Kerberos needs, and the credential may not use NTLM`;
  return null;
}

/** `DOMAIN\user` is for NTLM; the domain is asked for the account alone. */
function accountOf(user: string): string {
  return user.slice(user.indexOf("\\") + 1);
}

function ntlmIdentity({ user, password }: Login): Parameters<typeof createNtlmContext>[0] {
  const slash = user.indexOf("\\");
  return { user: accountOf(user), domain: slash < 0 ? "" : user.slice(0, slash), password };
}
