import type { Login } from "../login-port.ts";
import { WindowsLogins } from "../windows-login.ts";
import type { PreparedLogin } from "./even6-port.ts";
import { EventLogFault } from "./event-log-fault.ts";

/** Of each question to a domain controller. */
const KDC_MS = 5000;

/**
 * Makes credentials ready for one server, see `WindowsLogins`; tickets are kept as long as the source is read.
 * Errors: `EventLogFault` `login-unfit` where the credential cannot be used there.
 */
export function createServerLogin(): (
  login: Login,
  host: string,
  signal: AbortSignal,
) => Promise<PreparedLogin> {
  const logins = new WindowsLogins({ now: Date.now, heldMs: Number.POSITIVE_INFINITY });
  return async (login, host, signal) => {
    const made = await logins.at(login, { host, spnClass: "HOST", timeoutMs: KDC_MS, signal });
    switch (made.kind) {
      case "refused":
        return made;
      case "unfit":
        throw new EventLogFault(
          "login-unfit",
          `${login.user} cannot log in at ${host}: ${made.sentence}`,
          made.remedy,
        );
      case "ready": {
        const isKerberos = made.by === "kerberos";
        const { context, isFresh } = made;
        return {
          kind: "ready",
          context,
          by: isKerberos ? "Kerberos" : "NTLM",
          isProved: isKerberos,
          isFresh,
        };
      }
    }
  };
}
