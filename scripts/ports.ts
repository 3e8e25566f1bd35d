import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { portHolder } from "./services/free-port.ts";

/** One address the product wants to listen on. */
export interface WantedPort {
  readonly what: string;
  readonly protocol: "tcp" | "udp";
  readonly host: string;
  readonly port: number;
  /** The option that moves it elsewhere, for the remedy. */
  readonly option: string;
}

/**
 * Gives a sentence for each wanted port that is taken, naming who holds it where that can be known
 * (Linux: /proc; other users' processes are hidden from ordinary users).
 */
export async function takenPorts(wanted: readonly WantedPort[]): Promise<string[]> {
  const sentences: string[] = [];
  for (const want of wanted) {
    const fault = want.port === 0 ? null : await tryListen(want);
    if (fault === null) continue;
    const where = `${want.host}:${want.port} (${want.protocol})`;
    if (fault === "EADDRINUSE") {
      const holder = portHolder(want.port, want.protocol);
      sentences.push(
        `${where} for ${want.what} is taken${holder ? ` by ${holder}` : ""}: stop that, or choose another with ${want.option}.`,
      );
    } else if (fault === "EACCES")
      sentences.push(
        `${where} for ${want.what} needs more rights than this user has: choose a port above 1024 with ${want.option}.`,
      );
    else if (fault === "EADDRNOTAVAIL")
      sentences.push(
        `${where} for ${want.what} is not an address of this machine: choose another with ${want.option}.`,
      );
    else
      sentences.push(
        `${where} for ${want.what} cannot be opened (${fault}): choose another with ${want.option}.`,
      );
  }
  return sentences;
}

function tryListen(want: WantedPort): Promise<string | null> {
  return new Promise((resolve) => {
    if (want.protocol === "udp") {
      const socket = createSocket(want.host.includes(":") ? "udp6" : "udp4");
      socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.bind(want.port, want.host, () => socket.close(() => resolve(null)));
      return;
    }
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(want.port, want.host, () => server.close(() => resolve(null)));
  });
}
