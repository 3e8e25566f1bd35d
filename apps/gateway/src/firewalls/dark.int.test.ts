import { aBatch, aHealthReport, anObservation } from "@rollcall/agent-protocol/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type RunningGateway,
  StandInAgent,
  StandInFirewall,
  startInstallation,
  type TestCustomer,
  type TestInstallation,
} from "../testing/index.ts";

const MINUTE = 60_000;
let site: TestInstallation;
let gateway: RunningGateway;
/** How far the gateway's clock is ahead of the world's: time that passed. */
let passedMs = 0;

beforeAll(async () => {
  site = await startInstallation();
  gateway = await site.gateway({ now: () => Date.now() + passedMs });
});
afterAll(() => site?.stop());

type Choice = "hold" | "shorten" | "drop";

interface Lab {
  readonly customer: TestCustomer;
  readonly agent: StandInAgent;
  readonly firewall: StandInFirewall;
  report(state: "ok" | "broken", of?: StandInAgent): Promise<void>;
  logon(user: string, of?: object): Promise<void>;
  /** Polls until it was told all of these, and gives everything it was told meanwhile. */
  told(...wanted: string[]): Promise<string[]>;
}

async function withPoint(choice: Choice, work: (lab: Lab) => Promise<void>): Promise<void> {
  const customer = await site.customer();
  await site.database.withTenant(customer.tenantId, ({ tx }) =>
    tx.enforcementPoint.update({
      where: { tenantId_id: { tenantId: customer.tenantId, id: customer.pointId } },
      data: { whenSourcesDark: choice, darkMinutes: 10 },
    }),
  );
  const agent = await StandInAgent.enrol(gateway.agentUrl, await site.onboarding(customer));
  await agent.open();
  const firewall = new StandInFirewall(gateway.firewallUrl, site.keys.firewall.certPem);
  await firewall.askToken(customer.clientId, customer.clientSecret);
  const now = () => Date.now() + passedMs;
  const lab: Lab = {
    customer,
    agent,
    firewall,
    async report(state, of = agent) {
      const source = {
        id: customer.syslogSourceId,
        kind: "syslog" as const,
        name: "VPN",
        state,
        sentence: "",
        since: now(),
        lastActivityAt: null,
        counters: {},
      };
      const answer = await of.client.post("/v1/health", aHealthReport({ sources: [source], firewalls: [] }));
      expect(answer.status).toBe(200);
    },
    async logon(user, of = {}) {
      const observation = anObservation({
        sourceId: customer.syslogSourceId,
        addressSpaceId: customer.addressSpaceId,
        principal: { name: user, domain: "corp.example" },
        effectiveAt: now(),
        receivedAt: now(),
        lifetimeMs: 480 * MINUTE,
        ...of,
      });
      await agent.send(aBatch([{ observation }], agent.take(1)));
    },
    async told(...wanted) {
      const all: string[] = [];
      await expect
        .poll(
          async () => {
            all.push(...(await firewall.poll()));
            return wanted.every((one) => all.includes(one));
          },
          { timeout: 15_000, interval: 100 },
        )
        .toBe(true);
      return all;
    },
  };
  try {
    await work(lab);
  } finally {
    agent.close();
    firewall.close();
  }
}

describe("a firewall of the cloud whose agent was killed", () => {
  it("is told the logoff two minutes later with drop, and the logon again when the agent is back, and nobody else", () =>
    withPoint("drop", async ({ report, logon, told, firewall }) => {
      await report("ok");
      await logon("ana");
      await told("10.20.3.7 ana logon");
      passedMs += MINUTE;
      expect(await told()).toEqual([]);
      passedMs += 2 * MINUTE;
      await told("10.20.3.7 ana logoff");
      expect((await firewall.ask("/user_query/v2/ip/10.20.3.7")).text).not.toContain("ana");
      await report("ok");
      const told_ = await told("10.20.3.7 ana logon");
      expect(new Set(told_)).toEqual(new Set(["10.20.3.7 ana logon"]));
    }));

  it("is told the logoff only after the minutes that are set with shorten", () =>
    withPoint("shorten", async ({ report, logon, told, firewall }) => {
      await report("ok");
      await logon("ana");
      await told("10.20.3.7 ana logon");
      passedMs += 9 * MINUTE;
      expect((await firewall.ask("/user_query/v2/ip/10.20.3.7")).text).toContain("ana");
      expect(await told()).toEqual([]);
      passedMs += 2 * MINUTE;
      await told("10.20.3.7 ana logoff");
    }));

  it("is looked at anew at once also after the clock was put back", () =>
    withPoint("drop", async ({ report, logon, told, firewall }) => {
      passedMs += 60 * MINUTE;
      await report("ok");
      await logon("ana");
      await told("10.20.3.7 ana logon");
      passedMs -= 30 * MINUTE;
      await report("broken");
      passedMs += 3 * MINUTE;
      await told("10.20.3.7 ana logoff");
      expect((await firewall.ask("/user_query/v2/ip/10.20.3.7")).text).not.toContain("ana");
    }));

  it("keeps whom it was told of with hold", () =>
    withPoint("hold", async ({ report, logon, told, firewall }) => {
      await report("ok");
      await logon("ana");
      await told("10.20.3.7 ana logon");
      passedMs += 60 * MINUTE;
      expect((await firewall.ask("/user_query/v2/ip/10.20.3.7")).text).toContain("ana");
      expect(await told()).toEqual([]);
    }));

  it("is told of people whom another agent's source names, while the first one's is dark", () =>
    withPoint("drop", async ({ report, logon, told, customer, agent }) => {
      const { tenantId, siteId, addressSpaceId } = customer;
      const other = "0b000000-0000-4000-8000-00000000000b";
      await site.database.withTenant(tenantId, ({ tx }) =>
        tx.syslogSource.create({
          data: {
            tenantId,
            id: other,
            siteId,
            addressSpaceId,
            name: "Second VPN",
            senders: ["10.0.0.2"],
            speaksFor: ["10.20.0.0/16"],
          },
        }),
      );
      await report("ok");
      await logon("ana");
      await told("10.20.3.7 ana logon");
      await report("broken", agent);
      passedMs += 3 * MINUTE;
      await told("10.20.3.7 ana logoff");
      // The same person by a source that is heard: no other name, and yet news for this firewall.
      await logon("ana", { sourceId: other });
      await told("10.20.3.7 ana logon");
    }));
});
