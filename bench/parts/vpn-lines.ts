import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Sends the lines that the big agent's syslog source understands, over one TCP connection: none is lost on the way. */
export class VpnLines {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<VpnLines> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    return new VpnLines(socket);
  }

  logon(user: string, ip: string): void {
    this.#socket.write(`<134>1 ${new Date().toISOString()} vpn1 vpnd 812 - - LOGIN user=${user} ip=${ip}\n`);
  }

  /** Bytes that the agent has not taken yet. */
  get waiting(): number {
    return this.#socket.writableLength;
  }

  close(): void {
    this.#socket.destroy();
  }
}
