import type { Socket } from "node:dgram";

/** Sends the lines that the big agent's syslog source understands. */
export class VpnLines {
  readonly #socket: Socket;
  readonly #port: number;

  constructor(socket: Socket, port: number) {
    this.#socket = socket;
    this.#port = port;
    socket.unref();
  }

  logon(user: string, ip: string): void {
    this.#socket.send(
      `<134>1 ${new Date().toISOString()} vpn1 vpnd 812 - - LOGIN user=${user} ip=${ip}`,
      this.#port,
      "127.0.0.1",
    );
  }
}
