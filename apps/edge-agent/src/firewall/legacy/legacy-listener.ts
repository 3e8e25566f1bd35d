import { constants } from "node:crypto";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { createIpSet, parseIp } from "@rollcall/identity-core";
import { tlsSettings, transportOf } from "@rollcall/srx-server";
import type { LegacyOrders, LegacyReport } from "./legacy-orders.ts";
import { encodeProxyHeader } from "./proxy-header.ts";

const CONNECTIONS_MAX = 1000;
const HANDSHAKE_MS = 10_000;
/** A connection over which nothing has passed for so long is closed: longer than the longest pause between two polls. */
const SILENCE_MS = 120_000;
/** How often an address that is turned away is told of. */
const TURNED_AWAY_EVERY_MS = 60_000;
const TURNED_AWAY_MAX = 100;
/** Timers take no more than 24 days at once. */
const LOOK_MS = 60_000;

/**
 * Takes connections of firewalls that know nothing newer than TLS 1.0 or 1.1, takes TLS off, and hands what is in it to the
 * agent, with the peer's real address. It knows no firewall, no secret and no table: who may ask what is the agent's business.
 *
 * Shape:  resolves when the time is over or the signal is aborted. Whoever is not on the list is closed before the first byte
 *         of a handshake is read.
 * Errors: none thrown; a port that cannot be opened is reported.
 * Source: docs/adr/0017-legacy-listener.md.
 */
export async function runLegacyListener(
  orders: LegacyOrders,
  { signal, say, now }: { signal: AbortSignal; say: (report: LegacyReport) => void; now: () => number },
): Promise<void> {
  const allowed = createIpSet(orders.sources);
  const token = Buffer.from(orders.token, "base64");
  const open = new Set<Socket>();
  const turnedAway = createTurnedAway(say, now);

  const secured = createTlsServer(
    {
      ...tlsSettings({ certPem: orders.certPem, keyPem: orders.keyPem }, "legacy"),
      handshakeTimeout: HANDSHAKE_MS,
      // Each connection makes its own keys: a stolen ticket key would open all of them. Nobody may renegotiate.
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    },
    (socket: TLSSocket) => handOn(socket, orders.forwardTo, token),
  );
  secured.on("tlsClientError", (_error, socket) => socket.destroy());

  const server = createServer((socket) => {
    const address = parseIp(socket.remoteAddress ?? "");
    if (address === null || !allowed.has(address)) {
      socket.destroy();
      turnedAway(address ?? "?");
      return;
    }
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.setNoDelay(true);
    secured.emit("connection", socket);
  });
  server.maxConnections = CONNECTIONS_MAX;

  const fault = await listening(server, orders.listen);
  if (fault !== null) {
    say({ kind: "failed", code: fault.code ?? "unknown", message: fault.message });
    return;
  }
  const bound = server.address();
  say({
    kind: "listening",
    host: orders.listen.host,
    port: typeof bound === "object" && bound !== null ? bound.port : orders.listen.port,
  });
  await untilOver(orders.until, signal, now);
  server.close();
  for (const socket of open) socket.destroy();
}

function listening(
  server: Server,
  { host, port }: { host: string; port: number },
): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    server.once("error", resolve);
    server.listen({ host, port }, () => resolve(null));
  });
}

/** Both ways, each as fast as the slower side takes it. */
function handOn(secured: TLSSocket, forwardTo: string, token: Buffer): void {
  const agent = connect(forwardTo);
  const end = (): void => {
    secured.destroy();
    agent.destroy();
  };
  for (const socket of [secured, agent]) {
    socket.setTimeout(SILENCE_MS, end);
    socket.on("error", end);
    socket.once("close", end);
  }
  const address = parseIp(secured.remoteAddress ?? "");
  if (address === null) {
    end();
    return;
  }
  agent.write(
    encodeProxyHeader({ address, port: secured.remotePort ?? 0, transport: transportOf(secured) }, token),
  );
  secured.pipe(agent);
  agent.pipe(secured);
}

/** Says of each address that is turned away, now and then, how often; of the first hundred, so that a crowd costs nothing. */
function createTurnedAway(say: (report: LegacyReport) => void, now: () => number) {
  const seen = new Map<string, { count: number; saidAt: number }>();
  return (address: string): void => {
    const one = seen.get(address) ?? { count: 0, saidAt: Number.NEGATIVE_INFINITY };
    if (!seen.has(address) && seen.size >= TURNED_AWAY_MAX) return;
    seen.set(address, one);
    one.count += 1;
    if (now() - one.saidAt < TURNED_AWAY_EVERY_MS) return;
    one.saidAt = now();
    say({ kind: "turned-away", address, count: one.count });
  };
}

function untilOver(until: number, signal: AbortSignal, now: () => number): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      const leftMs = until - now();
      if (signal.aborted || leftMs <= 0) resolve();
      else timer = setTimeout(look, Math.min(leftMs, LOOK_MS));
    };
    let timer: NodeJS.Timeout | undefined;
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
    look();
  });
}
