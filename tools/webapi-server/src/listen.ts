import {
  createServer as createHttp,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttps } from "node:https";
import { BODY_BYTES_MAX, type WebApi } from "./web-api.ts";

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Null: plain HTTP. */
  readonly tls: { readonly certPem: string; readonly keyPem: string } | null;
}

export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Connections opened so far. */
  readonly connections: () => number;
  close(): Promise<void>;
}

/** Puts a Web API on a socket. */
export async function listen(api: WebApi, options: ListenOptions): Promise<Listening> {
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    take(api, request, response).catch(() => request.socket.destroy());
  };
  const { tls } = options;
  const server: Server =
    tls === null ? createHttp(handle) : createHttps({ cert: tls.certPem, key: tls.keyPem }, handle);
  let connections = 0;
  server.on(tls === null ? "connection" : "secureConnection", () => {
    connections += 1;
  });
  const port = await listenOn(server, options);
  return {
    url: `${tls === null ? "http" : "https"}://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
    port,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function listenOn(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

async function take(api: WebApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  const reply = api.receive({
    clientAddress: (request.socket.remoteAddress ?? "").replace(/^::ffff:/, ""),
    method: request.method ?? "",
    path: request.url ?? "",
    authorization: request.headers.authorization,
    contentType: request.headers["content-type"],
    body,
  });
  if (reply.ending === "silence") return;
  if (reply.ending === "reset") {
    request.socket.resetAndDestroy();
    return;
  }
  if (reply.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, reply.delayMs));
  response.writeHead(reply.status, { ...reply.headers, "Content-Length": Buffer.byteLength(reply.body) });
  response.end(reply.body);
}

/** Reads one byte more than is taken at most, so that the reply can say that it was too much. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    bytes += piece.length;
    if (bytes <= BODY_BYTES_MAX + 1) chunks.push(piece);
    else if (chunks.length > 0) chunks.push(piece.subarray(0, 1));
    if (bytes > 4 * BODY_BYTES_MAX) throw new Error("more than is read to its end");
  }
  return Buffer.concat(chunks).toString("utf8");
}
