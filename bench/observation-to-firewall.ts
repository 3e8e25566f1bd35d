import { setTimeout as sleep } from "node:timers/promises";
import { type Figure, figureLine, say } from "./figure.ts";
import { startBigAgent, untilReady } from "./parts/big-agent.ts";
import { bigAddressOf } from "./parts/big-sessions.ts";
import { holdSelf } from "./parts/child.ts";
import { BATCH, catchUp, closeFleet, openFleet, percentile } from "./parts/fleet.ts";
import { VpnLines } from "./parts/vpn-lines.ts";

const GROUPS = 20;
const EVERY_MS = 15;
const LIMIT_MS = 20;
const SERVER_CORE = 0;
const LOAD_CORE = 1;

/** How soon after a log line a firewall can read who logged on. */
export const observationToFirewall: Figure = {
  name: "observation-to-firewall",
  what: `p99 in ms from the sending of a syslog line to the batch that tells of it, at a whole agent with 500,000 sessions, to a firewall that asks again at once; limit: ${LIMIT_MS} ms`,
  async measure({ seconds, rounds, sessions }) {
    const release = holdSelf(LOAD_CORE);
    const agent = await startBigAgent({
      sessions,
      groups: GROUPS,
      firewalls: 1,
      core: SERVER_CORE,
    });
    try {
      await untilReady(agent);
      const [firewall] = await openFleet(agent, 0, 1);
      if (firewall === undefined) throw new Error("no firewall");
      await catchUp(firewall);
      const vpn = await VpnLines.open(agent.syslogPort);
      const sentAt = new Map<string, number>();
      const tookMs: number[] = [];
      const lines = Math.ceil((seconds * rounds * 1000) / EVERY_MS);
      const sending = (async () => {
        for (let at = 0; at < lines; at++) {
          const user = `fresh.${at}`;
          sentAt.set(user, performance.now());
          vpn.logon(user, bigAddressOf(at * 101));
          await sleep(EVERY_MS);
        }
      })();
      const endsAt = performance.now() + seconds * rounds * 1000 + 5000;
      while (tookMs.length < lines && performance.now() < endsAt) {
        const path = `${BATCH}?cookie=${firewall.cookie}&entry_count=1000`;
        const answer = await firewall.client.ask(path, firewall.token);
        if (answer.status !== 200) throw new Error(`a batch was answered ${answer.status}`);
        const now = performance.now();
        if (answer.cookie === firewall.cookie) continue;
        firewall.cookie = answer.cookie;
        for (const [, user = ""] of answer.body.toString().matchAll(/"user":"(fresh\.\d+)"/g)) {
          tookMs.push(now - (sentAt.get(user) ?? Number.NaN));
          sentAt.delete(user);
        }
      }
      await sending;
      closeFleet([firewall]);
      vpn.close();
      if (sentAt.size > 0) throw new Error(`${sentAt.size} of ${lines} logons were never told`);
      say(
        `  ${lines} lines, p50 ${percentile(tookMs, 0.5).toFixed(1)} ms, slowest ${percentile(tookMs, 1).toFixed(1)} ms`,
      );
      return figureLine("observation-to-firewall", "ms", percentile(tookMs, 0.99), LIMIT_MS);
    } finally {
      await agent.stop();
      release();
    }
  },
};
