export type DirectoryFaultCode =
  | "name-not-known"
  | "unreachable"
  | "certificate-refused"
  | "encryption-failed"
  | "encryption-required"
  | "credentials-refused"
  /** No ticket, for another reason than the name and password; or the controller did not take it. */
  | "kerberos-failed"
  /** Nothing was tried: the login is paused, or cannot be opened. */
  | "login-withheld"
  | "no-rights"
  | "server-fault";

/** Why a directory could not be read: a sentence for a person, and what to do. */
export class DirectoryFault extends Error {
  override readonly name = "DirectoryFault";
  readonly code: DirectoryFaultCode;
  readonly remedy: string;

  constructor(code: DirectoryFaultCode, message: string, remedy: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.remedy = remedy;
  }
}

interface Target {
  readonly host: string;
  readonly port: number;
}

const UNTRUSTED =
  "give the PEM of the CA that signed the server's certificate (on a Windows CA: certutil -ca.cert ca.cer)";

/** Source: Node.js, "X509 certificate error codes" (documented). */
const CERTIFICATE_WORDS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["SELF_SIGNED_CERT_IN_CHAIN", ["it is signed by a CA that is not trusted here", UNTRUSTED]],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", ["it is signed by a CA that is not trusted here", UNTRUSTED]],
  ["UNABLE_TO_GET_ISSUER_CERT", ["it is signed by a CA that is not trusted here", UNTRUSTED]],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", ["the CA that signed it is not trusted here", UNTRUSTED]],
  ["CERT_SIGNATURE_FAILURE", ["its signature is not by the CA that was given", UNTRUSTED]],
  [
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    ["it is signed by itself", "give that certificate's own PEM as the CA, or renew it by a CA"],
  ],
  ["CERT_HAS_EXPIRED", ["it has expired", "renew the certificate on the domain controller"]],
  ["CERT_NOT_YET_VALID", ["it is not valid yet", "check the clocks of both machines"]],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    ["it is for another name", "enter the host as the certificate names it, or renew it with this name"],
  ],
]);

/** Source: MS-ADTS and the error texts of AD (documented); seen from Samba (captured). */
const BIND_WORDS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["525", ["the user is not known", "check the spelling: user@domain, DOMAIN\\user or a DN"]],
  ["52e", ["the password or the user name is wrong", "type the password again"]],
  ["530", ["the account may not log on at this time", "allow its logon hours"]],
  ["531", ["the account may not log on from this machine", "allow this machine for the account"]],
  ["532", ["the password has expired", "set a new password and let it not expire"]],
  ["533", ["the account is disabled", "enable the account"]],
  ["701", ["the account has expired", "extend the account"]],
  ["773", ["the password must be changed first", "clear 'must change password at next logon'"]],
  ["775", ["the account is locked", "unlock the account, then type the password again"]],
]);

/**
 * Translates what the LDAP library, TLS or the network threw. Faults that are one already pass unchanged.
 * `user` is who asked, where that is known.
 */
export function toDirectoryFault(
  error: unknown,
  target: Target,
  user: string = "the reading account",
): DirectoryFault {
  if (error instanceof DirectoryFault) return error;
  const { host, port } = target;
  const where = `${host}:${port}`;
  const code = codeOf(error);
  const text = textOf(error);

  const certificate = CERTIFICATE_WORDS.get(String(code));
  if (certificate !== undefined) {
    const [why, remedy] = certificate;
    return new DirectoryFault(
      "certificate-refused",
      `The certificate of ${where} is not accepted: ${why}`,
      remedy,
      error,
    );
  }
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new DirectoryFault(
        "name-not-known",
        `The name ${host} is not known to DNS here`,
        "check the name, or give the controller's address",
        error,
      );
    case "ECONNREFUSED":
      return unreachable(
        `${where} refuses connections`,
        "check that the domain controller runs and serves this port",
        error,
      );
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
      return unreachable(`${where} does not answer`, "check the route and the firewalls in between", error);
    case 8:
    case 13:
      return new DirectoryFault(
        "encryption-required",
        `${where} demands encryption`,
        "choose LDAPS (port 636) or StartTLS",
        error,
      );
    case 49: {
      const data = /\bdata ([0-9a-f]{3,4})\b/i.exec(text)?.[1]?.toLowerCase() ?? "52e";
      const [why, remedy] = BIND_WORDS.get(data) ?? [
        "the password or the user name is wrong",
        "type the password again",
      ];
      return new DirectoryFault("credentials-refused", `${where} refuses ${user}: ${why}`, remedy, error);
    }
    case 32:
    case 34:
      return new DirectoryFault(
        "no-rights",
        `${where} does not know the base DN`,
        "check the base DN of the directory",
        error,
      );
    case 50:
      return new DirectoryFault(
        "no-rights",
        `${where} lets ${user} read nothing`,
        "give the account the right to read",
        error,
      );
  }
  if (/timeout|timed out/i.test(text)) {
    return unreachable(
      `${where} does not answer in time`,
      "check the route and the firewalls in between",
      error,
    );
  }
  if (
    typeof code === "string" &&
    (code.startsWith("ERR_SSL") || code.startsWith("ERR_TLS") || code === "EPROTO")
  ) {
    return new DirectoryFault(
      "encryption-failed",
      `${where} and this machine found no common encryption`,
      "check the port: LDAPS is 636, StartTLS is 389; TLS 1.2 is the least",
      error,
    );
  }
  if (/socket|connection closed|ECONNRESET|EPIPE/i.test(`${code} ${text}`)) {
    return unreachable(`${where} closed the connection`, "check that the domain controller runs", error);
  }
  return new DirectoryFault(
    "server-fault",
    `${where} answered: ${firstLine(text)}`,
    "see the controller's log",
    error,
  );
}

function unreachable(message: string, remedy: string, cause: unknown): DirectoryFault {
  return new DirectoryFault("unreachable", message, remedy, cause);
}

function codeOf(error: unknown): string | number | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" || typeof error.code === "number" ? error.code : null;
}

function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map((inner) => textOf(inner)).join("; ");
  return error instanceof Error ? error.message : String(error);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.slice(0, 200) ?? "";
}
