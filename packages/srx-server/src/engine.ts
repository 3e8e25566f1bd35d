import type { Socket } from "node:net";
import type { Server, TlsOptions } from "node:tls";
import type { Counters } from "./counters.ts";
import type { RequestHandler } from "./request-handler.ts";
import type { SrxServerLimits } from "./srx-server.ts";

/** What reads requests from secured connections and writes answers to them. */
export interface Engine {
  readonly server: Server;
  /** Reads requests from a connection that another process of ours has secured, see `rememberPeer`. */
  take(socket: Socket): void;
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
