import { connect as connectTls } from "node:tls";
import { AgentError } from "../agent-error.ts";

/** Why no answer came. `untrusted`, `wrong-name`: something answered that is not our gateway; nothing was sent to it. */
export type GatewayFaultKind =
  | "not-reachable"
  | "untrusted"
  | "wrong-name"
  | "certificate-time"
  | "tls-version"
  | "interrupted";

export class GatewayFault extends AgentError {
  readonly kind: GatewayFaultKind;

  constructor(
    kind: GatewayFaultKind,
    message: string,
    options: { readonly cause?: unknown; readonly remedy?: string },
  ) {
    super(`gateway-${kind}`, message, {
      ...options,
      exit: kind === "not-reachable" || kind === "interrupted" ? "portal-unreachable" : "invalid",
    });
    this.name = "GatewayFault";
    this.kind = kind;
  }
}

const UNTRUSTED = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "CERT_CHAIN_TOO_LONG",
  "PATH_LENGTH_EXCEEDED",
  "HOSTNAME_MISMATCH",
]);
const WRONG_TIME = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);
/** The common name of every installation's issuing CA: tells another gateway of ours from a stranger. */
const OUR_ISSUER = "Rollcall issuing CA";

/**
 * Explains why a request to the gateway got no answer.
 *
 * Shape:  looks, where the certificate was not trusted, at who issued it (a second handshake that sends nothing), so
 *         that a TLS-inspecting proxy is called by its name.
 * Errors: none thrown; the fault is the result.
 */
export async function gatewayFaultOf(url: string, thrown: unknown, now: number): Promise<GatewayFault> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const where = `${host}:${port || "443"}`;
  const code = codeOf(thrown);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return new GatewayFault(
      "wrong-name",
      `${where} answers with a certificate for another name: it is not the gateway that was asked for.`,
      {
        cause: thrown,
        remedy:
          "The file may be for another gateway, or the name leads to the wrong machine: check where it leads and ask for a new file.",
      },
    );
  }
  if (WRONG_TIME.has(code)) {
    return new GatewayFault(
      "certificate-time",
      `The certificate of ${where} is not valid at this machine's time, ${new Date(now).toISOString()}.`,
      {
        cause: thrown,
        remedy: "Set this machine's clock right. If it is right, the gateway's certificate must be renewed.",
      },
    );
  }
  if (UNTRUSTED.has(code)) return untrusted(where, host, Number(port || 443), thrown);
  if (code.startsWith("ERR_SSL_") || code === "EPROTO") {
    return new GatewayFault(
      "tls-version",
      `${where} does not speak TLS 1.3, or something on the way does not let it (${code}).`,
      {
        cause: thrown,
        remedy: `Exempt ${host} from TLS inspection.`,
      },
    );
  }
  return new GatewayFault(
    "not-reachable",
    `The portal's gateway at ${where} cannot be reached: ${sentenceOf(code, host, thrown)}.`,
    {
      cause: thrown,
      remedy: `Allow outgoing TCP to ${where} and check the name; everything local goes on without it.`,
    },
  );
}

async function untrusted(where: string, host: string, port: number, thrown: unknown): Promise<GatewayFault> {
  const issuer = await issuerPresentedBy(host, port);
  if (issuer === OUR_ISSUER) {
    return new GatewayFault(
      "untrusted",
      `${where} is a Rollcall gateway, but of another installation than this file's. Nothing was sent.`,
      {
        cause: thrown,
        remedy:
          "Download a new onboarding file from the portal of this gateway, or check where the name leads.",
      },
    );
  }
  const by = issuer === null ? "" : ` It was issued by "${issuer}".`;
  return new GatewayFault(
    "untrusted",
    `${where} answers with a certificate that is not the pinned gateway's.${by} A TLS-inspecting proxy or firewall on the way does that. Nothing was sent.`,
    { cause: thrown, remedy: `Exempt ${host} from TLS inspection, then try again.` },
  );
}

/** Who issued the certificate that answers there. Sends no application data. */
function issuerPresentedBy(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, rejectUnauthorized: false, timeout: 5000 });
    const end = (issuer: string | null): void => {
      socket.destroy();
      resolve(issuer);
    };
    socket.once("secureConnect", () => {
      const issuer = socket.getPeerCertificate().issuer as Partial<Record<string, string>> | undefined;
      end(issuer?.CN ?? issuer?.O ?? issuer?.OU ?? null);
    });
    socket.once("timeout", () => end(null));
    socket.once("error", () => end(null));
  });
}

function codeOf(thrown: unknown): string {
  for (
    let error: unknown = thrown, depth = 0;
    error instanceof Error && depth < 5;
    error = error.cause, depth += 1
  ) {
    if ("code" in error && typeof error.code === "string" && error.code !== "") return error.code;
  }
  return "";
}

function sentenceOf(code: string, host: string, thrown: unknown): string {
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the name ${host} is not known here (DNS)`;
    case "ECONNREFUSED":
      return "the connection was refused";
    case "ECONNRESET":
    case "UND_ERR_SOCKET":
      return "the connection was cut";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "there is no route to it";
    case "ETIMEDOUT":
    case "UND_ERR_CONNECT_TIMEOUT":
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT":
      return "it did not answer in time";
    default:
      return thrown instanceof Error && thrown.message !== "" ? thrown.message : code || "unknown fault";
  }
}
