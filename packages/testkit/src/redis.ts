import { once } from "node:events";
import { connect } from "node:net";
import { makeTempDir } from "./temp-dir.ts";
import { findRedis, type RunningRedis, startRedisAt } from "./testing/services.ts";

/** Whether this machine has a redis-server to test against. */
export function hasRedis(): boolean {
  return findRedis() !== null;
}

/**
 * A real redis-server on a free port, with nothing kept. Ends with the process at the latest.
 *
 * Errors: throws when none is installed: CI installs it; elsewhere ask `hasRedis()` first and skip with a reason.
 */
export function startRedis(): Promise<RunningRedis> {
  return start(false);
}

async function start(isClusterNode: boolean): Promise<RunningRedis> {
  const running = await startRedisAt({
    dataDir: makeTempDir("rollcall-redis-"),
    isThrowAway: true,
    isClusterNode,
  });
  if (running === null) throw new Error("no redis-server is installed: apt-get install redis-server");
  return running;
}

const SLOTS = 16_384;

/** A Redis Cluster of three masters. Its `url` is the list of their addresses, separated by commas. */
export async function startRedisCluster(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const nodes = [await start(true), await start(true), await start(true)];
  const share = Math.ceil(SLOTS / nodes.length);
  for (const [index, node] of nodes.entries()) {
    const last = Math.min(SLOTS, (index + 1) * share) - 1;
    await command(node.port, `CLUSTER ADDSLOTSRANGE ${index * share} ${last}`);
  }
  const [first, ...others] = nodes;
  for (const other of others) {
    const bus = /cluster-port:(\d+)/.exec(await command(other.port, "CONFIG GET cluster-port"))?.[1];
    await command(first?.port ?? 0, `CLUSTER MEET 127.0.0.1 ${other.port} ${bus ?? ""}`);
  }
  for (const node of nodes)
    while (!(await command(node.port, "CLUSTER INFO")).includes("cluster_state:ok"))
      await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    url: nodes.map((node) => node.url).join(","),
    async stop() {
      for (const node of nodes) await node.stop();
    },
  };
}

/** Sends one command and gives the answer's text: enough to put a cluster together without a client library. */
async function command(port: number, line: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.end(`${line}\r\n`);
  let answer = "";
  socket.on("data", (bytes: Buffer) => {
    answer += bytes.toString("utf8");
  });
  await once(socket, "close");
  if (answer.startsWith("-")) throw new Error(`redis refused "${line}": ${answer.trim()}`);
  return answer.replace(/^\$\d+\r\n/gm, "").replaceAll("\r\n", ":");
}
