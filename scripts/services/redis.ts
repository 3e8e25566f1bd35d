import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";
import { freePort, isPortFree, portHolder } from "./free-port.ts";
import { guardProcess } from "./guard.ts";
import { findOnPath } from "./postgres-binaries.ts";
import { makeDataFolder, ServiceUnavailableError } from "./service-unavailable.ts";

export interface RedisOptions {
  readonly dataDir: string;
  readonly port?: number;
  /** Keeps nothing: `dataDir` is removed when it stops, also when it stops because this process ended. */
  readonly isThrowAway?: boolean;
  /** As a node of a Redis Cluster, which the caller puts together. */
  readonly isClusterNode?: boolean;
  readonly log?: (line: string) => void;
}

export interface RunningRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

const HOST = "127.0.0.1";
const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;

/** Whether a redis-server (or valkey-server) is installed here. */
export function findRedis(): string | null {
  return findOnPath("valkey-server") ?? findOnPath("redis-server");
}

/**
 * Starts the machine's redis-server on loopback, as BullMQ needs it (append-only, never evicting).
 *
 * Shape:  null when no redis-server is installed: Rollcall on one machine works without.
 * Errors: `ServiceUnavailableError` when there is one and it does not start.
 */
export async function startRedis(options: RedisOptions): Promise<RunningRedis | null> {
  const binary = findRedis();
  if (binary === null) return null;
  const folder = path.join(options.dataDir, "redis");
  makeDataFolder(folder);
  const port = options.port ? options.port : await freePort();
  if (options.port && !(await isPortFree(HOST, port)))
    throw new ServiceUnavailableError(
      "port-taken",
      `Redis cannot listen on ${HOST}:${port} because ${portHolder(port) ?? "another program"} does: stop it, or name another port.`,
    );
  const args = [
    "--port",
    String(port),
    "--bind",
    HOST,
    "--dir",
    folder,
    "--save",
    "",
    "--maxmemory-policy",
    "noeviction",
  ];
  args.push("--appendonly", options.isThrowAway ? "no" : "yes");
  if (options.isClusterNode)
    args.push("--cluster-enabled", "yes", "--cluster-port", String(await freePort()));
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "ignore"], detached: true });
  let said = "";
  const fault = await new Promise<string | null>((resolve) => {
    const timer = setTimeout(
      () => resolve(`no answer within ${READY_TIMEOUT_MS / 1000} s`),
      READY_TIMEOUT_MS,
    );
    const settle = (outcome: string | null) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    child.stdout?.on("data", (bytes: Buffer) => {
      said = (said + bytes.toString("utf8")).slice(-4000);
      if (said.includes("Ready to accept connections")) settle(null);
    });
    child.once("error", (error) => settle(error.message));
    child.once("exit", (code) => settle(`exit code ${code}`));
  });
  if (fault !== null || child.pid === undefined) {
    child.kill("SIGKILL");
    throw new ServiceUnavailableError(
      "did-not-start",
      `${binary} did not start: ${fault}; ${said.trim().split("\n").slice(-2).join(" / ")}`,
    );
  }
  child.unref();
  (child.stdout as unknown as { unref?: () => void } | null)?.unref?.();
  const guard = guardProcess(child.pid, "TERM", options.isThrowAway ? options.dataDir : null);
  options.log?.(`Redis (${binary}) listens on ${HOST}:${port}`);
  let stopped: Promise<void> | null = null;
  return {
    url: `redis://${HOST}:${port}`,
    port,
    pid: child.pid,
    stop() {
      stopped ??= stopServer(child).then(() => {
        guard.release();
        if (options.isThrowAway) rmSync(options.dataDir, { recursive: true, force: true });
      });
      return stopped;
    },
  };
}

async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  await new Promise<void>((resolve) => {
    const impatience = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    child.once("exit", () => {
      clearTimeout(impatience);
      resolve();
    });
    child.kill("SIGTERM");
  });
}
