import { createHash } from "node:crypto";
import {
  createNtlmContext,
  type KerberosLogin,
  type LoginOutcome,
  type LoginRequest,
  loginAt,
  refusesCredential,
  type SecurityContext,
  UnansweredProofError,
} from "@rollcall/windows-rpc/auth";
import { type Login, LoginUnanswered } from "./login-port.ts";

export type WindowsLoginOutcome =
  | {
      readonly kind: "ready";
      readonly context: SecurityContext;
      /** For a further connection to the same server: by the same ticket, so that nobody is shown the password for it. */
      readonly another: () => SecurityContext;
      readonly by: "kerberos" | "ntlm";
      /** False: by tickets that were there already, so nothing was proved of the password now. */
      readonly isFresh: boolean;
    }
  /** The domain does not take this name and password. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The login cannot be used there, whatever its password. */
  | { readonly kind: "unfit"; readonly sentence: string; readonly remedy: string };

/** Which server, and for what. */
export type WindowsLoginPlace = Pick<LoginRequest, "host" | "spnClass" | "use" | "timeoutMs" | "signal">;

const LOGINS_MAX = 50;

/**
 * Makes logins ready for Windows servers: by Kerberos where the server's full name is given, by NTLM only where the login allows it
 * and Kerberos cannot be used there.
 *
 * Holds    the tickets of each login for `heldMs`, so that the next server, or the next connection, shows the domain no password.
 * Promises a password that the domain refused is not tried by NTLM as well.
 */
export class WindowsLogins {
  readonly #now: () => number;
  readonly #heldMs: number;
  readonly #held = new Map<string, { readonly tickets: KerberosLogin; readonly until: number }>();

  constructor(options: { readonly now: () => number; readonly heldMs: number }) {
    this.#now = options.now;
    this.#heldMs = options.heldMs;
  }

  async at(login: Login, place: WindowsLoginPlace): Promise<WindowsLoginOutcome> {
    const { user, domain } = partsOf(login.user);
    const { password, realm, kdcs, allowNtlm } = login;
    if (realm === null) {
      if (allowNtlm) return byNtlm(() => createNtlmContext({ user, domain, password }));
      const sentence = "the credential does not say its Kerberos realm, and may not use NTLM";
      const remedy = "write the user as user@corp.example or set the realm, or allow NTLM at the credential";
      return { kind: "unfit", sentence, remedy };
    }
    const of = fingerprintOf(login);
    const tickets = this.#ticketsOf(of);
    const outcome = await loginOnce({
      ...place,
      user,
      password,
      realm,
      ...(domain === "" ? {} : { domain }),
      kdcs,
      allowNtlm,
      ...(tickets === null ? {} : { tickets }),
    });
    if (outcome.kind === "refused") {
      // What was refused once is refused for ever by the same tickets; whoever mends the account gets another attempt.
      this.#held.delete(of);
      const { reason, sentence, remedy } = outcome;
      return refusesCredential(reason)
        ? { kind: "refused", reason: sentence }
        : { kind: "unfit", sentence, remedy };
    }
    if (outcome.by === "ntlm") return byNtlm(outcome.another);
    if (outcome.tickets !== null && tickets === null) {
      if (this.#held.size >= LOGINS_MAX) this.#held.clear();
      this.#held.set(of, { tickets: outcome.tickets, until: this.#now() + this.#heldMs });
    }
    const { context, another } = outcome;
    return { kind: "ready", context, another, by: "kerberos", isFresh: tickets === null };
  }

  #ticketsOf(of: string): KerberosLogin | null {
    const known = this.#held.get(of);
    if (known !== undefined && known.until > this.#now()) return known.tickets;
    this.#held.delete(of);
    return null;
  }
}

/**
 * `loginAt`, that also says where a password may have been shown without an answer.
 * Errors: `LoginUnanswered`, also where the signal cuts it off: a question to the domain may be under way then; and where the
 *         domain answered with something that says nothing of the password, such as that it has a fault.
 */
export async function loginOnce(request: LoginRequest): Promise<LoginOutcome> {
  try {
    const outcome = await loginAt(request);
    if (outcome.kind === "refused" && outcome.isUndecided === true)
      throw new LoginUnanswered(new Error(`${outcome.sentence}: ${outcome.remedy}`));
    return outcome;
  } catch (error) {
    if (error instanceof LoginUnanswered) throw error;
    if (error instanceof UnansweredProofError || request.signal?.aborted === true)
      throw new LoginUnanswered(error);
    throw error;
  }
}

function byNtlm(another: () => SecurityContext): WindowsLoginOutcome {
  return { kind: "ready", context: another(), another, by: "ntlm", isFresh: true };
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
