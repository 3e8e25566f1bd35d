import type { Socket } from "node:net";
import { createServer } from "node:tls";
import { CONNECTIONS_CHECK_MS, type Engine, type EngineOptions } from "./engine.ts";
import { HttpConnection } from "./http/http-connection.ts";
import { LoopShare } from "./loop-share.ts";

/** What the pieces of long answers may take of a turn: some 4 MB encrypted and handed to the system. */
const SEND_SHARE_MS = 4;

/**
 * The engine on bare TLS with our own reader of requests: what an idle poll costs above TLS is a quarter of what Node's
 * HTTPS server takes for it (docs/performance.md), and a reader that takes its time costs a slice and not its whole answer.
 * Source: docs/adr/0012-own-http-reader.md.
 */
export function createOwnEngine(options: EngineOptions): Engine {
  const open = new Set<HttpConnection>();
  const sending = new LoopShare(SEND_SHARE_MS, 0);
  const take = (socket: Socket): void => {
    const connection = new HttpConnection(socket, options, sending);
    open.add(connection);
    socket.once("close", () => open.delete(connection));
  };
  const server = createServer({ ...options.tls, noDelay: true }, take);
  const sweep = setInterval(() => {
    const now = performance.now();
    for (const connection of open) connection.checkTime(now);
  }, CONNECTIONS_CHECK_MS);
  sweep.unref();
  return {
    server,
    take,
    closeIdle() {
      for (const connection of open) connection.closeIfIdle();
    },
    dispose: () => clearInterval(sweep),
  };
}
