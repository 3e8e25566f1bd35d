import type { IpAddress } from "@rollcall/identity-core";
import type { Login, LoginPort, LoginResult } from "../login-port.ts";
import type { ProbeRow } from "./seated-user.ts";

export interface ProbeTarget {
  readonly ip: IpAddress;
  /** Its name, where asking DNS both ways agrees; null: there is none that could be trusted with a ticket. */
  readonly hostName: string | null;
}

/**
 * Why a way of asking went no further.
 * `unreachable`: nobody answers there. `unfit`: this login cannot be used here. `denied`: it was taken and allows too little.
 */
export type ProbeFaultCode = "unreachable" | "unfit" | "denied" | "failed";

export class ProbeFault extends Error {
  override readonly name = "ProbeFault";
  readonly code: ProbeFaultCode;

  constructor(code: ProbeFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** One way to ask a computer. */
export interface ProbeMethod {
  readonly id: "wmi" | "winrm";
  /** Finds out whether the computer can be asked so, before a login is shown to anybody. Throws `ProbeFault`. */
  reach(target: ProbeTarget, signal: AbortSignal): Promise<ReachedComputer>;
}

export interface ReachedComputer {
  /** Proves a login, and nothing more: others may wait for it. Throws `ProbeFault`. */
  logIn(login: Login, signal: AbortSignal): Promise<LoginResult<ProbeSession>>;
  close(): void;
}

export interface ProbeSession {
  /** Throws `ProbeFault`. */
  query(wql: string, signal: AbortSignal): Promise<readonly ProbeRow[]>;
  close(): void;
}

export interface ProbeLogin {
  readonly credentialId: string;
  readonly port: LoginPort;
}
