import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";

/** Knows which secured connections are in the middle of an answer, so that stopping waits for those and no others. */
export class OpenConnections {
  readonly #answering = new Map<TLSSocket, number>();

  opened(socket: TLSSocket): void {
    this.#answering.set(socket, 0);
    socket.once("close", () => this.#answering.delete(socket));
  }

  has(socket: object): boolean {
    return this.#answering.has(socket as TLSSocket);
  }

  answering(req: IncomingMessage, res: ServerResponse): void {
    const socket = req.socket as TLSSocket;
    const owed = this.#answering.get(socket);
    if (owed === undefined) return;
    this.#answering.set(socket, owed + 1);
    res.once("close", () => {
      const answers = this.#answering.get(socket);
      if (answers !== undefined) this.#answering.set(socket, answers - 1);
    });
  }

  /** Closes those that owe no answer. */
  closeIdle(): void {
    for (const [socket, answers] of this.#answering) if (answers === 0) socket.destroySoon();
  }
}
