/** What went wrong between this firewall and a server, as a word that scripts and tests may rely on. */
export type FaultKind =
  | "credentials-refused"
  | "token-refused"
  | "unreachable"
  | "timeout"
  | "tls-untrusted"
  | "tls-mismatch"
  | "http-status"
  | "malformed-body"
  | "stopped";

/**
 * A query or a token request that brought no usable answer.
 *
 * `message` says what was attempted, at which server, and what happened; `remedy` says what to try next.
 */
export class SimulatorFault extends Error {
  readonly code: FaultKind;
  readonly remedy: string;

  constructor(code: FaultKind, message: string, remedy: string, cause?: unknown) {
    super(message, { cause });
    this.name = "SimulatorFault";
    this.code = code;
    this.remedy = remedy;
  }
}

const UNTRUSTED = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_UNTRUSTED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "INVALID_CA",
  "INVALID_PURPOSE",
]);

const TIMEOUTS = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ETIMEDOUT",
]);

/**
 * Translates what the network threw into a fault with a remedy.
 *
 * Shape: `attempted` reads like "ask https://127.0.0.2:8444 for a token".
 */
export function explainNetworkError(error: unknown, attempted: string, url: URL): SimulatorFault {
  if (error instanceof SimulatorFault) return error;
  const codes = codesOf(error);
  const detail = firstMessage(error);
  const has = (wanted: Set<string>) => codes.find((code) => wanted.has(code));
  const fault = (code: FaultKind, what: string, remedy: string) =>
    new SimulatorFault(code, `${attempted}: ${what}`, remedy, error);

  const untrusted = has(UNTRUSTED);
  if (untrusted)
    return fault(
      "tls-untrusted",
      `the server's certificate is not trusted (${untrusted}: ${detail})`,
      "Give the customer's SRX CA with --ca FILE (download it from the enforcement point's page), or use --insecure as an SRX without a ca-profile does.",
    );
  if (codes.includes("ERR_TLS_CERT_ALTNAME_INVALID"))
    return fault(
      "tls-untrusted",
      `the server's certificate is for another name (${detail})`,
      "Connect by a name or address that the certificate lists, or say the name to check with --server-name NAME.",
    );
  if (codes.some((code) => code.startsWith("ERR_SSL_") || code === "EPROTO"))
    return fault(
      "tls-mismatch",
      `the two ends could not agree on TLS (${detail})`,
      "If this port speaks plain HTTP, write the URL with http://; else check the server's TLS setting.",
    );
  if (has(TIMEOUTS))
    return fault(
      "timeout",
      "no answer in time",
      "Check that a firewall rule does not drop the packets and that the server is not overloaded.",
    );
  if (codes.includes("ECONNREFUSED"))
    return fault(
      "unreachable",
      `nothing listens at ${url.host} (connection refused)`,
      "Start the agent or the gateway, or check address and port against its --firewall-listen setting.",
    );
  if (codes.includes("ENOTFOUND") || codes.includes("EAI_AGAIN"))
    return fault(
      "unreachable",
      `the name ${url.hostname} is not known to DNS`,
      "Check the spelling, or use the address.",
    );
  if (codes.includes("UND_ERR_RES_EXCEEDED_MAX_SIZE"))
    return fault(
      "malformed-body",
      "the body is larger than this firewall reads",
      "Ask for fewer entries with --items.",
    );
  if (codes.includes("UND_ERR_ABORTED") || (error instanceof Error && error.name === "AbortError"))
    return fault("stopped", "stopped before the answer came", "Nothing to do: the simulator was stopped.");
  if (codes.includes("UND_ERR_SOCKET") || codes.includes("ECONNRESET") || codes.includes("EPIPE"))
    return fault(
      "unreachable",
      `the server closed the connection without an answer (${detail})`,
      url.protocol === "http:"
        ? "If the port speaks TLS, write the URL with https://; else look at the server's log."
        : "Look at the server's log; a server must keep an idle connection well above the poll interval.",
    );
  return fault("unreachable", detail, "Check the address, the route and the server's log.");
}

/** Every error code in the chain of causes: undici and Node wrap the real one, sometimes twice. */
function codesOf(error: unknown, depth = 0): string[] {
  if (depth > 5 || typeof error !== "object" || error === null) return [];
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  return [
    ...(typeof code === "string" ? [code] : []),
    ...codesOf(cause, depth + 1),
    ...(Array.isArray(errors) ? errors.flatMap((one) => codesOf(one, depth + 1)) : []),
  ];
}

function firstMessage(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return firstMessage(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const text = error.message || error.name;
  return text.split("\n")[0]?.slice(0, 200) ?? error.name;
}
