import { readFile } from "node:fs/promises";
import { type BenchOptions, type Figure, figureLine, median, say } from "./figure.ts";
import { type BigAgent, startBigAgent } from "./parts/big-agent.ts";
import { bigAddressOf, bigUserOf } from "./parts/big-sessions.ts";
import { FirewallClient } from "./parts/firewall-client.ts";

const SESSIONS = 500_000;
const GROUPS = 20;
const ASKED = 123_456;
const LIMIT_S = 5;
const GIVE_UP_MS = 60_000;

/** How long a firewall waits for an agent that was restarted. */
export const agentStart: Figure = {
  name: "agent-start",
  what: `seconds from the start of the agent's process to the first right answer to an IP query, with ${SESSIONS} sessions of ${GROUPS} groups in its store; limit: ${LIMIT_S} s`,
  async measure({ rounds }: BenchOptions) {
    const seconds: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const agent = await startBigAgent({ sessions: SESSIONS, groups: GROUPS, firewalls: 1 });
      try {
        seconds.push(await secondsToAnswer(agent));
        say(`  round ${round}: ${seconds.at(-1)?.toFixed(2)} s`);
      } finally {
        await agent.stop();
      }
    }
    return figureLine("agent-start", "s", median(seconds), LIMIT_S);
  },
};

async function secondsToAnswer(agent: BigAgent): Promise<number> {
  for (;;) {
    const user = await userToldBy(agent);
    const elapsedMs = performance.now() - agent.startedAt;
    if (user === bigUserOf(ASKED)) return elapsedMs / 1000;
    if (user !== undefined) throw new Error(`the firewall was told ${user}`);
    if (agent.child.exitCode !== null || elapsedMs > GIVE_UP_MS)
      throw new Error(`the agent did not answer (exit code ${agent.child.exitCode})`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Undefined while nobody listens. */
async function userToldBy(agent: BigAgent): Promise<string | null | undefined> {
  const ca = await readFile(agent.caFile, "utf8").catch(() => null);
  if (ca === null) return undefined;
  const client = new FirewallClient(agent.firewallPort, ca, agent.secret);
  try {
    return await client.userAt(await client.token(agent.clientIds[0] ?? ""), bigAddressOf(ASKED));
  } catch (error) {
    const isRefused = error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
    if (isRefused) return undefined;
    throw error;
  } finally {
    client.close();
  }
}
