import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { Socket } from "node:net";
import { CONNECTIONS_CHECK_MS, type Engine, type EngineOptions, HEADER_BYTES_MAX } from "./engine.ts";
import type { Exchange } from "./exchange.ts";
import { OpenConnections } from "./open-connections.ts";
import { peerAddressOf, peerTransportOf } from "./peer.ts";
import { closing, type PreparedAnswer } from "./prepared-answer.ts";
import { type BodyReading, hasBody, readBody } from "./read-body.ts";
import { answerUnreadable } from "./unreadable-request.ts";

/** The engine on Node's own HTTPS server: the measure for the other one, and the way back from it. */
export function createNodeEngine({ tls, limits, counters, handle }: EngineOptions): Engine {
  const open = new OpenConnections();
  const server = createServer(
    {
      ...tls,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      noDelay: true,
    },
    (req, res) => {
      open.answering(req, res);
      handle(new NodeExchange(req, res, limits.bodyBytesMax));
    },
  );
  server.timeout = limits.stalledAnswerMs;
  server.on("secureConnection", (socket) => open.opened(socket));
  server.on("clientError", (error, socket) => {
    // One that failed in its handshake was never opened: whoever owns the server counts it.
    if (!open.has(socket)) return;
    counters.malformed += 1;
    // In the middle of a handshake that is not made nothing can be written, and waiting for it holds the connection.
    if ("code" in error && error.code === "ERR_TLS_RENEGOTIATION_DISABLED") {
      socket.destroy();
      return;
    }
    answerUnreadable(error, socket);
  });
  return {
    server,
    take: (socket: Socket) => void server.emit("secureConnection", socket),
    closeIdle: () => open.closeIdle(),
    dispose: () => undefined,
  };
}

const addresses = new WeakMap<object, string>();
const transports = new WeakMap<object, string>();

class NodeExchange implements Exchange {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #bodyBytesMax: number;
  readonly isBare: boolean;

  constructor(req: IncomingMessage, res: ServerResponse, bodyBytesMax: number) {
    this.#req = req;
    this.#res = res;
    this.#bodyBytesMax = bodyBytesMax;
    this.isBare = req.method === "GET" && !hasBody(req);
  }

  get method(): string {
    return this.#req.method ?? "";
  }

  get url(): string {
    return this.#req.url ?? "";
  }

  get headers(): Exchange["headers"] {
    return this.#req.headers;
  }

  get authorization(): string | undefined {
    return this.#req.headers.authorization;
  }

  get cookieHeader(): string | undefined {
    return this.#req.headers.cookie;
  }

  get sourceIp(): string {
    const { socket } = this.#req;
    let address = addresses.get(socket);
    if (address === undefined) {
      address = peerAddressOf(socket);
      addresses.set(socket, address);
    }
    return address;
  }

  transport(): string {
    const { socket } = this.#req;
    const transport = transports.get(socket) ?? peerTransportOf(socket);
    transports.set(socket, transport);
    return transport;
  }

  readBody(): Promise<BodyReading> {
    return readBody(this.#req, this.#bodyBytesMax);
  }

  get isAnswered(): boolean {
    return this.#res.headersSent;
  }

  write(answer: PreparedAnswer, close: boolean): void {
    const res = this.#res;
    if (res.headersSent || res.destroyed) return;
    if (!this.#req.complete) res.once("finish", () => this.#req.socket.destroySoon());
    res.sendDate = false;
    const isLast = close || !res.shouldKeepAlive;
    res.writeHead(answer.status, answer.reason, isLast ? closing(answer.headers) : [...answer.headers]);
    res.cork();
    for (const piece of answer.body) res.write(piece);
    res.end();
  }

  abandon(): void {
    this.#res.destroy();
  }
}
