import { createServer, type Server } from "node:http";
import type { ListenAddress } from "@rollcall/config";
import { loopDelay } from "@rollcall/observability";
import { listenOn } from "./listen.ts";
import type { Part } from "./part.ts";

/** Why the gateway is not ready, or null when it is. */
export type Readiness = () => Promise<string | null>;

/**
 * Answers /healthz (the process lives) and /readyz (it can serve) on a loopback address, and nothing else.
 * Says nothing that is secret: a load balancer's probe and a person with curl are its readers.
 */
export function createStatusServer(
  listen: ListenAddress,
  readiness: Readiness,
): Part & { readonly address: ListenAddress | null } {
  let server: Server | null = null;
  loopDelay();
  const answer = async (url: string): Promise<[number, object]> => {
    if (url === "/healthz") return [200, { status: "alive", eventLoop: loopDelay() }];
    if (url !== "/readyz") return [404, { status: "not-found" }];
    const reason = await readiness();
    return reason === null ? [200, { status: "ready" }] : [503, { status: "not-ready", reason }];
  };
  return {
    name: "status listener",
    async start() {
      const made = createServer({ requestTimeout: 5000, headersTimeout: 5000 }, (request, response) => {
        void answer((request.url ?? "").split("?")[0] ?? "")
          .catch((): [number, object] => [503, { status: "not-ready", reason: "the check itself failed" }])
          .then(([status, body]) => {
            response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
            response.end(JSON.stringify(body));
          });
      });
      server = await listenOn(made, listen, "status");
    },
    async stop() {
      const closing = server;
      server = null;
      if (!closing) return;
      closing.closeAllConnections();
      await new Promise<void>((resolve) => closing.close(() => resolve()));
    },
    get address() {
      const bound = server?.address();
      return bound && typeof bound === "object" ? { host: bound.address, port: bound.port } : null;
    },
  };
}
