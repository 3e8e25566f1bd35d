import { X509Certificate } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { MAX_BATCH_BYTES, MAX_BATCH_BYTES_INFLATED } from "@rollcall/agent-protocol";
import type { ListenAddress } from "@rollcall/config";
import type { Logger, ReportError } from "@rollcall/observability";
import type { AgentIdentity } from "@rollcall/pki";
import { listenOn } from "../process/listen.ts";
import type { Part } from "../process/part.ts";
import type { AdmittedAgent, AgentDoor } from "./agent-door.ts";
import { type Answer, refuse, tooLarge, tooMany } from "./answer.ts";
import { type Presented, presentedBy } from "./presented-certificate.ts";
import type { RateLimit } from "./rate-limit.ts";
import { readBody } from "./read-body.ts";

/** What every route is given. */
export interface Call {
  readonly query: URLSearchParams;
  /** Of the path's variable part, where the route has one. */
  readonly variable: string;
  readonly body: string;
  readonly sourceIp: string;
  /** Fires when the peer has gone or the gateway stops. */
  readonly signal: AbortSignal;
}

export interface OpenRoute {
  readonly door: "open";
  readonly handle: (call: Call) => Promise<Answer>;
}
export interface AgentRoute {
  /** `agent`: an active agent with a valid certificate. `renewal`: also with one that has expired. */
  readonly door: "agent" | "renewal";
  readonly handle: (call: Call, agent: AdmittedAgent, identity: AgentIdentity) => Promise<Answer>;
}
export type Route = (OpenRoute | AgentRoute) & {
  readonly method: "GET" | "POST";
  /** `{}` stands for one variable part. */
  readonly path: string;
};

export interface AgentServerOptions {
  readonly listen: ListenAddress;
  readonly tls: { readonly certPem: string; readonly keyPem: string; readonly issuerPem: string };
  readonly routes: readonly Route[];
  readonly door: AgentDoor;
  /** For routes without a certificate: by network address. */
  readonly strangers: RateLimit;
  /** For everybody: by network address. */
  readonly everybody: RateLimit;
  readonly log: Logger;
  readonly report: ReportError;
  readonly now: () => number;
  /** Fires when the gateway stops: waits end. */
  readonly stopping: AbortSignal;
}

export interface AgentServer extends Part {
  readonly address: ListenAddress | null;
  /** New handshakes use it at once. */
  setTls(tls: AgentServerOptions["tls"]): void;
}

const BODY_BYTES_STRANGER = 32_768;
const HEADER_BYTES_MAX = 16 * 1024;
const CONNECTIONS_MAX = 50_000;
const STOP_BUDGET_MS = 8000;

/** The listener of agents: TLS 1.3, client certificates of our own issuing CA. */
export function createAgentServer(options: AgentServerOptions): AgentServer {
  const { log, door } = options;
  let issuer = new X509Certificate(options.tls.issuerPem);
  const presented = new WeakMap<TLSSocket, Presented>();
  let server: Server | null = null;

  const build = (): Server => {
    const made = createServer(
      {
        ...secureSettings(options.tls),
        requestCert: true,
        // Enrolment comes without a certificate and late renewal with an expired one: what is shown is judged below.
        rejectUnauthorized: false,
        handshakeTimeout: 10_000,
        headersTimeout: 10_000,
        requestTimeout: 30_000,
        keepAliveTimeout: 75_000,
        maxHeaderSize: HEADER_BYTES_MAX,
        noDelay: true,
      },
      (request, response) => void serve(request, response),
    );
    made.maxConnections = CONNECTIONS_MAX;
    made.on("secureConnection", (socket) => {
      const what = presentedBy(socket, issuer, options.now());
      if (what.kind === "foreign") {
        log.warn(
          { peer: socket.remoteAddress },
          "connection closed: its certificate is none of this installation's agents",
        );
        socket.destroy();
        return;
      }
      presented.set(socket, what);
      if (what.kind === "agent") door.watch(what.identity, socket);
    });
    made.on("tlsClientError", (error, socket) =>
      log.debug({ err: error, peer: socket.remoteAddress }, "handshake with an agent failed"),
    );
    made.on("clientError", (_error, socket) => socket.destroy());
    return made;
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const signal = AbortSignal.any([gone.signal, options.stopping]);
    let answer: Answer;
    try {
      answer = await answerTo(request, signal);
    } catch (error) {
      // A fault of a request whose peer has gone, or while stopping, is no news.
      if (!signal.aborted)
        options.report(error, { attempted: `answer ${request.method} ${request.url?.split("?")[0]}` });
      answer = refuse(
        503,
        { code: "gateway-fault", message: "The gateway could not do that now. Try again." },
        { headers: { "retry-after": "2" } },
      );
    }
    await deliver(request, response, answer, options.stopping.aborted);
  }

  async function answerTo(request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
    const socket = request.socket as TLSSocket;
    const sourceIp = (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
    const waitSeconds = options.everybody.take(sourceIp);
    if (waitSeconds > 0) return tooMany(waitSeconds);
    const url = new URL(request.url ?? "/", "https://gateway");
    const found = findRoute(options.routes, request.method ?? "", url.pathname);
    if (found.kind === "no-path")
      return refuse(404, { code: "not-found", message: "There is nothing here." });
    if (found.kind === "other-method")
      return refuse(
        405,
        { code: "method-not-allowed", message: "Another method is used here." },
        { headers: { allow: found.allow } },
      );
    const { route, variable } = found;

    const shown = presented.get(socket) ?? { kind: "none" };
    if (route.door === "open") {
      const wait = options.strangers.take(sourceIp);
      if (wait > 0) return tooMany(wait);
      const body = await bodyOf(request, BODY_BYTES_STRANGER, BODY_BYTES_STRANGER);
      return typeof body === "string"
        ? route.handle({ query: url.searchParams, variable, body, sourceIp, signal })
        : body;
    }
    if (shown.kind !== "agent")
      return refuse(401, {
        code: "certificate-needed",
        message: "This needs an agent's certificate.",
        remedy: "Enrol the agent.",
      });
    if (shown.identity.notAfter <= options.now() && route.door !== "renewal")
      return refuse(
        401,
        { code: "certificate-expired", message: "The agent's certificate has expired.", remedy: "Renew it." },
        { close: true },
      );
    const admission = await door.admit(shown.identity);
    if (admission.kind === "refused") return refuseAgent(admission.reason);
    const body = await bodyOf(request, MAX_BATCH_BYTES, MAX_BATCH_BYTES_INFLATED);
    return typeof body === "string"
      ? route.handle(
          { query: url.searchParams, variable, body, sourceIp, signal },
          admission.agent,
          shown.identity,
        )
      : body;
  }

  return {
    name: "agents' listener",
    async start() {
      server = await listenOn(build(), options.listen, "agents");
      const { address, port } = server.address() as AddressInfo;
      log.info({ address, port }, "agents may connect");
    },
    async stop() {
      if (!server) return;
      const closing = server;
      server = null;
      const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
      closing.closeIdleConnections();
      const giveUp = setTimeout(() => closing.closeAllConnections(), STOP_BUDGET_MS);
      await closed;
      clearTimeout(giveUp);
    },
    setTls(tls) {
      issuer = new X509Certificate(tls.issuerPem);
      server?.setSecureContext(secureSettings(tls));
    },
    get address() {
      const bound = server?.address();
      return bound && typeof bound === "object" ? { host: bound.address, port: bound.port } : null;
    },
  };
}

function secureSettings(tls: AgentServerOptions["tls"]) {
  return {
    key: tls.keyPem,
    cert: tls.certPem + tls.issuerPem,
    ca: tls.issuerPem,
    minVersion: "TLSv1.3",
  } as const;
}

type Found =
  | { readonly kind: "route"; readonly route: Route; readonly variable: string }
  | { readonly kind: "other-method"; readonly allow: string }
  | { readonly kind: "no-path" };

export function findRoute(routes: readonly Route[], method: string, path: string): Found {
  const here = routes.flatMap((route) => {
    const variable = matchPath(route.path, path);
    return variable === null ? [] : [{ route, variable }];
  });
  const hit = here.find(({ route }) => route.method === method);
  if (hit) return { kind: "route", ...hit };
  return here.length > 0
    ? { kind: "other-method", allow: here.map(({ route }) => route.method).join(", ") }
    : { kind: "no-path" };
}

function matchPath(pattern: string, path: string): string | null {
  const [head = "", tail] = pattern.split("{}");
  if (tail === undefined) return pattern === path ? "" : null;
  if (!path.startsWith(head) || !path.endsWith(tail)) return null;
  const variable = path.slice(head.length, path.length - tail.length);
  return /^[\w-]{1,64}$/.test(variable) ? variable : null;
}

function refuseAgent(reason: "unknown-certificate" | "retired-certificate" | "revoked" | "locked"): Answer {
  switch (reason) {
    case "unknown-certificate":
      return refuse(
        403,
        {
          code: "certificate-unknown",
          message: "This certificate is not on record.",
          remedy: "Enrol the agent anew.",
        },
        { close: true },
      );
    case "retired-certificate":
      return refuse(
        401,
        {
          code: "certificate-retired",
          message: "A newer certificate of this agent is active.",
          remedy: "Connect with the newer one.",
        },
        { close: true },
      );
    case "revoked":
      return refuse(
        403,
        {
          code: "agent-revoked",
          message: "This agent was revoked in the portal.",
          remedy: "Enrol it anew with a file from the portal.",
        },
        { close: true },
      );
    case "locked":
      return refuse(
        403,
        {
          code: "agent-locked",
          message: "This agent is locked: two machines used its identity.",
          remedy: "Find the copy, stop it, and enrol the agent anew.",
        },
        { close: true },
      );
  }
}

async function bodyOf(
  request: IncomingMessage,
  maxBytes: number,
  maxInflatedBytes: number,
): Promise<string | Answer> {
  if (request.method === "GET") return "";
  const read = await readBody(request, { maxBytes, maxInflatedBytes });
  switch (read.kind) {
    case "body":
      return read.text;
    case "too-large":
      return tooLarge(read.maxBytes);
    case "unreadable":
      return refuse(
        400,
        { code: "message-unreadable", message: `The message was not understood: ${read.reason}.` },
        { close: true },
      );
    case "gone":
      return refuse(
        400,
        { code: "message-cut", message: "The message ended before its end." },
        { close: true },
      );
  }
}

/** Writes an answer; where it cannot reach the peer, says so to whoever made it. */
async function deliver(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  isStopping: boolean,
): Promise<void> {
  if (response.destroyed || request.socket.destroyed) {
    await answer.undelivered?.();
    return;
  }
  const text = answer.body === undefined ? "" : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    ...(text === "" ? {} : { "content-type": "application/json; charset=utf-8" }),
    ...(answer.status === 204 ? {} : { "content-length": Buffer.byteLength(text) }),
    "cache-control": "no-store",
    ...(answer.close || isStopping ? { connection: "close" } : {}),
    ...answer.headers,
  });
  response.end(text);
}
