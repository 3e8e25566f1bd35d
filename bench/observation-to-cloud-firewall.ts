import { setTimeout as sleep } from "node:timers/promises";
import { aBatch, anObservation } from "@rollcall/agent-protocol/testing";
import { StandInAgent, StandInFirewall, startInstallation } from "../apps/gateway/src/testing/index.ts";
import { type Figure, figureLine, say } from "./figure.ts";
import { percentile } from "./parts/fleet.ts";

const EVERY_MS = 50;
const POLL_PAUSE_MS = 5;
const LIMIT_MS = 500;

/** How soon a firewall that asks the cloud can read what an agent sent. */
export const observationToCloudFirewall: Figure = {
  name: "observation-to-cloud-firewall",
  what: `p99 in ms from an agent's sending of an observation to the batch of a whole gateway that tells of it: stream, durable Postgres, bell, replica, poll; limit: ${LIMIT_MS} ms`,
  async measure({ seconds, rounds }) {
    const site = await startInstallation();
    try {
      const gateway = await site.gateway();
      const customer = await site.customer();
      const agent = await StandInAgent.enrol(gateway.agentUrl, await site.onboarding(customer));
      await agent.open();
      const firewall = new StandInFirewall(gateway.firewallUrl, site.keys.firewall.certPem);
      await firewall.askToken(customer.clientId, customer.clientSecret);
      await firewall.poll();
      const count = Math.ceil((seconds * rounds * 1000) / EVERY_MS / 2);
      const sentAt = new Map<string, number>();
      const tookMs: number[] = [];
      const sending = (async () => {
        for (let at = 0; at < count; at++) {
          const ip = `10.20.${at >> 8}.${at & 255}`;
          const observation = anObservation({
            id: `bench-${at}#0`,
            recordId: `bench-${at}`,
            sourceId: customer.syslogSourceId,
            addressSpaceId: customer.addressSpaceId,
            ip: ip as ReturnType<typeof anObservation>["ip"],
            effectiveAt: Date.now(),
          });
          sentAt.set(ip, performance.now());
          await agent.send(aBatch([{ observation }], agent.take(1)));
          await sleep(EVERY_MS);
        }
      })();
      const endsAt = performance.now() + seconds * rounds * 1000 + 30_000;
      while (tookMs.length < count && performance.now() < endsAt) {
        for (const entry of await firewall.poll()) {
          const ip = entry.split(" ")[0] ?? "";
          const sent = sentAt.get(ip);
          if (sent === undefined) continue;
          sentAt.delete(ip);
          tookMs.push(performance.now() - sent);
        }
        await sleep(POLL_PAUSE_MS);
      }
      await sending;
      agent.close();
      firewall.close();
      if (tookMs.length < count) throw new Error(`${count - tookMs.length} of ${count} were never told`);
      say(
        `  ${count} observations, p50 ${percentile(tookMs, 0.5).toFixed(1)} ms, slowest ${percentile(tookMs, 1).toFixed(1)} ms`,
      );
      return figureLine("observation-to-cloud-firewall", "ms", percentile(tookMs, 0.99), LIMIT_MS);
    } finally {
      await site.stop();
    }
  },
};
