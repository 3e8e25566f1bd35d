import type { SecurityContext } from "@rollcall/windows-rpc/auth";
import { RpcConnectionError, RpcFault } from "@rollcall/windows-rpc/dcerpc";
import { openWmi, WmiFault, type WmiObject, type WmiSession, type WmiValue } from "@rollcall/windows-rpc/wmi";
import { type Login, type LoginResult, LoginUnanswered } from "../login-port.ts";
import type { LoginContexts, MadeLogin } from "./login-context.ts";
import { ProbeFault, type ProbeMethod, type ProbeSession, type ProbeTarget } from "./ports.ts";
import { knockAt } from "./reach-port.ts";
import type { ProbeRow } from "./seated-user.ts";

const ACCESS_DENIED = 5;
const CONNECT_MS = 2000;
const CALL_MS = 5000;

export interface WmiMethodOptions {
  readonly contexts: LoginContexts;
  /** Of the computers' endpoint mapper. */
  readonly port?: number;
}

/**
 * Asks by WMI over DCOM.
 * Source: windows-events 7.1; docs/protocol/pc-probe.md.
 */
export function createWmiMethod({ contexts, port = 135 }: WmiMethodOptions): ProbeMethod {
  return {
    id: "wmi",
    async reach(target, signal) {
      await knockAt(target.ip, port, CONNECT_MS, signal);
      return {
        logIn: (login, ending) => logIn(contexts, { target, port, login, signal: ending }),
        close: () => undefined,
      };
    },
  };
}

interface Attempt {
  readonly target: ProbeTarget;
  readonly port: number;
  readonly login: Login;
  readonly signal: AbortSignal;
}

async function logIn(contexts: LoginContexts, attempt: Attempt): Promise<LoginResult<ProbeSession>> {
  const { target, login, signal } = attempt;
  const first = await contexts.make(login, target, "rpc", signal);
  if (first.kind === "refused") return first;
  const made = new MadeContexts(first.value);
  const open = () => openAt(attempt, made);
  // Others wait for what comes of a login: where it is proven already, the computer is asked outside of it.
  if (first.value.isProven) return { kind: "accepted", value: sessionOf(open), isFresh: first.value.isFresh };
  try {
    const session = await open();
    return { kind: "accepted", value: sessionOf(async () => session) };
  } catch (error) {
    if (isRefusal(error)) return { kind: "refused", reason: messageOf(error) };
    throw made.isUnanswered ? new LoginUnanswered(faultOf(error)) : faultOf(error);
  }
}

/** The logins of the two connections that WMI takes. */
class MadeContexts {
  readonly #made: MadeLogin;
  #taken = 0;

  constructor(made: MadeLogin) {
    this.#made = made;
  }

  /** The password was shown, and not even the first connection was answered. */
  get isUnanswered(): boolean {
    return this.#taken === 1 && this.#made.context.isEstablished;
  }

  next(): SecurityContext {
    this.#taken += 1;
    return this.#taken === 1 ? this.#made.context : this.#made.another();
  }
}

function openAt({ target, port, signal }: Attempt, made: MadeContexts): Promise<WmiSession> {
  return openWmi({
    host: target.ip,
    port,
    timeoutMs: CALL_MS,
    signal,
    newContext: async () => made.next(),
  });
}

/** A computer that checks the password itself says only "access denied": then it counts as a wrong one, which is safe. */
function isRefusal(error: unknown): boolean {
  if (error instanceof RpcConnectionError) return error.failure === "login-refused";
  return error instanceof RpcFault && error.status === ACCESS_DENIED;
}

function sessionOf(open: () => Promise<WmiSession>): ProbeSession {
  let opened: Promise<WmiSession> | null = null;
  return {
    async query(wql) {
      try {
        opened ??= open();
        const session = await opened;
        return (await session.query(wql)).map(rowOf);
      } catch (error) {
        throw faultOf(error);
      }
    },
    close() {
      opened?.then(
        (session) => session.close(),
        () => undefined,
      );
    },
  };
}

function rowOf({ properties }: WmiObject): ProbeRow {
  return new Map([...properties].map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: WmiValue): string | null {
  if (value === null || typeof value === "object") return null;
  return typeof value === "string" ? value : String(value);
}

function faultOf(error: unknown): ProbeFault {
  if (error instanceof ProbeFault) return error;
  const options = { cause: error };
  if (error instanceof WmiFault)
    return new ProbeFault(error.isDenied ? "denied" : "failed", error.message, options);
  if (error instanceof RpcFault)
    return new ProbeFault(error.status === ACCESS_DENIED ? "denied" : "failed", error.message, options);
  if (error instanceof RpcConnectionError) {
    const isAway = error.failure === "unreachable" || error.failure === "timeout";
    const code = error.failure === "login-refused" ? "denied" : isAway ? "unreachable" : "failed";
    return new ProbeFault(code, error.message, options);
  }
  return new ProbeFault("failed", messageOf(error), options);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
