import { readdir, readFile, readlink } from "node:fs/promises";
import type { Server } from "node:net";
import type { ListenAddress } from "@rollcall/config";

/** A listener could not take its address. The message is one sentence with its remedy. */
export class ListenFault extends Error {
  readonly code: string;
  constructor(sentence: string, code: string, cause: unknown) {
    super(sentence, { cause });
    this.name = "ListenFault";
    this.code = code;
  }
}

/** Listens, and resolves with the server once it does. Errors: `ListenFault`, naming who holds the port where that can be known. */
export async function listenOn<S extends Server>(server: S, at: ListenAddress, forWhom: string): Promise<S> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: at.host, port: at.port }, () => {
        server.removeListener("error", reject);
        resolve();
      });
    });
    return server;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "listen-failed";
    throw new ListenFault(await sentenceOf(code, at, forWhom, cause), code, cause);
  }
}

async function sentenceOf(code: string, at: ListenAddress, forWhom: string, cause: unknown): Promise<string> {
  const where = `listen for ${forWhom} on ${at.host}:${at.port}`;
  switch (code) {
    case "EADDRINUSE": {
      const holder = await whoListens(at.port);
      return `${where}: the port is taken${holder ? ` by ${holder}` : ""}; stop that process or choose another port.`;
    }
    case "EADDRNOTAVAIL":
      return `${where}: this machine has no such address.`;
    case "EACCES":
      return `${where}: ports below 1024 need the right to bind them.`;
    default:
      return `${where}: ${cause instanceof Error ? cause.message : String(cause)}.`;
  }
}

const LISTENING = "0A";

/**
 * Names the process that listens on a TCP port: "node (pid 123)". Null where that cannot be known: another system than
 * Linux, or a process of another user.
 * Source: proc(5), /proc/net/tcp and /proc/<pid>/fd (documented).
 */
export async function whoListens(port: number): Promise<string | null> {
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const lines = (await readFile(table, "utf8").catch(() => "")).split("\n").slice(1);
    for (const line of lines) {
      const fields = line.trim().split(/\s+/);
      const isHere = Number.parseInt(fields[1]?.split(":")[1] ?? "", 16) === port;
      if (isHere && fields[3] === LISTENING && fields[9]) inodes.add(`socket:[${fields[9]}]`);
    }
  }
  if (inodes.size === 0) return null;
  for (const pid of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "");
      if (!inodes.has(target)) continue;
      const name = (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "a process")).trim();
      return `${name} (pid ${pid})`;
    }
  }
  return null;
}
