import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Figure, figureLine, say } from "./figure.ts";
import { type BigAgent, startBigAgent, untilReady } from "./parts/big-agent.ts";
import { startLineProcess } from "./parts/child.ts";

const USERS = Number(process.env.ROLLCALL_BENCH_USERS ?? "500000");
const GROUPS = 20;
const LIMIT_MB = 600;
const WAIT_MS_MAX = 900_000;

/** What a whole agent holds in memory that reads a large directory beside its sessions. */
export const directoryMemory: Figure = {
  name: "directory-memory",
  what: `resident memory of a whole agent that has read a directory of ${USERS} users with ${GROUPS} groups each (hardly two the same), beside its sessions; limit: ${LIMIT_MB} MB`,
  async measure({ sessions }) {
    const server = path.join(import.meta.dirname, "parts", "big-directory.ts");
    const directory = startLineProcess([process.execPath, server, String(USERS), String(GROUPS)]);
    try {
      const port = Number(await directory.line());
      const agent = await startBigAgent({ sessions, groups: GROUPS, firewalls: 1, directoryPort: port });
      try {
        await untilReady(agent);
        const before = await residentMb(agent);
        const began = performance.now();
        await untilRead(agent, began);
        const seconds = Math.round((performance.now() - began) / 1000);
        const after = await residentMb(agent);
        say(
          `  ${sessions} sessions: ${Math.round(before)} MB when it had started, ${Math.round(after)} MB ${seconds} s later with the directory, ${Math.round(await peakMb(agent))} MB at most`,
        );
        return figureLine("directory-memory", "MB", after, LIMIT_MB);
      } finally {
        await agent.stop();
      }
    } finally {
      await directory.stop();
    }
  },
};

/** Until everybody is in the agent's index, which it says as a metric. */
async function untilRead({ child, statusPort }: BigAgent, began: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}`);
    // An agent that is busy may let go of a connection.
    const text = await fetch(`http://127.0.0.1:${statusPort}/metrics`).then(
      (answer) => answer.text(),
      () => "",
    );
    const known = /directory_principals\S* (\d+)/.exec(text)?.[1];
    if (Number(known) >= USERS) return;
    if (performance.now() - began > WAIT_MS_MAX)
      throw new Error(`of ${USERS} users ${known ?? "none"} were read in ${WAIT_MS_MAX / 60_000} minutes`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function residentMb(agent: BigAgent): Promise<number> {
  return statusMb(agent, "VmRSS");
}

function peakMb(agent: BigAgent): Promise<number> {
  return statusMb(agent, "VmHWM");
}

/** As the kernel counts it, garbage not yet given back included. MB of 10^6 bytes. */
async function statusMb({ child }: BigAgent, field: string): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, "utf8");
  return (Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024) / 1e6;
}
