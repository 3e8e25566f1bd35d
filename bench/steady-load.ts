import { setTimeout as sleep } from "node:timers/promises";
import { type Figure, figureLine, say } from "./figure.ts";
import { type BigAgent, startBigAgent, untilReady } from "./parts/big-agent.ts";
import { bigAddressOf, bigUserOf } from "./parts/big-sessions.ts";
import { catchUp, closeFleet, type FleetFirewall, openFleet, percentile, poll } from "./parts/fleet.ts";
import { VpnLines } from "./parts/vpn-lines.ts";

const GROUPS = 20;
const FIREWALLS = 1200;
const POLL_EVERY_MS = 5000;
const IP_QUERIES_PER_SECOND = 200;
const OBSERVATIONS_PER_SECOND = 2000;
/**
 * Of these so many change who is where: 500,000 sessions that last eight hours begin and end 35 times a second. The others
 * are seen again, as most of what a directory or a VPN writes. All of them could not be changes for anybody: a firewall that
 * takes 1,000 entries each 5 s hears of 200 changes a second, and 2,000 told to 1,200 firewalls would be 1.9 GB/s.
 */
const CHANGES_PER_SECOND = 50;
const LIMIT_MS = 50;
/** Rounds of polls before anything is counted. */
const WARM_UP_MS = POLL_EVERY_MS;

/** What a large site asks of one agent all day. */
export const steadyLoad: Figure = {
  name: "steady-load",
  what: `p99 in ms of every question while ${FIREWALLS} firewalls poll each ${POLL_EVERY_MS / 1000} s, ${IP_QUERIES_PER_SECOND} addresses are asked and ${OBSERVATIONS_PER_SECOND} logons come by syslog a second (${CHANGES_PER_SECOND} of them change who is where), at a whole agent with 500,000 sessions; limit: ${LIMIT_MS} ms and no error`,
  async measure({ seconds, rounds, sessions }) {
    const agent = await startBigAgent({
      sessions,
      groups: GROUPS,
      firewalls: FIREWALLS,
    });
    try {
      await untilReady(agent);
      const fleet = await openFleet(agent, 0, FIREWALLS);
      await Promise.all(fleet.map(catchUp));
      const load = new Load(agent, fleet, sessions, await VpnLines.open(agent.syslogPort));
      await load.run(WARM_UP_MS);
      load.forget();
      const before = await revisionOf(agent);
      await load.run(Math.max(2 * POLL_EVERY_MS, seconds * rounds * 1000));
      const changes = (await revisionOf(agent)) - before;
      await load.untilLastIsTold();
      load.close();
      closeFleet(fleet);
      const { pollsMs, ipQueriesMs, errors, entries, lines } = load;
      const all = [...pollsMs, ...ipQueriesMs];
      say(
        `  ${pollsMs.length} polls (p50 ${percentile(pollsMs, 0.5).toFixed(1)}, p99 ${percentile(pollsMs, 0.99).toFixed(1)} ms), ${ipQueriesMs.length} IP queries (p50 ${percentile(ipQueriesMs, 0.5).toFixed(1)}, p99 ${percentile(ipQueriesMs, 0.99).toFixed(1)} ms), slowest ${percentile(all, 1).toFixed(1)} ms, ${lines} logons sent, ${changes} changes, ${entries} MB of batches, ${errors} errors`,
      );
      say(`  the agent's event loop: ${await loopDelayOf(agent)}`);
      if (errors > 0) throw new Error(`${errors} questions were not answered with 200`);
      return figureLine("steady-load", "ms", percentile(all, 0.99), LIMIT_MS);
    } finally {
      await agent.stop();
    }
  },
};

class Load {
  readonly #agent: BigAgent;
  readonly #fleet: readonly FleetFirewall[];
  readonly #vpn: VpnLines;
  readonly #sessions: number;
  #sent = 0;
  #last: { readonly user: string; readonly ip: string } | null = null;
  pollsMs: number[] = [];
  ipQueriesMs: number[] = [];
  errors = 0;
  /** MB of bodies. */
  entries = 0;
  lines = 0;

  constructor(agent: BigAgent, fleet: readonly FleetFirewall[], sessions: number, vpn: VpnLines) {
    this.#sessions = sessions;
    this.#vpn = vpn;
    this.#agent = agent;
    this.#fleet = fleet;
  }

  forget(): void {
    this.pollsMs = [];
    this.ipQueriesMs = [];
    this.entries = 0;
    this.lines = 0;
  }

  async run(ms: number): Promise<void> {
    const endsAt = performance.now() + ms;
    const askers = this.#fleet.slice(0, 20);
    await Promise.all([
      ...this.#fleet.map((firewall, at) => this.#poll(firewall, (at / FIREWALLS) * POLL_EVERY_MS, endsAt)),
      this.#observe(endsAt),
      this.#askAddresses(askers, endsAt),
    ]);
  }

  async #poll(firewall: FleetFirewall, offsetMs: number, endsAt: number): Promise<void> {
    const beganAt = performance.now() + offsetMs;
    for (let round = 0; ; round++) {
      const due = beganAt + round * POLL_EVERY_MS;
      if (due > endsAt) return;
      await sleep(Math.max(0, due - performance.now()));
      await firewall.busy;
      firewall.busy = this.#timed(this.pollsMs, async () => {
        const bytes = await poll(firewall, 1000);
        this.entries += bytes / 1e6;
      });
      await firewall.busy;
    }
  }

  async #askAddresses(askers: readonly FleetFirewall[], endsAt: number): Promise<void> {
    // Connections of their own: a firewall asks for addresses beside its batch.
    const own = await openFleet(this.#agent, 0, askers.length);
    const each = 1000 / (IP_QUERIES_PER_SECOND / own.length);
    await Promise.all(
      own.map(async (asker, at) => {
        const beganAt = performance.now() + (at / own.length) * each;
        for (let round = 0; ; round++) {
          const due = beganAt + round * each;
          if (due > endsAt) return;
          await sleep(Math.max(0, due - performance.now()));
          const number = Math.floor(Math.random() * this.#sessions);
          await this.#timed(this.ipQueriesMs, async () => {
            const answer = await asker.client.ask(`/user_query/v2/ip/${bigAddressOf(number)}`, asker.token);
            if (answer.status !== 200) throw new Error(`an address was answered ${answer.status}`);
          });
        }
      }),
    );
    closeFleet(own);
  }

  close(): void {
    this.#vpn.close();
  }

  /** Everything that was sent has been heard: the last change is answered. Throws where it is not within 5 s. */
  async untilLastIsTold(): Promise<void> {
    const [asker] = await openFleet(this.#agent, 0, 1);
    const last = this.#last;
    if (asker === undefined || last === null) throw new Error("nothing was sent");
    const endsAt = performance.now() + 5000;
    for (;;) {
      const answer = await asker.client.ask(`/user_query/v2/ip/${last.ip}`, asker.token);
      if (answer.body.toString().includes(`"${last.user}"`)) break;
      if (performance.now() > endsAt)
        throw new Error(
          `the last of ${this.#sent} logons was not told within 5 s; ${this.#vpn.waiting} bytes wait`,
        );
      await sleep(20);
    }
    closeFleet([asker]);
  }

  async #observe(endsAt: number): Promise<void> {
    const stepMs = 10;
    const perStep = (OBSERVATIONS_PER_SECOND * stepMs) / 1000;
    const beganAt = performance.now();
    for (let step = 0; beganAt + step * stepMs < endsAt; step++) {
      await sleep(Math.max(0, beganAt + step * stepMs - performance.now()));
      for (let at = 0; at < perStep; at++) {
        const number = (this.#sent * 7919) % this.#sessions;
        const isChange = this.#sent % (OBSERVATIONS_PER_SECOND / CHANGES_PER_SECOND) === 0;
        // Who changes and who is seen again do not meet: the upper half of the table stays as it is.
        const half = Math.floor(this.#sessions / 2);
        const place = isChange ? number % half : half + (number % half);
        const user = bigUserOf(isChange ? (place + 1 + this.#sent) % this.#sessions : place);
        this.#sent += 1;
        this.lines += 1;
        if (isChange) this.#last = { user, ip: bigAddressOf(place) };
        this.#vpn.logon(user, bigAddressOf(place));
      }
    }
  }

  async #timed(into: number[], question: () => Promise<void>): Promise<void> {
    const askedAt = performance.now();
    try {
      await question();
    } catch (error) {
      this.errors += 1;
      if (this.errors < 5) say(`  ${String(error)}`);
    }
    into.push(performance.now() - askedAt);
  }
}

async function revisionOf({ statusPort }: BigAgent): Promise<number> {
  const status = (await (await fetch(`http://127.0.0.1:${statusPort}/status`)).json()) as {
    people: { revision: number };
  };
  return status.people.revision;
}

async function loopDelayOf({ statusPort }: BigAgent): Promise<string> {
  const metrics = await (await fetch(`http://127.0.0.1:${statusPort}/metrics`)).text();
  const lines = metrics.split("\n").filter((line) => line.includes("event_loop") && !line.startsWith("#"));
  return lines.length === 0 ? "not shown" : lines.join(", ");
}
