import { readFile } from "node:fs/promises";
import { type Figure, figureLine, say } from "./figure.ts";
import { type BigAgent, startBigAgent, untilReady } from "./parts/big-agent.ts";
import { bigAddressOf, bigUserOf } from "./parts/big-sessions.ts";
import { FirewallClient } from "./parts/firewall-client.ts";

const SESSIONS = 500_000;
const GROUPS = 20;
const FIREWALLS = 100;
const LIMIT_MB = 600;

/** What a whole agent holds in memory: store, table, listener and everything else of its process. */
export const agentMemory: Figure = {
  name: "agent-memory",
  what: `resident memory of a whole agent with ${SESSIONS} sessions of ${GROUPS} groups in its store, after it has started and one firewall has read it all; limit: ${LIMIT_MB} MB`,
  async measure() {
    const agent = await startBigAgent({ sessions: SESSIONS, groups: GROUPS, firewalls: FIREWALLS });
    try {
      await untilReady(agent);
      const before = await residentMb(agent);
      const client = new FirewallClient(
        agent.firewallPort,
        await readFile(agent.caFile, "utf8"),
        agent.secret,
      );
      try {
        const token = await client.token(agent.clientIds[0] ?? "");
        const { entries } = await client.readAll(token);
        if (entries !== SESSIONS) throw new Error(`the firewall read ${entries} entries of ${SESSIONS}`);
        const user = await client.userAt(token, bigAddressOf(SESSIONS - 1));
        if (user !== bigUserOf(SESSIONS - 1)) throw new Error(`the firewall was told ${user}`);
      } finally {
        client.close();
      }
      const after = await residentMb(agent);
      say(`  ${Math.round(before)} MB when it had started, ${Math.round(after)} MB after a full read`);
      return figureLine("agent-memory", "MB", after, LIMIT_MB);
    } finally {
      await agent.stop();
    }
  },
};

/** As the kernel counts it, garbage not yet given back included. MB of 10^6 bytes. */
async function residentMb({ child }: BigAgent): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, "utf8");
  return (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / 1e6;
}
