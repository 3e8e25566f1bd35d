import type { LoginResult } from "../login-port.ts";
import { WindowsLogins } from "../windows-login.ts";
import type { LoginContexts, MadeLogin } from "./login-context.ts";
import { ProbeFault } from "./ports.ts";

/** Of each question to a domain controller. */
const KDC_MS = 3000;
/** A login's tickets serve other computers for so long; then its password is shown to the domain once more. */
const TICKETS_MS = 10 * 60_000;

/**
 * Logins as Windows has them, see `WindowsLogins`: Kerberos only at a computer whose name is verified.
 *
 * Holds the tickets of a login for ten minutes, so that a thousand computers do not mean a thousand logins at the domain.
 */
export function windowsContexts(now: () => number): LoginContexts {
  const logins = new WindowsLogins({ now, heldMs: TICKETS_MS });
  return {
    async make(login, { ip, hostName }, service, signal): Promise<LoginResult<MadeLogin>> {
      if (login.realm !== null && hostName === null && !login.allowNtlm)
        throw new ProbeFault(
          "unfit",
          `DNS gives ${ip} no name that leads back to it, which Kerberos needs, and the credential may not use NTLM`,
        );
      const made = await logins.at(login, {
        host: hostName ?? ip,
        spnClass: service === "rpc" ? "HOST" : "HTTP",
        use: service,
        timeoutMs: KDC_MS,
        signal,
      });
      switch (made.kind) {
        case "refused":
          return made;
        case "unfit":
          throw new ProbeFault(
            "unfit",
            login.realm === null ? made.sentence : `no Kerberos ticket: ${made.sentence}`,
          );
        case "ready": {
          const { context, another, isFresh } = made;
          return { kind: "accepted", value: { context, another, isProven: made.by === "kerberos", isFresh } };
        }
      }
    },
  };
}
