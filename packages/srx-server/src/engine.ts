import type { Server, TLSSocket, TlsOptions } from "node:tls";
import type { Counters } from "./counters.ts";
import type { RequestHandler } from "./request-handler.ts";
import type { SrxServerLimits } from "./srx-server.ts";

/** What reads requests from secured connections and writes answers to them. */
export interface Engine {
  readonly server: Server;
  /** Closes the connections that owe no answer; the others close after theirs. */
  closeIdle(): void;
  /** Ends what the engine does by itself, once its server is closed. */
  dispose(): void;
}

export interface EngineOptions {
  readonly tls: TlsOptions;
  readonly limits: SrxServerLimits;
  readonly counters: Counters;
  readonly handle: RequestHandler;
}

export type CreateEngine = (options: EngineOptions) => Engine;

/** Longer heads are refused by every engine. */
export const HEADER_BYTES_MAX = 16 * 1024;
/** How often the times of connections are looked at. */
export const CONNECTIONS_CHECK_MS = 1000;

export function transportOf(socket: TLSSocket): string {
  const name =
    typeof socket.servername === "string" && socket.servername !== "" ? socket.servername : "no SNI";
  return `${socket.getProtocol() ?? "?"} ${socket.getCipher()?.name ?? "?"} ${name}`;
}
