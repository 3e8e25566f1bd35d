import { createServer as createPlainServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type IpSet, parseIp } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import { messageOf } from "../agent-error.ts";
import { listenFault } from "../firewall/listen-fault.ts";
import type { ListenAddress } from "../settings.ts";
import type { ConnectionTap, Recorder } from "./recorder.ts";
import { connectUpstream, type Upstream, upstreamFault } from "./upstream.ts";

const CONNECTIONS_MAX = 512;
const HANDSHAKE_MS = 10_000;
const KEEP_ALIVE_MS = 60_000;
const STRANGERS_SAID_MAX = 100;

export interface RelayOptions {
  readonly listen: ListenAddress;
  readonly upstream: Upstream;
  /** Who may connect. */
  readonly from: IpSet;
  /** Null: plain HTTP. */
  readonly tls: { readonly certPem: string; readonly keyPem: string } | null;
  readonly recorder: Recorder;
  readonly log: Logger;
}

export interface RelayCounts {
  readonly connections: number;
  readonly open: number;
  /** Connections of others than the listed firewalls. */
  readonly strangers: number;
  /** Connections that ended because the server could not be reached. */
  readonly unreachable: number;
  readonly bytesToServer: number;
  readonly bytesToFirewall: number;
}

export interface Relay {
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly address: ListenAddress | null;
  readonly counts: RelayCounts;
}

/**
 * Stands between firewalls and the server they asked before, and passes every byte on as it came.
 *
 * Shape:  one connection to the server for each of a firewall, opened at once and closed as the other side closes: half
 *         closes, keep-alive and pipelining are theirs. Nothing is parsed on the way; the recorder listens beside it.
 * Errors: `start` throws `AgentError` where the port cannot be had. A server that cannot be reached costs the firewall its
 *         connection, as it would without us.
 */
export function createRelay(options: RelayOptions): Relay {
  const { listen, upstream, from, recorder, log } = options;
  const open = new Set<Socket>();
  const saidStrangers = new Set<string>();
  let server: Server | null = null;
  let connections = 0;
  let strangers = 0;
  let unreachable = 0;
  let bytesToServer = 0;
  let bytesToFirewall = 0;

  function isListed(socket: Socket): boolean {
    const peer = parseIp(socket.remoteAddress ?? "");
    return peer !== null && from.has(peer);
  }

  /** Refused before a byte is read: also before a handshake. */
  function admit(socket: Socket): void {
    if (isListed(socket)) {
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.setNoDelay(true);
      return;
    }
    strangers += 1;
    socket.on("error", () => undefined);
    socket.destroy();
    const shown = parseIp(socket.remoteAddress ?? "") ?? "unknown";
    if (saidStrangers.size >= STRANGERS_SAID_MAX || saidStrangers.has(shown)) return;
    saidStrangers.add(shown);
    log.warn(
      { component: "relay", peer: shown },
      "not one of the listed firewalls: its connections are closed",
    );
  }

  function serve(client: Socket): void {
    if (client.destroyed) return;
    connections += 1;
    const onward = connectUpstream(upstream);
    const tap = recorder.tap();
    let hasReached = false;
    open.add(client).add(onward);
    onward.once(upstream.isTls ? "secureConnect" : "connect", () => {
      hasReached = true;
      onward.setKeepAlive(true, KEEP_ALIVE_MS);
    });
    pass(client, onward, (chunk) => {
      bytesToServer += chunk.length;
      tap.fromClient(chunk);
    });
    pass(onward, client, (chunk) => {
      bytesToFirewall += chunk.length;
      tap.fromServer(chunk);
    });
    closeTogether(client, onward, tap);
    onward.on("error", (error) => {
      if (hasReached) return;
      unreachable += 1;
      log.error(
        { component: "relay", reason: messageOf(upstreamFault(upstream, error)) },
        "the server cannot be reached",
      );
    });
  }

  function closeTogether(client: Socket, onward: Socket, tap: ConnectionTap): void {
    let left = 2;
    for (const [one, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.once("close", () => {
        open.delete(one);
        left -= 1;
        if (left === 0) tap.close();
        // Whoever has closed hears nothing more; what is under way to the other is still sent.
        else other.destroySoon();
      });
    }
  }

  return {
    async start() {
      const made =
        options.tls === null
          ? createPlainServer({ allowHalfOpen: true }, serve)
          : createTlsServer(
              {
                cert: options.tls.certPem,
                key: options.tls.keyPem,
                minVersion: "TLSv1.2",
                handshakeTimeout: HANDSHAKE_MS,
                allowHalfOpen: true,
              },
              serve,
            );
      made.maxConnections = CONNECTIONS_MAX;
      made.prependListener("connection", admit);
      made.on("tlsClientError", (error: Error, socket: Socket) => {
        // Also of those that were not admitted: they have been told of.
        if (isListed(socket))
          log.warn({ component: "relay", reason: error.message }, "handshake with a firewall failed");
      });
      await new Promise<void>((resolve, reject) => {
        made.once("error", (error) => reject(listenFault("the relay", listen, "tcp", "--listen", error)));
        made.listen(listen.port, listen.host, resolve);
      });
      made.removeAllListeners("error");
      made.on("error", (error) => log.error({ component: "relay", err: error }, "relay failed"));
      server = made;
    },
    async stop() {
      const closing = server;
      server = null;
      if (closing === null) return;
      const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
      const ended = [...open].map(
        (socket) => new Promise<void>((resolve) => socket.once("close", () => resolve())),
      );
      for (const socket of open) socket.destroy();
      // Both ends of each: what was heard of them is then with the recorder.
      await Promise.all([closed, ...ended]);
    },
    get address() {
      const bound = server?.address();
      return bound === null || bound === undefined || typeof bound === "string"
        ? null
        : { host: bound.address, port: bound.port };
    },
    get counts() {
      return { connections, open: open.size / 2, strangers, unreachable, bytesToServer, bytesToFirewall };
    },
  };
}

/** One direction: the bytes go on first, then the recorder hears them. Nobody is read faster than the other takes it. */
function pass(from: Socket, to: Socket, hear: (chunk: Buffer) => void): void {
  from.on("data", (chunk: Buffer) => {
    if (!to.destroyed && !to.writableEnded && !to.write(chunk)) from.pause();
    hear(chunk);
  });
  to.on("drain", () => from.resume());
  from.on("end", () => to.end());
}
