import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Firewall } from "./firewall.ts";

export interface ControlEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Lets a test read a running firewall over HTTP: GET /table, /counters, /health.
 *
 * Shape:  /table is the array of rows, /counters one object; /health is 200 while a server answers, else 503.
 * Errors: rejects when the port is taken.
 */
export async function openControlEndpoint(
  firewall: Firewall,
  at: { host: string; port: number },
): Promise<ControlEndpoint> {
  const server = createServer({ keepAliveTimeout: 5_000, requestTimeout: 5_000 }, (request, response) => {
    const answer = answerTo(firewall, request.method ?? "", (request.url ?? "").split("?")[0] ?? "");
    const body = `${JSON.stringify(answer.body)}\n`;
    response.writeHead(answer.status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
    });
    response.end(request.method === "HEAD" ? undefined : body);
  });
  await listen(server, at);
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerTo(firewall: Firewall, method: string, path: string): { status: number; body: unknown } {
  if (method !== "GET" && method !== "HEAD")
    return { status: 405, body: { error: "only GET is served here" } };
  switch (path) {
    case "/table":
      return { status: 200, body: firewall.table() };
    case "/counters":
      return { status: 200, body: firewall.counters() };
    case "/health":
      return healthOf(firewall);
    default:
      return { status: 404, body: { error: "there are /table, /counters and /health" } };
  }
}

function healthOf(firewall: Firewall): { status: number; body: unknown } {
  const { servers, entries, lastAnswerAt } = firewall.counters();
  const active = servers.find((server) => server.active);
  const isOnline = active?.status === "Online";
  const state = isOnline
    ? "online"
    : servers.every((one) => one.status === "Not tried")
      ? "starting"
      : "offline";
  return { status: isOnline ? 200 : 503, body: { state, active: active?.role, entries, lastAnswerAt } };
}

function listen(server: Server, at: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(at.port, at.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
