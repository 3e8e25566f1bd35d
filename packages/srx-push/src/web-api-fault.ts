/** Thrown inside a look-up: none of a name's addresses may be posted to. */
export class ForbiddenAddressError extends Error {
  readonly code = "forbidden-address";
  constructor(host: string) {
    super(`${host} has no address that may be posted to`);
    this.name = "ForbiddenAddressError";
  }
}

/** Thrown where an answer did not come in its time. */
export class TooLateError extends Error {
  readonly code = "too-late";
  constructor(waitedMs: number) {
    super(`no answer within ${Math.round(waitedMs / 1000)} s`);
    this.name = "TooLateError";
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
  "INVALID_CA",
  "INVALID_PURPOSE",
]);

/**
 * Says what became of a connection, for a person, with what to do.
 *
 * Shape: one or two sentences without any of what was sent. `place` is scheme, host and port.
 */
export function explainConnectionFault(error: unknown, place: string): string {
  const code = codeOf(error);
  if (error instanceof TooLateError || code === "ETIMEDOUT")
    return `${place} does not answer in time: check the route, and that \`system services webapi\` is on.`;
  if (UNTRUSTED.has(code))
    return `The certificate that ${place} shows is not trusted (${code}): give its CA, or the certificate itself.`;
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return `The certificate that ${place} shows is not valid now (${code}): renew it, and check both clocks.`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return `The certificate that ${place} shows is for another name: write the address that it names, or give the certificate itself.`;
  if (code.startsWith("ERR_SSL_") || code === "EPROTO")
    return `${place} and we could not agree on TLS (${code}): does its Web API speak plain HTTP, or an older TLS?`;
  switch (code) {
    case "ECONNREFUSED":
      return `Nothing listens at ${place}: check the port, and that \`system services webapi\` is on.`;
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return `There is no way to ${place} (${code}): check the route.`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `The name in ${place} is not known: check its spelling, or write the address.`;
    case "ECONNRESET":
    case "EPIPE":
      return `${place} cut the connection: is this machine's address among its \`webapi client\`s, and the scheme right?`;
  }
  return `${place} could not be posted to (${code === "" ? "no reason given" : code}).`;
}

/** The first code in the chain of causes: connecting to several addresses wraps the real one. */
function codeOf(error: unknown, depth = 0): string {
  if (depth > 5 || typeof error !== "object" || error === null) return "";
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0], depth + 1);
  if ("code" in error && typeof error.code === "string") return error.code;
  return "cause" in error ? codeOf(error.cause, depth + 1) : "";
}
