import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { SiteConfig } from "@rollcall/agent-protocol";
import type { Logger } from "@rollcall/observability";
import type { Peer } from "@rollcall/srx-server";
import { messageOf } from "../../agent-error.ts";
import { formatListen, type ListenAddress } from "../../settings.ts";
import { backoffMs } from "../../supervisor/backoff.ts";
import type { Clock } from "../../supervisor/clock.ts";
import { HealthRecord, type Part } from "../../supervisor/part.ts";
import type { FirewallTls } from "../firewall-certificate.ts";
import { type LegacyOrders, legacyReport } from "./legacy-orders.ts";
import { decodeProxyHeader, HEADER_BYTES_MAX, TOKEN_BYTES } from "./proxy-header.ts";

export type LegacyConfig = NonNullable<SiteConfig["firewallListener"]["legacy"]>;

/** No longer, whatever the configuration says: who needs it still must say so again. */
export const LEGACY_DAYS_MAX = 90;
const DAY_MS = 86_400_000;
/** What a system takes for the path of a socket, with room to spare. */
const SOCKET_PATH_MAX = 100;
/** The header comes with the connection; who takes longer is not our listener. */
const HEADER_MS = 2000;
const RESTART_MS_MAX = 30_000;
const STOP_MS = 3000;

export interface LegacyDoorOptions {
  /** `as-configured`: at the firewall listener's host and the configured port. Null: never, whatever the configuration says. */
  readonly listen: ListenAddress | "as-configured" | null;
  readonly host: string;
  /** The agent's own folder, which only its user may enter: the socket between the two processes lies there. */
  readonly stateDir: string;
  readonly tls: () => FirewallTls | null;
  /** Answers a connection as if that peer had come to the firewall listener itself. */
  readonly take: (socket: Socket, peer: Peer) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** How the listener's process is started; its orders come on standard input. */
  readonly startProcess?: () => ChildProcess;
}

/** The door for firewalls that speak nothing newer than TLS 1.0 or 1.1: a process of its own takes TLS off. */
export interface LegacyDoor extends Part {
  configure(wanted: LegacyConfig | null): void;
  /** The certificate has changed: the listener starts anew with it. */
  renew(): void;
  /** Null while it is switched off. */
  readonly address: ListenAddress | null;
  readonly isWanted: boolean;
}

/**
 * Runs the legacy listener while the configuration asks for it, and no longer than until its day.
 *
 * Promises off unless asked for; only listed addresses get as far as a handshake; identity, secrets and table stay in this
 *          process; never longer than 90 days; while it is on the agent says so and is degraded.
 * Source:  reliability and security, 2.5; docs/adr/0017-legacy-listener.md.
 */
export function createLegacyDoor(options: LegacyDoorOptions): LegacyDoor {
  const { clock, log } = options;
  const health = new HealthRecord(clock.now, "off", "The legacy listener is off.");
  const startProcess = options.startProcess ?? startLegacyProcess;
  const stopping = new AbortController();
  let wanted: LegacyConfig | null = null;
  let hasStarted = false;
  let address: ListenAddress | null = null;
  let turn = new AbortController();
  let running: Promise<void> = Promise.resolve();

  function change(): void {
    turn.abort();
    turn = new AbortController();
    const signal = AbortSignal.any([turn.signal, stopping.signal]);
    const config = wanted;
    const before = running;
    running = before.then(() => keep(config, signal));
  }

  function whyNot(config: LegacyConfig | null): { sentence: string; isFault: boolean } | null {
    if (config === null) return { sentence: "The legacy listener is off.", isFault: false };
    if (options.listen === null)
      return {
        sentence: "The configuration asks for the legacy listener; --legacy-listen off forbids it here.",
        isFault: true,
      };
    const day = new Date(config.until).toISOString().slice(0, 10);
    if (config.until <= clock.now())
      return { sentence: `The legacy listener switched itself off: it was on until ${day}.`, isFault: false };
    if (config.until - clock.now() > LEGACY_DAYS_MAX * DAY_MS)
      return {
        sentence: `The legacy listener is not started: ${day} is more than ${LEGACY_DAYS_MAX} days ahead. Choose a nearer day.`,
        isFault: true,
      };
    return null;
  }

  /** Keeps the process running until its time is over or something else is wanted. */
  async function keep(config: LegacyConfig | null, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted && hasStarted; ) {
      const reason = whyNot(config);
      if (config === null || reason !== null) {
        health.set(reason?.isFault ? "broken" : "off", reason?.sentence ?? "");
        return;
      }
      const tls = options.tls();
      if (tls === null) return;
      const ended = await runOnce(config, tls, signal).catch(messageOf);
      address = null;
      if (signal.aborted || config.until <= clock.now()) continue;
      failures += 1;
      health.set(
        "broken",
        `The legacy listener does not run: ${ended}; tried ${failures} times, trying again.`,
      );
      log.error({ attempt: failures, reason: ended }, "legacy listener ended");
      await clock.sleep(backoffMs(failures, options.random(), RESTART_MS_MAX), signal).catch(() => undefined);
    }
    if (stopping.signal.aborted) health.set("off", "stopped");
  }

  /** One life of the process. Gives why it ended. */
  async function runOnce(config: LegacyConfig, tls: FirewallTls, signal: AbortSignal): Promise<string> {
    const token = randomBytes(TOKEN_BYTES);
    const socket = await openSocket(options.stateDir, token, options.take, log);
    try {
      const listen =
        options.listen === "as-configured" || options.listen === null
          ? { host: options.host, port: config.port }
          : options.listen;
      const orders: LegacyOrders = {
        listen,
        certPem: tls.certificatePem,
        keyPem: tls.keyPem,
        sources: [...config.sources],
        until: config.until,
        forwardTo: socket.path,
        token: token.toString("base64"),
      };
      return await liveWith(startProcess(), orders, signal);
    } finally {
      socket.close();
    }
  }

  function liveWith(child: ChildProcess, orders: LegacyOrders, signal: AbortSignal): Promise<string> {
    return new Promise((resolve) => {
      let why = "";
      const end = (): void => {
        child.stdin?.end();
        setTimeout(() => child.kill("SIGKILL"), STOP_MS).unref();
      };
      signal.addEventListener("abort", end, { once: true });
      child.once("error", (error) => {
        signal.removeEventListener("abort", end);
        resolve(error.message);
      });
      child.once("close", (code, by) => {
        signal.removeEventListener("abort", end);
        resolve(why || `it ended with ${code ?? by}`);
      });
      child.stdin?.on("error", () => undefined);
      child.stderr?.on("data", (chunk: Buffer) => {
        why = chunk.toString("utf8").trim().slice(-300) || why;
      });
      if (child.stdout !== null)
        createInterface({ input: child.stdout }).on("line", (line) => {
          why = hear(line, orders) ?? why;
        });
      child.stdin?.write(`${JSON.stringify(orders)}\n`);
      if (signal.aborted) end();
    });
  }

  /** Gives why it will end, where the line says so. */
  function hear(line: string, orders: LegacyOrders): string | null {
    const said = legacyReport.safeParse(parseJson(line));
    if (!said.success) return null;
    switch (said.data.kind) {
      case "listening": {
        address = { host: said.data.host, port: said.data.port };
        const day = new Date(orders.until).toISOString().slice(0, 10);
        health.set(
          "degraded",
          `TLS 1.0 and 1.1 are answered at ${formatListen(address)} for ${orders.sources.join(", ")} until ${day}. Whoever can listen on the way can read along: update those firewalls, then switch this off.`,
        );
        log.warn({ address: formatListen(address), notAfter: orders.until }, "legacy listener is on");
        return null;
      }
      case "failed":
        return `${formatListen(orders.listen)} cannot be opened: ${said.data.message}`;
      case "turned-away":
        log.warn(
          { peer: said.data.address, count: said.data.count },
          "legacy listener closed a connection of an address that is not on its list",
        );
        return null;
    }
  }

  return {
    name: "legacy listener",
    async start() {
      hasStarted = true;
      change();
    },
    async stop() {
      stopping.abort();
      await running;
      health.set("off", "stopped");
    },
    health: () => health.current,
    configure(next) {
      if (JSON.stringify(next) === JSON.stringify(wanted)) return;
      wanted = next;
      if (hasStarted) change();
    },
    renew() {
      if (hasStarted && wanted !== null) change();
    },
    get address() {
      return address;
    },
    get isWanted() {
      return wanted !== null;
    },
  };
}

/** The agent's own program again, which may then read files and nothing else: no writing, no other process, no add-on. */
function startLegacyProcess(): ChildProcess {
  const [, program = ""] = process.argv;
  return spawn(process.execPath, ["--permission", "--allow-fs-read=*", program, "legacy-listener"], {
    stdio: ["pipe", "pipe", "pipe"],
    // Nothing of the agent's environment is its business.
    env: { NODE_NO_WARNINGS: "1" },
  });
}

/** A socket that only this user reaches; what comes without the token is closed. */
async function openSocket(
  stateDir: string,
  token: Buffer,
  take: LegacyDoorOptions["take"],
  log: Logger,
): Promise<{ readonly path: string; close(): void }> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    welcome(socket, token, take, log);
  });
  const isPipe = process.platform === "win32";
  let folder: string | null = null;
  let name = path.join(stateDir, "legacy.sock");
  if (isPipe) name = `\\\\.\\pipe\\rollcall-legacy-${randomBytes(16).toString("hex")}`;
  else if (name.length > SOCKET_PATH_MAX) {
    folder = mkdtempSync(path.join(tmpdir(), "rollcall-legacy-"));
    name = path.join(folder, "legacy.sock");
  }
  // One of an agent that was killed.
  if (!isPipe) rmSync(name, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(name, resolve);
  });
  if (!isPipe) chmodSync(name, 0o600);
  return {
    path: name,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
      if (folder !== null) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function welcome(socket: Socket, token: Buffer, take: LegacyDoorOptions["take"], log: Logger): void {
  let bytes = Buffer.alloc(0);
  const refuse = (): void => {
    log.warn({ count: bytes.length }, "somebody else than the legacy listener spoke to its socket");
    socket.destroy();
  };
  const timer = setTimeout(refuse, HEADER_MS);
  socket.once("close", () => clearTimeout(timer));
  const read = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    const header = decodeProxyHeader(bytes, token);
    if (header.kind === "incomplete" && bytes.length <= HEADER_BYTES_MAX) return;
    clearTimeout(timer);
    socket.off("data", read);
    if (header.kind !== "header") {
      refuse();
      return;
    }
    socket.pause();
    if (bytes.length > header.bytes) socket.unshift(bytes.subarray(header.bytes));
    take(socket, header.peer);
    socket.resume();
  };
  socket.on("data", read);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
