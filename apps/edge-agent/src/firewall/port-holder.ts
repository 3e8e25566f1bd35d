import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * Who has a port, as "name (pid N)"; null where that cannot be known (another system, another user's process).
 * Source: /proc/net/{tcp,udp}, proc(5) (documented): local address in hex, state 0A is listening, inode in column 10.
 */
export function portHolder(protocol: "tcp" | "udp", port: number): string | null {
  if (process.platform !== "linux") return null;
  try {
    const sockets = socketsAt(protocol, port);
    return sockets.size === 0 ? null : processWith(sockets);
  } catch {
    return null;
  }
}

function socketsAt(protocol: "tcp" | "udp", port: number): Set<string> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const sockets = new Set<string>();
  for (const table of [protocol, `${protocol}6`]) {
    for (const line of readText(`/proc/net/${table}`).split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      const isOpen = protocol === "udp" || fields[3] === "0A";
      if (isOpen && fields[1]?.endsWith(wanted) && fields[9] !== undefined)
        sockets.add(`socket:[${fields[9]}]`);
    }
  }
  return sockets;
}

function processWith(sockets: ReadonlySet<string>): string | null {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
        if (sockets.has(readlinkSync(`/proc/${pid}/fd/${descriptor}`)))
          return `${readText(`/proc/${pid}/comm`).trim()} (pid ${pid})`;
      }
    } catch {
      // It ended while we looked, or belongs to somebody else: look at the next.
    }
  }
  return null;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
