import { readdir, readFile, readlink } from "node:fs/promises";

/** A socket could not be opened; the message is for a person and says what to do. */
export class SyslogListenError extends Error {
  override readonly name = "SyslogListenError";
  readonly code: "port-taken" | "not-permitted" | "address-not-here" | "listen-failed";

  constructor(code: SyslogListenError["code"], message: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Translates the operating system's refusal to listen. */
export async function explainListenFailure(
  transport: "udp" | "tcp",
  host: string,
  port: number,
  cause: unknown,
): Promise<SyslogListenError> {
  const where = `${transport.toUpperCase()} ${host}:${port}`;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  switch (code) {
    case "EADDRINUSE": {
      const holder = await findHolder(transport, port);
      const by = holder === null ? "another program" : holder;
      return new SyslogListenError(
        "port-taken",
        `${where} is taken by ${by}: stop it or choose another port`,
        cause,
      );
    }
    case "EACCES":
      return new SyslogListenError(
        "not-permitted",
        `${where} may not be opened by this user: ports below 1024 need the right CAP_NET_BIND_SERVICE`,
        cause,
      );
    case "EADDRNOTAVAIL":
      return new SyslogListenError("address-not-here", `${host} is not an address of this machine`, cause);
    default: {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return new SyslogListenError("listen-failed", `${where} could not be opened: ${reason}`, cause);
    }
  }
}

/** "rsyslogd (process 812)", where Linux tells; null elsewhere, and where it is another user's process. */
async function findHolder(transport: "udp" | "tcp", port: number): Promise<string | null> {
  const wanted = await socketsOnPort(transport, port);
  if (wanted.size === 0) return null;
  for (const pid of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
      if (!wanted.has(target)) continue;
      const command = (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")).trim();
      return `${command === "" ? "a program" : command} (process ${pid})`;
    }
  }
  return null;
}

/** Source: proc(5), /proc/net/tcp (documented): local address in hex, inode in the tenth column. */
async function socketsOnPort(transport: "udp" | "tcp", port: number): Promise<ReadonlySet<string>> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const found = new Set<string>();
  for (const table of [`/proc/net/${transport}`, `/proc/net/${transport}6`]) {
    const text = await readFile(table, "utf8").catch(() => "");
    for (const line of text.split("\n").slice(1)) {
      const columns = line.trim().split(/\s+/);
      if (columns[1]?.endsWith(`:${hexPort}`) === true) found.add(`socket:[${columns[9]}]`);
    }
  }
  return found;
}
