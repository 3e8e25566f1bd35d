import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Figure, figureLine, median, say } from "./figure.ts";
import { type BigAgent, startBigAgent, untilReady } from "./parts/big-agent.ts";
import { holdSelf, onCore, startLineProcess } from "./parts/child.ts";
import {
  catchUp,
  closeFleet,
  type FleetFirewall,
  openFleet,
  percentile,
  poll,
  readEverything,
} from "./parts/fleet.ts";

const GROUPS = 20;
const MANY = 100;
const OTHERS = 50;
const SERVER_CORE = 0;
const LOAD_CORE = 1;
const LIMIT_S = 30;
const MEMORY_LIMIT = 3;
const DELAY_LIMIT = 2;

/** How long a firewall that was restarted waits for everything. */
export const fullTable: Figure = {
  name: "full-table",
  what: `seconds until one firewall has read 500,000 sessions of ${GROUPS} groups in batches of 1,000 from a whole agent; limit: ${LIMIT_S} s`,
  async measure({ rounds, sessions }) {
    return withAgent(sessions, rounds, async (agent) => {
      const seconds: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const [firewall] = await openFleet(agent, round, 1);
        if (firewall === undefined) throw new Error("no firewall");
        const begunAt = performance.now();
        const bytes = await readEverything(firewall);
        seconds.push((performance.now() - begunAt) / 1000);
        closeFleet([firewall]);
        say(`  round ${round + 1}: ${seconds.at(-1)?.toFixed(2)} s, ${Math.round(bytes / 1e6)} MB`);
      }
      // The first one pays for writing the pages; it is the one that counts.
      say(`  median of all rounds ${median(seconds).toFixed(2)} s`);
      return figureLine("full-table", "s", seconds[0] ?? Number.NaN, LIMIT_S);
    });
  },
};

/** What a hundred restarted firewalls cost the agent, and those that were not. */
export const fullTable100: Figure = {
  name: "full-table-100",
  what: `${MANY} firewalls with equal filters read 500,000 sessions at once: peak resident memory beside that with one (limit ${MEMORY_LIMIT}), and p99 of ${OTHERS} others' polls beside that without (limit ${DELAY_LIMIT})`,
  async measure({ sessions }) {
    return withAgent(sessions, MANY + OTHERS + 1, async (agent) => {
      const others = await openFleet(agent, MANY, OTHERS);
      for (const other of others) await catchUp(other);
      // The readers are processes of their own: taking 40 GB off the wire must not delay those that are watched.
      const one = readersOf(agent, MANY + OTHERS, 1);
      await one.line();
      const alone = await watch(agent, others, () => one.ask("read"));
      await one.stop();
      const quiet = await watch(agent, others, () => sleep(5000));
      const many = readersOf(agent, 0, MANY);
      await many.line();
      const crowd = await watch(agent, others, () => many.ask("read"));
      await many.stop();
      closeFleet(others);
      for (const [name, seen] of Object.entries({ alone, quiet, crowd }))
        say(
          `  ${name}: ${seen.seconds.toFixed(1)} s, peak ${Math.round(seen.peakMb)} MB, others' p99 ${seen.p99Ms.toFixed(1)} ms`,
        );
      return [
        figureLine("full-table-100-memory", "x", crowd.peakMb / alone.peakMb, MEMORY_LIMIT),
        figureLine("full-table-100-others", "x", crowd.p99Ms / alone.p99Ms, DELAY_LIMIT),
      ];
    });
  },
};

interface Watched {
  readonly seconds: number;
  readonly peakMb: number;
  readonly p99Ms: number;
}

/** Looks at the agent's memory and at what the others' polls take, while something is done. */
async function watch(
  agent: BigAgent,
  others: readonly FleetFirewall[],
  work: () => Promise<unknown>,
): Promise<Watched> {
  const begunAt = performance.now();
  let isOver = false;
  let peakMb = 0;
  const tookMs: number[] = [];
  const looking = (async () => {
    while (!isOver) {
      peakMb = Math.max(peakMb, await residentMb(agent));
      await sleep(50);
    }
  })();
  const polling = others.map(async (other, at) => {
    await sleep(at * 10);
    while (!isOver) {
      const askedAt = performance.now();
      await poll(other, 200);
      tookMs.push(performance.now() - askedAt);
      await sleep(500);
    }
  });
  await work();
  isOver = true;
  await Promise.all([looking, ...polling]);
  return { seconds: (performance.now() - begunAt) / 1000, peakMb, p99Ms: percentile(tookMs, 0.99) };
}

function readersOf({ firewallPort, caFile, clientIds, secret }: BigAgent, from: number, count: number) {
  const place = JSON.stringify({ firewallPort, caFile, clientIds, secret });
  const script = path.join(import.meta.dirname, "parts/table-readers.ts");
  return startLineProcess(onCore(LOAD_CORE, [process.execPath, script, place, String(from), String(count)]));
}

async function withAgent<T>(
  sessions: number,
  firewalls: number,
  use: (agent: BigAgent) => Promise<T>,
): Promise<T> {
  const release = holdSelf(LOAD_CORE);
  const agent = await startBigAgent({ sessions, groups: GROUPS, firewalls, core: SERVER_CORE });
  try {
    await untilReady(agent);
    return await use(agent);
  } finally {
    await agent.stop();
    release();
  }
}

async function residentMb({ child }: BigAgent): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, "utf8");
  return (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / 1e6;
}
