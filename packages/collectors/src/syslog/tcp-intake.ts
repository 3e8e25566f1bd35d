import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { type IpAddress, parseIp } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import { explainListenFailure } from "./listen-error.ts";
import type { ListenAddress } from "./syslog-listener.ts";
import { type LineVerdict, TcpConnection } from "./tcp-connection.ts";

export interface TcpIntakeDeps {
  readonly log: Logger;
  readonly maxFrameBytes: number;
  readonly maxUnacknowledged: number;
  readonly connections: number;
  readonly connectionsPerSender: number;
  isListed(sender: IpAddress): boolean;
  onLine(sender: IpAddress, bytes: Uint8Array, onRelease: () => void): LineVerdict;
  onTooLong(sender: IpAddress, count: number): void;
  /** An unlisted sender came; `sample` is the first it sent, empty where it sent nothing in time. */
  onUnlisted(sender: IpAddress, sample: Uint8Array): void;
}

const UNLISTED_CONNECTIONS = 16;
const UNLISTED_PATIENCE_MS = 2000;
const NOTHING = new Uint8Array(0);

/** The TCP side of the listener: accepts, counts and closes connections. */
export class TcpIntake {
  readonly #deps: TcpIntakeDeps;
  readonly #server: Server;
  readonly #connections = new Set<TcpConnection>();
  readonly #perSender = new Map<string, number>();
  #unlisted = 0;
  #refused = 0;
  #faults = 0;

  constructor(deps: TcpIntakeDeps) {
    this.#deps = deps;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get counters(): { connections: number; refusedConnections: number; framingFaults: number } {
    return {
      connections: this.#connections.size,
      refusedConnections: this.#refused,
      framingFaults: this.#faults,
    };
  }

  get address(): ListenAddress | null {
    const bound = this.#server.address();
    return bound === null || typeof bound === "string" ? null : { host: bound.address, port: bound.port };
  }

  async open({ host, port }: ListenAddress): Promise<void> {
    try {
      this.#server.listen(port, host);
      await once(this.#server, "listening");
    } catch (error) {
      throw await explainListenFailure("tcp", host, port, error);
    }
    this.#server.on("error", (err) => this.#deps.log.warn({ transport: "tcp", err }, "syslog socket fault"));
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }

  /** There is room again: connections that wait read on. */
  wake(): void {
    for (const connection of this.#connections) connection.wake();
  }

  #accept(socket: Socket): void {
    const sender = parseIp(withoutZone(socket.remoteAddress ?? ""));
    if (sender === null) {
      socket.destroy();
      return;
    }
    if (!this.#deps.isListed(sender)) {
      this.#hearUnlisted(socket, sender);
      return;
    }
    const open = this.#perSender.get(sender) ?? 0;
    if (this.#connections.size >= this.#deps.connections || open >= this.#deps.connectionsPerSender) {
      this.#refused += 1;
      this.#deps.log.warn({ sender, count: open }, "syslog connection refused: too many");
      socket.destroy();
      return;
    }
    this.#perSender.set(sender, open + 1);
    const connection: TcpConnection = new TcpConnection(socket, {
      ...this.#deps,
      sender,
      onFault: (from, reason) => {
        this.#faults += 1;
        this.#deps.log.warn({ sender: from, reason }, "syslog connection closed: framing lost");
      },
      onClose: () => this.#forget(connection, sender),
    });
    this.#connections.add(connection);
  }

  #forget(connection: TcpConnection, sender: IpAddress): void {
    this.#connections.delete(connection);
    const left = (this.#perSender.get(sender) ?? 1) - 1;
    if (left === 0) this.#perSender.delete(sender);
    else this.#perSender.set(sender, left);
  }

  /** An unlisted sender is heard once, for the sample, and closed. */
  #hearUnlisted(socket: Socket, sender: IpAddress): void {
    socket.on("error", () => socket.destroy());
    if (this.#unlisted >= UNLISTED_CONNECTIONS) {
      this.#deps.onUnlisted(sender, NOTHING);
      socket.destroy();
      return;
    }
    this.#unlisted += 1;
    let sample: Uint8Array = NOTHING;
    socket.setTimeout(UNLISTED_PATIENCE_MS, () => socket.destroy());
    socket.once("data", (chunk) => {
      sample = chunk;
      socket.destroy();
    });
    socket.once("close", () => {
      this.#unlisted -= 1;
      this.#deps.onUnlisted(sender, sample);
    });
  }
}

/** `fe80::1%eth0` is `fe80::1` on one of our interfaces. */
export function withoutZone(address: string): string {
  const percent = address.indexOf("%");
  return percent === -1 ? address : address.slice(0, percent);
}
