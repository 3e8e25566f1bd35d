import { createServer, type Server, type Socket } from "node:net";
import { parseListen } from "@rollcall/config";
import { createIpSet, type IpSet, parseIp } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import { AgentError } from "../agent-error.ts";
import type { FirewallDoor } from "../firewall/firewall-door.ts";
import { listenFault } from "../firewall/listen-fault.ts";
import { formatListen, type ListenAddress } from "../settings.ts";
import type { Clock } from "../supervisor/clock.ts";
import { HealthRecord, type Part } from "../supervisor/part.ts";

/** After this it is off, until somebody starts the agent with the flags again. */
export const PLAIN_DOOR_MS = 60 * 60_000;
const BANNER_MS = 60_000;
const CONNECTIONS_MAX = 256;
const STRANGERS_SAID_MAX = 100;

export const PLAIN_BANNER =
  " PLAIN HTTP for firewalls is open: secrets and names cross the network unencrypted. It closes by itself. ";

export interface PlainDoorSettings {
  readonly listen: ListenAddress;
  readonly from: IpSet;
}

export interface PlainDoorOptions extends PlainDoorSettings {
  /** Answers: the same handler, the same points, the same contacts. */
  readonly door: Pick<FirewallDoor, "take">;
  /** Says a line to the person at the machine, in red where it can. */
  readonly say: (text: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface PlainDoor extends Part {
  readonly address: ListenAddress | null;
}

/** Reads `--plain-firewall-listen` and `--plain-firewall-from`; null where neither is given. Throws `AgentError` "usage". */
export function readPlainDoorFlags(
  listen: string | undefined,
  from: readonly string[] | undefined,
): PlainDoorSettings | null {
  if (listen === undefined && from === undefined) return null;
  const address = parseListen(listen ?? "");
  if (address === null)
    throw usage("--plain-firewall-listen needs host:port.", "As in --plain-firewall-listen 192.0.2.1:8080.");
  const named = (from ?? [])
    .flatMap((text) => text.split(","))
    .map((text) => text.trim())
    .filter((text) => text !== "");
  const wrong = named.find((text) => parseIp(text) === null);
  if (named.length === 0 || wrong !== undefined)
    throw usage(
      wrong === undefined
        ? "--plain-firewall-listen needs --plain-firewall-from."
        : `${wrong} is not one address.`,
      "Name the address of each firewall that may use it: --plain-firewall-from 10.0.0.1.",
    );
  return { listen: address, from: createIpSet(named) };
}

/**
 * A listener without TLS for the first look at a firewall: what the firewall sends can be read on the wire.
 *
 * Shape:  takes connections of the listed addresses only, and hands each to the firewall listener, which answers as ever.
 *         Closes itself, and what it has taken, after an hour. Says every minute what it is.
 * Errors: `start` throws `AgentError` where the port cannot be had.
 * Source: docs/runbooks/first-contact.md, step 1.
 */
export function createPlainDoor(options: PlainDoorOptions): PlainDoor {
  const { listen, from, door, say, clock, log } = options;
  const health = new HealthRecord(clock.now, "off", "not started");
  const open = new Set<Socket>();
  const said = new Set<string>();
  let server: Server | null = null;
  let stopping = new AbortController();
  let ended: Promise<void> = Promise.resolve();

  function admit(socket: Socket): void {
    const peer = parseIp(socket.remoteAddress ?? "");
    if (peer === null || !from.has(peer)) {
      socket.on("error", () => undefined);
      socket.destroy();
      if (said.size < STRANGERS_SAID_MAX && !said.has(peer ?? "")) {
        said.add(peer ?? "");
        log.warn(
          { component: "plain firewall listener", peer },
          "not one of the listed firewalls: its connections are closed",
        );
      }
      return;
    }
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    door.take(socket, { address: peer, transport: "plain HTTP" });
  }

  async function close(): Promise<void> {
    const closing = server;
    server = null;
    if (closing === null) return;
    const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
    for (const socket of open) socket.destroy();
    await closed;
  }

  /** Until the hour is over or the agent stops. */
  async function live(signal: AbortSignal): Promise<void> {
    const until = clock.now() + PLAIN_DOOR_MS;
    while (!signal.aborted && clock.now() < until) {
      say(PLAIN_BANNER);
      await clock.sleep(Math.min(BANNER_MS, until - clock.now()), signal).catch(() => undefined);
    }
    await close();
    if (signal.aborted) return;
    health.set(
      "off",
      "Its hour is over: start the agent with --plain-firewall-listen again if it is needed.",
    );
    log.warn(
      { component: "plain firewall listener", reason: "its hour is over" },
      "plain listener for firewalls closed",
    );
  }

  return {
    name: "plain firewall listener",
    async start() {
      const made = createServer(admit);
      made.maxConnections = CONNECTIONS_MAX;
      await new Promise<void>((resolve, reject) => {
        made.once("error", (error) =>
          reject(listenFault("plain firewalls", listen, "tcp", "--plain-firewall-listen", error)),
        );
        made.listen(listen.port, listen.host, resolve);
      });
      made.removeAllListeners("error");
      made.on("error", (error) =>
        log.error({ component: "plain firewall listener", err: error }, "listener failed"),
      );
      server = made;
      const closesAt = new Date(clock.now() + PLAIN_DOOR_MS).toISOString();
      health.set(
        "degraded",
        `Firewalls are answered without TLS at ${formatListen(this.address ?? listen)} until ${closesAt}.`,
      );
      stopping = new AbortController();
      ended = live(stopping.signal);
    },
    async stop() {
      stopping.abort();
      await ended;
      if (server !== null) await close();
      health.set("off", "stopped");
    },
    health: () => health.current,
    get address() {
      const bound = server?.address();
      return bound === null || bound === undefined || typeof bound === "string"
        ? null
        : { host: bound.address, port: bound.port };
    },
  };
}

function usage(message: string, remedy: string): AgentError {
  return new AgentError("usage", message, { exit: "usage", remedy });
}
