import { randomUUID } from "node:crypto";
import { openWinrm, type WinrmConnection, WinrmFault } from "@rollcall/windows-rpc/winrm";
import { type Login, type LoginResult, LoginUnanswered } from "../login-port.ts";
import type { LoginContexts } from "./login-context.ts";
import { ProbeFault, type ProbeMethod, type ProbeSession, type ProbeTarget } from "./ports.ts";
import { knockAt } from "./reach-port.ts";
import type { ProbeRow } from "./seated-user.ts";
import { enumerateMessage, pullMessage, readRows } from "./wsman-messages.ts";

const CONNECT_MS = 2000;
const ANSWER_MS = 5000;
const PAGES_MAX = 20;

export interface WinrmMethodOptions {
  readonly contexts: LoginContexts;
  readonly httpPort?: number;
  readonly httpsPort?: number;
}

interface Door {
  readonly port: number;
  readonly isTls: boolean;
}

/**
 * Asks by WinRM: at its HTTP port, where every message is encrypted by the login; where that is shut, at its HTTPS port, whose
 * certificate must be good for the computer's verified name.
 * Source: windows-events 7.2; docs/protocol/pc-probe.md.
 */
export function createWinrmMethod({
  contexts,
  httpPort = 5985,
  httpsPort = 5986,
}: WinrmMethodOptions): ProbeMethod {
  return {
    id: "winrm",
    async reach(target, signal) {
      const door = await openDoor(target, { httpPort, httpsPort }, signal);
      return {
        logIn: (login, ending) => logIn(contexts, { target, door, login, signal: ending }),
        close: () => undefined,
      };
    },
  };
}

async function openDoor(
  target: ProbeTarget,
  { httpPort, httpsPort }: { readonly httpPort: number; readonly httpsPort: number },
  signal: AbortSignal,
): Promise<Door> {
  try {
    await knockAt(target.ip, httpPort, CONNECT_MS, signal);
    return { port: httpPort, isTls: false };
  } catch (error) {
    // A certificate is for a name: without one that is verified there is nothing to check.
    if (target.hostName === null) throw error;
    await knockAt(target.ip, httpsPort, CONNECT_MS, signal);
    return { port: httpsPort, isTls: true };
  }
}

interface Attempt {
  readonly target: ProbeTarget;
  readonly door: Door;
  readonly login: Login;
  readonly signal: AbortSignal;
}

async function logIn(contexts: LoginContexts, attempt: Attempt): Promise<LoginResult<ProbeSession>> {
  const { target, door, login, signal } = attempt;
  const made = await contexts.make(login, target, "http", signal);
  if (made.kind === "refused") return made;
  const { context, isProven, isFresh } = made.value;
  const open = () =>
    openWinrm({
      host: target.ip,
      port: door.port,
      tls: door.isTls && target.hostName !== null ? { serverName: target.hostName } : null,
      context,
      timeoutMs: ANSWER_MS,
      signal,
    });
  const host = target.hostName ?? (target.ip.includes(":") ? `[${target.ip}]` : target.ip);
  const to = `http${door.isTls ? "s" : ""}://${host}:${door.port}/wsman`;
  // Others wait for what comes of a login: where it is proven already, the computer is asked outside of it.
  if (isProven) return { kind: "accepted", value: sessionOf(open, to), isFresh };
  try {
    const connection = await open();
    return { kind: "accepted", value: sessionOf(async () => connection, to) };
  } catch (error) {
    if (error instanceof WinrmFault && error.failure === "refused")
      return { kind: "refused", reason: error.message };
    throw context.isEstablished ? new LoginUnanswered(faultOf(error)) : faultOf(error);
  }
}

function sessionOf(open: () => Promise<WinrmConnection>, to: string): ProbeSession {
  const head = () => ({ to, messageId: randomUUID().toUpperCase(), timeoutMs: ANSWER_MS });
  let opened: Promise<WinrmConnection> | null = null;
  return {
    async query(wql) {
      try {
        opened ??= open();
        const connection = await opened;
        const rows: ProbeRow[] = [];
        let page = readRows(await connection.post(enumerateMessage(wql, head())));
        for (let pages = 1; ; pages++) {
          rows.push(...page.rows);
          if (page.context === null || pages >= PAGES_MAX) return rows;
          page = readRows(await connection.post(pullMessage(page.context, head())));
        }
      } catch (error) {
        throw faultOf(error);
      }
    },
    close() {
      opened?.then(
        (connection) => connection.close(),
        () => undefined,
      );
    },
  };
}

function faultOf(error: unknown): ProbeFault {
  if (error instanceof ProbeFault) return error;
  const message = error instanceof Error ? error.message : String(error);
  const options = { cause: error };
  if (error instanceof WinrmFault) {
    // The password was confirmed by others: a computer that refuses it lets this account in nowhere.
    const code = error.failure === "refused" ? "denied" : error.failure;
    return new ProbeFault(code, message, options);
  }
  return new ProbeFault("failed", message, options);
}
