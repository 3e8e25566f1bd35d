import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { Socket } from "node:net";
import { createSecureContext, type SecureContext, type SecureContextOptions, TLSSocket } from "node:tls";
import { type IpAddress, parseIp } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import { explainListenFailure, SyslogListenError as ListenError } from "../syslog/listen-error.ts";
import { withoutZone } from "../syslog/tcp-intake.ts";
import { MAX_MESSAGE_BYTES, type WefReply, type WefRequest } from "./wef-engine.ts";

export { ListenError };

/** The certificate that computers see, with its chain. */
export interface ServerIdentity {
  readonly keyPem: string;
  readonly certificatePem: string;
}

export interface ListenerLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Of bodies that are on their way, all together. */
  readonly receivingBytes: number;
  readonly handshakeMs: number;
  readonly headersMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
}

export const defaultListenerLimits: ListenerLimits = {
  connections: 4000,
  connectionsPerAddress: 64,
  receivingBytes: 128 * 1024 * 1024,
  handshakeMs: 10_000,
  headersMs: 10_000,
  requestMs: 60_000,
  keepAliveMs: 120_000,
};

export interface HttpsListenerOptions {
  readonly host: string | null;
  readonly port: number;
  readonly identity: ServerIdentity;
  readonly clientCaPem: string;
  readonly limits: ListenerLimits;
  readonly log: Logger;
  /** Counts by name. */
  readonly count: (name: string) => void;
  /** Null: this certificate may not speak, and the reason is counted. */
  readonly namesOf: (certificate: X509Certificate) => readonly string[] | null;
  /** False: this computer has sent its share for now. */
  readonly mayPass: (name: string) => boolean;
  readonly handle: (request: WefRequest) => Promise<WefReply>;
}

/**
 * The HTTPS side of the receiver: TLS 1.2 and newer with a certificate of the client, one kind of request, everything bounded.
 *
 * Shape:  a client certificate is checked against the given authorities and nothing else: chain, dates, purpose. An issuing
 *         authority may be given without its root. No revocation list is read.
 * Errors: `open` throws `ListenError` with a sentence for a person.
 */
export class HttpsListener {
  readonly #options: HttpsListenerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();
  readonly #certificates = new WeakMap<TLSSocket, X509Certificate>();
  #context: SecureContext;
  #receiving = 0;

  constructor(options: HttpsListenerOptions) {
    const { limits, identity } = options;
    this.#options = options;
    this.#context = createSecureContext(this.#contextOf(identity));
    this.#server = createServer(
      {
        ...this.#contextOf(identity),
        // The server itself cannot be told to trust an issuing authority without its root; a context of its own can.
        SNICallback: (_name, done) => done(null, this.#context),
        requestCert: true,
        rejectUnauthorized: true,
        handshakeTimeout: limits.handshakeMs,
        headersTimeout: limits.headersMs,
        requestTimeout: limits.requestMs,
        keepAliveTimeout: limits.keepAliveMs,
        connectionsCheckingInterval: 5000,
        maxHeaderSize: 16 * 1024,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = limits.connections;
    this.#server.on("connection", (socket: Socket) => this.#admit(socket));
    this.#server.on("drop", () => options.count("droppedConnections"));
    this.#server.on("tlsClientError", (error, socket) => {
      options.count("refusedSenders");
      options.count(`refusedSenders.${refusalOf(error, socket)}`);
      socket.destroy();
    });
    this.#server.on("clientError", (_error, socket) => {
      options.count("refusedMessages");
      options.count("refusedMessages.not-http");
      socket.destroy();
    });
  }

  get address(): { readonly host: string; readonly port: number } | null {
    const bound = this.#server.address();
    return bound === null || typeof bound === "string" ? null : { host: bound.address, port: bound.port };
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async open(): Promise<void> {
    const { host, port } = this.#options;
    try {
      this.#server.listen(host === null ? { port } : { host, port });
      await once(this.#server, "listening");
    } catch (error) {
      throw await explainListenFailure("tcp", host ?? "*", port, error);
    }
    this.#server.on("error", (err) => this.#options.log.warn({ err }, "event forwarding: socket fault"));
  }

  /** New connections see another certificate; those that stand go on. */
  setIdentity(identity: ServerIdentity): void {
    this.#context = createSecureContext(this.#contextOf(identity));
    this.#server.setSecureContext(this.#contextOf(identity));
  }

  #contextOf({ keyPem, certificatePem }: ServerIdentity): SecureContextOptions {
    return {
      key: keyPem,
      cert: certificatePem,
      ca: this.#options.clientCaPem,
      allowPartialTrustChain: true,
      minVersion: "TLSv1.2",
    };
  }

  async close(): Promise<void> {
    const isListening = this.#server.listening;
    if (isListening) this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    if (isListening) await once(this.#server, "close");
  }

  #admit(socket: Socket): void {
    const address = socket.remoteAddress ?? "";
    const open = this.#perAddress.get(address) ?? 0;
    if (open >= this.#options.limits.connectionsPerAddress) {
      this.#options.count("droppedConnections");
      socket.destroy();
      return;
    }
    this.#perAddress.set(address, open + 1);
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const sender = this.#senderOf(request);
      if (sender === null) return this.#end(response, 403);
      if (!request.url?.startsWith("/wsman")) return this.#end(response, 404);
      if (request.method !== "POST") return this.#end(response, 405);
      if (!this.#options.mayPass(sender.names[0] ?? "")) {
        this.#options.count("slowedDown");
        return this.#end(response, 503);
      }
      const body = await this.#bodyOf(request);
      if (typeof body === "number") return this.#end(response, body);
      const { headers } = request;
      const reply = await this.#options.handle({
        bytes: body,
        contentType: headers["content-type"] ?? "",
        contentEncoding: headers["content-encoding"] ?? "",
        sender,
      });
      this.#answer(response, reply);
    } catch (err) {
      // Gone while it spoke, or a fault of ours: it comes again either way, and a fault must be seen.
      if (!request.destroyed)
        this.#options.log.error({ err }, "event forwarding: a message was not answered");
      this.#options.count("unansweredMessages");
      request.socket.destroy();
    }
  }

  #senderOf(request: IncomingMessage): WefRequest["sender"] | null {
    const { socket } = request;
    if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
    const certificate = this.#certificates.get(socket) ?? socket.getPeerX509Certificate();
    if (certificate === undefined) return null;
    this.#certificates.set(socket, certificate);
    const ip: IpAddress | null = parseIp(withoutZone(socket.remoteAddress ?? ""));
    const names = this.#options.namesOf(certificate);
    return ip === null || names === null ? null : { names, ip };
  }

  /** The body, or the status that refuses it. */
  async #bodyOf(request: IncomingMessage): Promise<Uint8Array | 413 | 503> {
    if (Number(request.headers["content-length"] ?? 0) > MAX_MESSAGE_BYTES) return this.#tooLong();
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of request) {
        if (!(chunk instanceof Buffer)) continue;
        length += chunk.length;
        this.#receiving += chunk.length;
        if (length > MAX_MESSAGE_BYTES) return this.#tooLong();
        if (this.#receiving > this.#options.limits.receivingBytes) {
          this.#options.count("askedToComeAgain");
          return 503;
        }
        chunks.push(chunk);
      }
      return Buffer.concat(chunks, length);
    } finally {
      this.#receiving -= length;
    }
  }

  #tooLong(): 413 {
    this.#options.count("refusedMessages");
    this.#options.count("refusedMessages.too-long");
    return 413;
  }

  #end(response: ServerResponse, status: number): void {
    this.#answer(response, { status, body: null, contentType: null });
  }

  #answer(
    response: ServerResponse,
    { status, body, contentType }: Omit<WefReply, "status"> & { readonly status: number },
  ): void {
    response.writeHead(status, {
      "content-length": body?.length ?? 0,
      ...(contentType === null ? {} : { "content-type": contentType }),
      ...(status === 503 ? { "retry-after": "5" } : {}),
      // What is left of a body that was refused midway is not read.
      ...(status === 413 || status === 403 || status === 503 ? { connection: "close" } : {}),
    });
    response.end(body ?? undefined);
  }
}

/** Why a handshake failed, in a few words that are counted. */
function refusalOf(error: unknown, socket: TLSSocket): string {
  // A certificate that is not trusted ends the connection only after the handshake: then the socket knows why.
  if (isNodeRefusal(socket.authorizationError))
    return /EXPIRED|NOT_YET_VALID/.test(String(socket.authorizationError))
      ? "certificate-expired"
      : "certificate-not-trusted";
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE") return "no-certificate";
  // The computer's own complaint, about ours.
  if (/ALERT.*(CA|CERTIFICATE)/.test(code)) return "agent-not-trusted";
  if (/CERT|SELF_SIGNED|ISSUER/.test(code)) return "certificate-not-trusted";
  if (/PROTOCOL|VERSION/.test(code)) return "tls-too-old";
  if (code === "ECONNRESET" || code === "ERR_TLS_HANDSHAKE_TIMEOUT") return "handshake-broken-off";
  return "handshake-failed";
}

function isNodeRefusal(error: unknown): boolean {
  return error !== null && error !== undefined && error !== false;
}
