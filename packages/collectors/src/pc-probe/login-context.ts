import type { SecurityContext } from "@rollcall/windows-rpc/auth";
import type { Login, LoginResult } from "../login-port.ts";
import type { ProbeTarget } from "./ports.ts";

/** For which service of a computer a login is made. */
export type LoginService = "rpc" | "http";

/**
 * Makes the login of one connection.
 *
 * Shape:  `refused` where whoever knows the password says that it is wrong; what the computer itself thinks of it shows later.
 * Errors: `ProbeFault`: `unfit` where this login cannot be used at that computer, `failed` where nobody could be asked.
 */
export interface LoginContexts {
  make(
    login: Login,
    target: ProbeTarget,
    service: LoginService,
    signal: AbortSignal,
  ): Promise<LoginResult<MadeLogin>>;
}

export interface MadeLogin {
  readonly context: SecurityContext;
  /** For a further connection to the same computer; the domain is not asked for it. */
  readonly another: () => SecurityContext;
  /** True: whoever knows the password has confirmed it, so that a refusal by the computer is a missing right. */
  readonly isProven: boolean;
  /** False: by tickets that were there already. */
  readonly isFresh: boolean;
}
