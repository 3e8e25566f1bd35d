import { createSocket } from "node:dgram";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer, type Server } from "node:net";

/** Where a port is drawn from when the system does not say what it keeps for outgoing connections. */
const EPHEMERAL_BY_DEFAULT = { first: 32_768, last: 60_999 };
/** Below lie the ports that programs are known by, and those that browsers refuse to speak to (10080 is the last). */
const LOWEST = 12_000;
const HIGHEST = 65_535;
const TRIES = 500;

/** Ports that this process was given: none is given twice, whether or not somebody listened on it. */
const given = new Map<number, Server>();

/**
 * A port of `host` that nobody holds for TCP or for UDP, and that nobody will be given while this process lives.
 *
 * Shape:  drawn at random from outside the range that the kernel takes ports of outgoing connections from: such a
 *         port can be taken at any moment between the choice and its use. It is claimed, machine-wide on Linux, until
 *         this process ends, so that two test processes that run side by side never choose the same.
 * Errors: throws where no port can be had; the cause is the last refusal.
 */
export async function freePort(host = "127.0.0.1", random: () => number = Math.random): Promise<number> {
  let cause: unknown = null;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = drawPort(ephemeralPorts(), random);
    if (given.has(port)) continue;
    const claim = await claimPort(port);
    if (claim === null) continue;
    given.set(port, claim);
    cause = await portRefusal(host, port);
    if (cause === null) return port;
    // Refused for a reason that another port does not mend (no such address, say).
    if (!isTaken(cause)) break;
  }
  throw new Error(`find a free port on ${host}`, { cause });
}

/** Several different ports at once. */
export async function freePorts(count: number, host?: string): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort(host));
  return ports;
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Draws from outside `ephemeral`; from all of them where it leaves nothing. `random` is in [0, 1). */
export function drawPort(ephemeral: PortRange, random: () => number = Math.random): number {
  const below = Math.max(0, Math.min(ephemeral.first, HIGHEST + 1) - LOWEST);
  const above = Math.max(0, HIGHEST - Math.max(ephemeral.last, LOWEST - 1));
  const size = below + above;
  if (size === 0) return LOWEST + Math.floor(random() * (HIGHEST - LOWEST + 1));
  const nth = Math.floor(random() * size);
  return nth < below ? LOWEST + nth : Math.max(ephemeral.last + 1, LOWEST) + nth - below;
}

/** The ports that the kernel gives to outgoing connections. */
export function ephemeralPorts(): PortRange {
  try {
    const [first = Number.NaN, last = Number.NaN] = readFileSync(
      "/proc/sys/net/ipv4/ip_local_port_range",
      "utf8",
    )
      .trim()
      .split(/\s+/)
      .map(Number);
    return first <= last ? { first, last } : EPHEMERAL_BY_DEFAULT;
  } catch {
    return EPHEMERAL_BY_DEFAULT;
  }
}

/** Holds a name of the port for as long as this process lives; null where another process or thread has it. */
function claimPort(port: number): Promise<Server | null> {
  const claim = createServer((socket) => socket.destroy()).unref();
  // Abstract sockets and pipes go with their process, however it ends. Elsewhere the map above has to do.
  const name =
    process.platform === "linux"
      ? `\0rollcall-port-${port}`
      : process.platform === "win32"
        ? `\\\\.\\pipe\\rollcall-port-${port}`
        : null;
  if (name === null) return Promise.resolve(claim);
  return new Promise((resolve) => {
    claim.once("error", () => resolve(null));
    claim.listen(name, () => resolve(claim));
  });
}

/** Why nobody can listen there by TCP and by UDP; null where somebody can. */
export async function portRefusal(host: string, port: number): Promise<Error | null> {
  return (await refusalOf("tcp", host, port)) ?? (await refusalOf("udp", host, port));
}

function refusalOf(protocol: "tcp" | "udp", host: string, port: number): Promise<Error | null> {
  return new Promise((resolve) => {
    if (protocol === "udp") {
      const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
      socket.once("error", (error) => {
        socket.close();
        resolve(error);
      });
      socket.bind(port, host, () => socket.close(() => resolve(null)));
      return;
    }
    const server = createServer();
    server.once("error", resolve);
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}

function isTaken(refusal: unknown): boolean {
  return refusal instanceof Error && "code" in refusal && refusal.code === "EADDRINUSE";
}

export function isPortFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** Who listens on a port, as "name (pid N)", where the system tells (Linux, own processes or root); else null. */
export function portHolder(port: number, protocol: "tcp" | "udp" = "tcp"): string | null {
  if (process.platform !== "linux") return null;
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set<string>();
  for (const table of [`/proc/net/${protocol}`, `/proc/net/${protocol}6`]) {
    let lines: string[];
    try {
      lines = readFileSync(table, "utf8").split("\n").slice(1);
    } catch {
      continue;
    }
    for (const line of lines) {
      const fields = line.trim().split(/\s+/);
      // 0A: a listening TCP socket; a bound UDP socket has no such state.
      if ((protocol === "udp" || fields[3] === "0A") && fields[1]?.endsWith(`:${wanted}`) && fields[9])
        inodes.add(`socket:[${fields[9]}]`);
    }
  }
  if (inodes.size === 0) return null;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      for (const descriptor of readdirSync(`/proc/${pid}/fd`))
        if (inodes.has(readlinkSync(`/proc/${pid}/fd/${descriptor}`)))
          return `${readFileSync(`/proc/${pid}/comm`, "utf8").trim()} (pid ${pid})`;
    } catch {
      // The process ended, or is not ours to look into.
    }
  }
  return null;
}
