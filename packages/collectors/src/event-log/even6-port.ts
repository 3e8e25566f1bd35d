import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { SecurityContext } from "@rollcall/windows-rpc/auth";
import { ACCESS_DENIED, connectRpc, RpcConnectionError, RpcFault } from "@rollcall/windows-rpc/dcerpc";
import { findEndpoint } from "@rollcall/windows-rpc/endpoint-mapper";
import { EVENT_LOG, openEventLog } from "@rollcall/windows-rpc/even6";
import { type Login, type LoginPort, type LoginResult, LoginUnanswered } from "../login-port.ts";
import { EventLogFault, toEventLogFault } from "./event-log-fault.ts";
import type { EventLogPort, EventLogSession } from "./event-log-port.ts";
import { channelOf, type EventSourceConfig } from "./event-source-config.ts";

/** Of connecting, of the whole login, and of calls that wait for nothing. */
const TIMEOUT_MS = 10_000;

/**
 * A login made ready for one server.
 * `refused`: who issues tickets does not take the name or the password.
 */
export type PreparedLogin =
  | {
      readonly kind: "ready";
      readonly context: SecurityContext;
      /** For people: `Kerberos`, `NTLM`. */
      readonly by: string;
      /** True where the password was proved before the server is asked (Kerberos): then a refusal is of rights. */
      readonly isProved: boolean;
      /** False: by tickets that were there already. */
      readonly isFresh: boolean;
    }
  | { readonly kind: "refused"; readonly reason: string };

export interface Even6PortOptions {
  readonly config: EventSourceConfig;
  readonly login: LoginPort;
  /** Errors: `EventLogFault` where this login cannot be used at that server. */
  readonly prepare: (login: Login, host: string, signal: AbortSignal) => Promise<PreparedLogin>;
}

/**
 * The way to a server's event logs over EVEN6: its name and its endpoint mapper are asked anew for each connection, because both
 * may have changed with a restart.
 *
 * Errors: `EventLogFault`, or what the socket threw. A login that the server does not take counts as a refusal; one that was
 *         proved by Kerberos and may then do nothing does not.
 */
export function createEven6Port({ config, login, prepare }: Even6PortOptions): EventLogPort {
  const place = {
    host: config.host,
    channel: channelOf(config),
    endpointMapperPort: config.endpointMapperPort,
  };
  return {
    async connect(signal) {
      const withheld = await login.withheld();
      if (withheld !== null) throw paused(withheld);
      try {
        const serverAddresses = await addressesOf(config.host);
        const port = await findEventLogPort(config, signal);
        const outcome = await login.attempt(
          (one, ending) => logIn(config, { port, prepare, login: one }, ending),
          signal,
        );
        switch (outcome.kind) {
          case "accepted":
            return { ...outcome.value, serverAddresses };
          case "refused":
            throw new EventLogFault(
              "login-refused",
              `${config.host} refuses the login: ${outcome.reason}`,
              "set the credential's password anew, or mend the account",
            );
          case "withheld":
            throw paused(outcome.sentence);
        }
      } catch (error) {
        throw toEventLogFault(error, place);
      }
    },
    untilLoginUsable: (signal) => login.untilUsable(signal),
  };
}

export async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** Where the event log service of the server listens now. */
export function findEventLogPort(
  config: Pick<EventSourceConfig, "host" | "endpointMapperPort">,
  signal: AbortSignal,
): Promise<number> {
  return findEndpoint({
    host: config.host,
    mapperPort: config.endpointMapperPort,
    interface: EVENT_LOG,
    timeoutMs: TIMEOUT_MS,
    signal,
  });
}

/** Whether the port takes connections: nothing is sent. */
export async function reachPort(host: string, port: number, signal: AbortSignal): Promise<void> {
  const connection = await connectRpc({
    host,
    port,
    interface: EVENT_LOG,
    context: null,
    timeoutMs: TIMEOUT_MS,
    signal,
  }).catch((error: unknown) => {
    // A server that wants a login first has answered.
    if (
      error instanceof RpcConnectionError &&
      (error.failure === "login-refused" || error.failure === "no-interface")
    )
      return null;
    throw error;
  });
  connection?.close();
}

interface Attempt {
  readonly port: number;
  readonly prepare: Even6PortOptions["prepare"];
  readonly login: Login;
}

async function logIn(
  config: EventSourceConfig,
  { port, prepare, login }: Attempt,
  signal: AbortSignal,
): Promise<LoginResult<Omit<EventLogSession, "serverAddresses">>> {
  const prepared = await prepare(login, config.host, signal);
  if (prepared.kind === "refused") return prepared;
  let isAgreed = false;
  try {
    const connection = await connectRpc({
      host: config.host,
      port,
      interface: EVENT_LOG,
      context: prepared.context,
      timeoutMs: TIMEOUT_MS,
      headerSigning: config.headerSigning,
      signal,
    });
    isAgreed = true;
    const session = openEventLog({ connection });
    try {
      // NTLM shows only at the first call whether the server takes the login.
      const listed = await session.channels();
      const channels = listed.kind === "channels" ? listed.channels : [];
      return {
        kind: "accepted",
        isFresh: prepared.isFresh,
        value: {
          login: prepared.by,
          newestFirst: (what) => session.newestFirst(what),
          follow: (what, from) => session.follow(what, from),
          channels: async () => channels,
          close: () => session.close(),
        },
      };
    } catch (error) {
      session.close();
      throw error;
    }
  } catch (error) {
    const why = refusalIn(error, isAgreed);
    if (why === null) {
      // NTLM has shown the password by then, and nobody said what they make of it.
      throw !prepared.isProved && prepared.context.isEstablished ? new LoginUnanswered(error) : error;
    }
    if (!prepared.isProved) return { kind: "refused", reason: why };
    if (error instanceof RpcConnectionError && error.failure === "closed") throw error;
    throw new EventLogFault(
      "no-rights",
      `${config.host} does not let the account use its event log service`,
      "add the account to Event Log Readers, and let the policy “Limit remote access to the Event Log Service” admit that group",
      error,
    );
  }
}

/** What a server that does not take the login answers; null for every other fault. `isAgreed`: it was asked for something already. */
function refusalIn(error: unknown, isAgreed: boolean): string | null {
  if (isAgreed && error instanceof RpcConnectionError && error.failure === "closed")
    return "it closed the connection instead of answering";
  if (error instanceof RpcFault && error.status === ACCESS_DENIED)
    return "it does not take the name or the password, or does not let the account use its event log service";
  if (error instanceof RpcConnectionError && error.failure === "login-refused") return error.message;
  return null;
}

function paused(sentence: string): EventLogFault {
  return new EventLogFault("login-paused", sentence, "set the credential's password anew, or resume it");
}
