import { readFileSync } from "node:fs";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls, rootCertificates } from "node:tls";
import { AgentError } from "../agent-error.ts";

/** The server that firewalls asked before. */
export interface Upstream {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** PEM of what to trust; null: the CAs of this machine. */
  readonly ca: string | null;
  /** True where its certificate is not checked. */
  readonly isUnchecked: boolean;
}

const CONNECT_MS = 10_000;

/** Reads `https://jims.example:443`. Throws `AgentError` "usage" for what is no such address. */
export function readUpstream(text: string, caFile: string | null, isUnchecked: boolean): Upstream {
  const url = URL.parse(text);
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.pathname !== "/" ||
    url.search !== "" ||
    url.username !== ""
  )
    throw usage(
      `${text} is no server's address.`,
      "Say scheme, host and port, and nothing else: --upstream https://jims.example:443",
    );
  if (caFile !== null && isUnchecked)
    throw usage(
      "--upstream-ca and --insecure-upstream exclude each other.",
      "Leave --insecure-upstream out.",
    );
  const isTls = url.protocol === "https:";
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    isTls,
    ca: caFile === null ? null : readPem(caFile),
    isUnchecked,
  };
}

/** Opens a connection; both halves close by themselves. What it emits is for the caller. */
export function connectUpstream(upstream: Upstream): Socket {
  const { host, port } = upstream;
  if (!upstream.isTls) return connectPlain({ host, port, allowHalfOpen: true, noDelay: true });
  const halfOpen = { allowHalfOpen: true };
  const socket = connectTls({
    ...halfOpen,
    host,
    port,
    minVersion: "TLSv1.2",
    rejectUnauthorized: !upstream.isUnchecked,
    ...(upstream.ca === null ? {} : { ca: [upstream.ca, ...rootCertificates] }),
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  socket.setNoDelay(true);
  return socket;
}

/**
 * Connects once, before any firewall is let in: a relay that cannot reach its server would cut the firewall off.
 *
 * Errors: `AgentError` "upstream-unreachable" or "upstream-certificate", with what to do about it.
 */
export async function checkUpstream(upstream: Upstream): Promise<void> {
  const socket = connectUpstream(upstream);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(upstream.isTls ? "secureConnect" : "connect", resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("it closed the connection")));
      socket.setTimeout(CONNECT_MS, () =>
        reject(Object.assign(new Error("no answer in 10 s"), { code: "ETIMEDOUT" })),
      );
    });
  } catch (error) {
    throw upstreamFault(upstream, error);
  } finally {
    socket.on("error", () => undefined);
    socket.destroy();
  }
}

const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "signed itself",
  SELF_SIGNED_CERT_IN_CHAIN: "comes from a CA that this machine does not know",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "comes from a CA that this machine does not know",
  UNABLE_TO_GET_ISSUER_CERT: "comes from a CA that this machine does not know",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "comes from a CA that this machine does not know",
  CERT_HAS_EXPIRED: "has expired",
  CERT_NOT_YET_VALID: "is not valid yet: look at the clocks",
  ERR_TLS_CERT_ALTNAME_INVALID: "is for another name",
};
const NETWORK_FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "no name server answers",
  ETIMEDOUT: "it does not answer",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no way to it",
  ECONNRESET: "it hung up",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS there: try http://",
  EPROTO: "it does not speak a TLS version from 1.2 on",
};

/** Says in one sentence why the server cannot be used. */
export function upstreamFault(upstream: Upstream, error: unknown): AgentError {
  const where = `${upstream.host}:${upstream.port}`;
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const certificate = CERTIFICATE_FAULTS[code];
  if (certificate !== undefined)
    return new AgentError("upstream-certificate", `The certificate of ${where} ${certificate}.`, {
      cause: error,
      remedy:
        "Name its CA, or the certificate itself, with --upstream-ca FILE; --insecure-upstream takes it unchecked, as a firewall without a ca-profile does.",
    });
  const reason = NETWORK_FAULTS[code] ?? (error instanceof Error ? error.message : String(error));
  return new AgentError("upstream-unreachable", `${where} cannot be reached: ${reason}.`, {
    cause: error,
    remedy: "Check the address, the port and the firewall in between.",
  });
}

function readPem(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new AgentError("upstream-ca", `${file} cannot be read.`, { cause, exit: "invalid" });
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----"))
    throw new AgentError("upstream-ca", `${file} holds no certificate in PEM form.`, { exit: "invalid" });
  return text;
}

function usage(message: string, remedy: string): AgentError {
  return new AgentError("usage", message, { exit: "usage", remedy });
}
