import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Figure, figureLine, say } from "./figure.ts";
import { startLineProcess } from "./parts/child.ts";
import { FirewallClient } from "./parts/firewall-client.ts";

const SESSIONS = 50_000;
const FIREWALLS = 100;
const MIB = 1024 * 1024;

/** What an agent with a busy site holds in memory, beside what Node holds for nothing at all. */
export const agentMemory: Figure = {
  name: "agent-memory",
  what: `resident memory of the agent's table and firewall listener with ${SESSIONS} sessions of 20 groups, after one firewall has read it all; limit: a Node process that does nothing`,
  async measure() {
    const program = path.join(import.meta.dirname, "parts/listener-process.ts");
    const agent = startLineProcess([
      process.execPath,
      "--expose-gc",
      program,
      String(SESSIONS),
      String(FIREWALLS),
    ]);
    const bare = startLineProcess([
      process.execPath,
      "-e",
      'process.stdin.resume(); process.stdin.on("end", () => process.exit(0)); console.log("up")',
    ]);
    try {
      const started = JSON.parse(await agent.line()) as { port: number; caPem: string };
      await bare.line();
      const client = new FirewallClient(started.port, started.caPem);
      const { entries } = await client.readAll(await client.token("srx-0"));
      client.close();
      if (entries !== SESSIONS) throw new Error(`the firewall read ${entries} entries of ${SESSIONS}`);
      const memory = JSON.parse(await agent.ask("memory")) as { heapUsed: number };
      const [ours, nothing] = [await residentMib(agent.pid), await residentMib(bare.pid)];
      say(`  heap in use ${Math.round(memory.heapUsed / MIB)} MB`);
      return figureLine("agent-memory", "MB", ours, nothing);
    } finally {
      await Promise.all([agent.stop(), bare.stop()]);
    }
  },
};

/** As the kernel counts it, garbage not yet given back included. */
async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
