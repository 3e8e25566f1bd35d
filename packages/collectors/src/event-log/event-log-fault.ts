export type EventLogFaultCode =
  | "name-not-known"
  | "unreachable"
  | "mapper-unreachable"
  | "not-registered"
  | "login-refused"
  | "login-paused"
  /** The credential cannot be used at that server as it is configured. */
  | "login-unfit"
  | "no-rights"
  | "no-channel"
  | "query-refused"
  | "server-fault";

/** Why a log could not be read: a sentence for a person, and what to do. */
export class EventLogFault extends Error {
  override readonly name = "EventLogFault";
  readonly code: EventLogFaultCode;
  readonly remedy: string;

  constructor(code: EventLogFaultCode, message: string, remedy: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.remedy = remedy;
  }
}

/** What is being read, for sentences. */
export interface LogPlace {
  readonly host: string;
  readonly channel: string;
  readonly endpointMapperPort: number;
}

const CHECK_SERVER = "see the server's own event log, and docs/runbooks/event-log-refused.md";

/**
 * Return codes of the event log service that mean something to a person.
 * Source: MS-EVEN6 2.2.1 and winerror.h (documented).
 */
export function faultOfStatus(status: number, name: string, place: LogPlace): EventLogFault {
  const { host, channel } = place;
  switch (status) {
    case 5:
      return new EventLogFault(
        "no-rights",
        `${host} does not let the account read ${channel}`,
        "add the account to Event Log Readers (on domain controllers: the domain's group of that name), then let the next login pick it up",
      );
    case 0x3a9f:
    case 0x3a98:
    case 2:
      return new EventLogFault(
        "no-channel",
        `${host} has no log ${channel}`,
        "check the log's path: Security, or ForwardedEvents on a collector",
      );
    case 0x3a99:
    case 0x3aa6:
    case 0x3aa7:
    case 0x3aa8:
    case 0x3aa9:
    case 0x3aaa:
    case 0x3aab:
    case 0x3aac:
    case 0x3aad:
    case 0x3ab2:
      return new EventLogFault(
        "query-refused",
        `${host} cannot use the query`,
        "check the source's query, or clear it to use the one of its kind",
      );
    default:
      return new EventLogFault(
        "server-fault",
        `${host} answered ${name} (0x${status.toString(16)})`,
        CHECK_SERVER,
      );
  }
}

/** Translates what a socket or a library threw. Faults that are one already pass unchanged. */
export function toEventLogFault(error: unknown, place: LogPlace): EventLogFault {
  if (error instanceof EventLogFault) return error;
  const { host } = place;
  switch (codeOf(error)) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new EventLogFault(
        "name-not-known",
        `The name ${host} is not known to DNS here`,
        "check the name, or the DNS servers of this machine",
        error,
      );
    case "rpc-no-interface":
      return new EventLogFault(
        "not-registered",
        `${host} does not offer its event log service over TCP`,
        "check that the Windows Event Log service runs, and that the server's firewall has Remote Event Log Management enabled",
        error,
      );
    case "ECONNREFUSED":
      return new EventLogFault(
        "unreachable",
        `${host} refuses connections`,
        "check that the server runs, and that its firewall has Remote Event Log Management enabled",
        error,
      );
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
    case "rpc-timeout":
      return new EventLogFault(
        "unreachable",
        `${host} does not answer`,
        "check the route, and that firewalls in between pass TCP 135 and 49152-65535 to the server",
        error,
      );
    case "rpc-closed":
    case "ECONNRESET":
    case "EPIPE":
      return new EventLogFault(
        "unreachable",
        `${host} closed the connection`,
        "check that the server runs",
        error,
      );
  }
  const text = error instanceof Error ? error.message : String(error);
  return new EventLogFault(
    "server-fault",
    `${host}: ${text.split("\n", 1)[0]?.slice(0, 300)}`,
    CHECK_SERVER,
    error,
  );
}

/** The innermost code that says why: a library's own is less than the socket's beneath it. */
function codeOf(error: unknown): string | null {
  let code: string | null = null;
  for (let one = error, depth = 0; depth < 4 && typeof one === "object" && one !== null; depth += 1) {
    if ("code" in one && typeof one.code === "string") code = one.code;
    one = "cause" in one ? one.cause : null;
  }
  return code;
}
