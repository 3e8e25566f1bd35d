import { createSocket } from "node:dgram";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";

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
      const holder = holderOf(want);
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

/** A free TCP port on `host` that is, at this moment, free for UDP as well. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer().once("error", reject);
      server.listen(0, host, () => {
        const address = server.address();
        server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
      });
    });
    if ((await tryListen({ what: "", protocol: "udp", host, port, option: "" })) === null) return port;
  }
}

/** "node (pid 1234)", or null. */
function holderOf(want: WantedPort): string | null {
  if (process.platform !== "linux") return null;
  try {
    const inodes = new Set<string>();
    const hexPort = want.port.toString(16).toUpperCase().padStart(4, "0");
    for (const table of [want.protocol, `${want.protocol}6`]) {
      for (const line of readFileSync(`/proc/net/${table}`, "utf8").split("\n").slice(1)) {
        const fields = line.trim().split(/\s+/);
        const local = fields[1] ?? "";
        const isListening = want.protocol === "udp" || fields[3] === "0A";
        if (local.endsWith(`:${hexPort}`) && isListening && fields[9]) inodes.add(fields[9]);
      }
    }
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      let links: string[];
      try {
        links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
          try {
            return readlinkSync(`/proc/${pid}/fd/${fd}`);
          } catch {
            return "";
          }
        });
      } catch {
        continue;
      }
      if (links.some((link) => inodes.has(link.replace(/^socket:\[(\d+)\]$/, "$1")))) {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
        const shown = [command[0]?.split("/").pop(), command[1]?.split("/").slice(-3).join("/")]
          .filter(Boolean)
          .join(" ");
        return `${shown} (pid ${pid})`;
      }
    }
  } catch {
    // Not being able to name the holder is no reason to fail.
  }
  return null;
}
