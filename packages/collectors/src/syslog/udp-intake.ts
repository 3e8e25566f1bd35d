import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { type IpAddress, parseIp } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import { explainListenFailure } from "./listen-error.ts";
import type { ListenAddress } from "./syslog-listener.ts";
import { withoutZone } from "./tcp-intake.ts";

/** Asked of the system, which may give less: it bridges a pause of ours while a sender bursts. */
const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;

export interface UdpIntakeDeps {
  readonly log: Logger;
  onDatagram(sender: IpAddress, bytes: Uint8Array): void;
}

/** The UDP side of the listener: one datagram is one message. */
export class UdpIntake {
  readonly #deps: UdpIntakeDeps;
  #socket: Socket | null = null;

  constructor(deps: UdpIntakeDeps) {
    this.#deps = deps;
  }

  get address(): ListenAddress | null {
    if (this.#socket === null) return null;
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  /**
   * Datagrams that the system dropped because we did not read fast enough; null where it does not say (not Linux).
   * Source: proc(5), /proc/net/udp (documented): the local port in hex, the drops in the last column.
   */
  get lost(): number | null {
    const port = this.address?.port;
    if (port === undefined) return null;
    const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
    let lost: number | null = null;
    for (const table of ["/proc/net/udp", "/proc/net/udp6"]) {
      for (const line of readTable(table)) {
        const columns = line.trim().split(/\s+/);
        if (columns[1]?.endsWith(`:${hexPort}`) === true) lost = (lost ?? 0) + Number(columns.at(-1));
      }
    }
    return lost;
  }

  async open({ host, port }: ListenAddress): Promise<void> {
    const socket = createSocket({
      type: isIPv6(host) ? "udp6" : "udp4",
      recvBufferSize: RECEIVE_BUFFER_BYTES,
    });
    socket.on("message", (bytes, from) => {
      const sender = parseIp(withoutZone(from.address));
      if (sender !== null) this.#deps.onDatagram(sender, bytes);
    });
    try {
      socket.bind(port, host);
      await once(socket, "listening");
    } catch (error) {
      socket.close();
      throw await explainListenFailure("udp", host, port, error);
    }
    socket.on("error", (err) => this.#deps.log.warn({ transport: "udp", err }, "syslog socket fault"));
    this.#socket = socket;
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    socket.close();
    await once(socket, "close");
  }
}

function readTable(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    // Not Linux: nothing tells.
    return [];
  }
}
