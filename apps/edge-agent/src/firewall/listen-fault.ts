import { AgentError } from "../agent-error.ts";
import { formatListen, type ListenAddress } from "../settings.ts";
import { portHolder } from "./port-holder.ts";

const WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: "taken",
  "port-taken": "taken",
  EADDRNOTAVAIL: "no such address",
  "address-unknown": "no such address",
  EACCES: "not allowed",
  "not-allowed": "not allowed",
};

/** Turns a listener's fault into one sentence that says who has the port, where that can be known, and which flag moves it. */
export function listenFault(
  what: string,
  listen: ListenAddress,
  protocol: "tcp" | "udp",
  flag: string,
  thrown: unknown,
): AgentError {
  const where = formatListen(listen);
  switch (WORDS[codeOf(thrown)]) {
    case "taken": {
      const holder = portHolder(protocol, listen.port);
      return new AgentError(
        "port-taken",
        `${where} (${protocol}) for ${what} is taken${holder === null ? "" : ` by ${holder}`}.`,
        {
          cause: thrown,
          remedy: `Stop that, or choose another with ${flag} host:port.`,
        },
      );
    }
    case "no such address":
      return new AgentError("address-unknown", `${where} for ${what} is not an address of this machine.`, {
        cause: thrown,
        remedy: `Choose one of its own with ${flag}; 0.0.0.0 takes all.`,
      });
    case "not allowed":
      return new AgentError(
        "port-not-allowed",
        `${where} for ${what} needs more rights than this user has.`,
        {
          cause: thrown,
          exit: "no-permission",
          remedy: `Give the right to bind low ports (CAP_NET_BIND_SERVICE), or choose a port above 1023 with ${flag}.`,
        },
      );
    default:
      return new AgentError(
        "listen-failed",
        `${where} for ${what} cannot be opened: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
        {
          cause: thrown,
          remedy: `Choose another with ${flag}.`,
        },
      );
  }
}

function codeOf(thrown: unknown): string {
  for (
    let error: unknown = thrown, depth = 0;
    error instanceof Error && depth < 4;
    error = error.cause, depth += 1
  ) {
    if ("code" in error && typeof error.code === "string" && Object.hasOwn(WORDS, error.code))
      return error.code;
  }
  return "";
}
