import { faultName, faultText } from "./fault-status.ts";

/** The server answered a call with a fault. The connection goes on. */
export class RpcFault extends Error {
  override readonly name = "RpcFault";
  readonly code = "rpc-fault";
  readonly status: number;
  readonly statusName: string;
  /**
   * True where the server has not proved yet that it took the login, which NTLM alone never says: "access denied" then
   * means a wrong password or a missing right, and nobody can tell which.
   */
  readonly isLoginUnproved: boolean;

  constructor(attempted: string, status: number, isLoginUnproved = false) {
    super(`${attempted}: the server answered ${faultText(status)}`);
    this.status = status >>> 0;
    this.statusName = faultName(status);
    this.isLoginUnproved = isLoginUnproved;
  }
}

export type RpcFailure =
  /** Nobody answers at that address, or a name that does not resolve. */
  | "unreachable"
  /** Closed by the server or the network. */
  | "closed"
  | "timeout"
  /** The caller's signal. */
  | "aborted"
  /** The server speaks otherwise than it must, or a message does not verify. */
  | "protocol"
  /** The interface is not offered at that port. */
  | "no-interface"
  /** The server refused the login while it was made. */
  | "login-refused";

/** The connection could not be made or is of no use any more; every later call fails with the same. */
export class RpcConnectionError extends Error {
  override readonly name = "RpcConnectionError";
  readonly code: `rpc-${RpcFailure}`;
  readonly failure: RpcFailure;

  constructor(failure: RpcFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
    this.code = `rpc-${failure}`;
  }
}
