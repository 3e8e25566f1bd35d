import { configReply } from "@rollcall/agent-protocol";
import { aHealthReport } from "@rollcall/agent-protocol/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type RunningGateway,
  StandInAgent,
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

let customer: TestCustomer;
let first: StandInAgent;
let second: StandInAgent;
beforeEach(async () => {
  customer = await site.customer();
  const enrolled = async (agentName: string) =>
    StandInAgent.enrol(gateway.agentUrl, await site.onboarding(customer, { agentName }));
  first = await enrolled("zrh-a");
  second = await enrolled("zrh-b");
  return () => {
    first.close();
    second.close();
  };
});

/** As the portal saves it: sealed to these agents. */
async function postFromAgents(...agents: readonly StandInAgent[]): Promise<void> {
  const { tenantId, pointId, siteId } = customer;
  const sealed = agents.map(({ enrolled }) => ({ agentId: enrolled.agentId, ciphertext: "c".repeat(80) }));
  await site.database.withTenant(tenantId, async ({ tx }) => {
    const secret = await tx.sealedSecret.create({ data: { tenantId, siteId, name: "push", sealed } });
    await tx.enforcementPoint.update({
      where: { tenantId_id: { tenantId, id: pointId } },
      data: {
        siteId,
        push: { url: "https://192.0.2.1:8443", user: "rollcall", maxPostsPerSecond: 10 },
        pushFrom: "agent",
        pushSecretId: secret.id,
      },
    });
  });
  await saved();
}

async function saved(): Promise<void> {
  const { tenantId } = customer;
  await site.database.withTenant(tenantId, ({ tx }) =>
    tx.customer.update({ where: { id: tenantId }, data: { configVersion: { increment: 1 } } }),
  );
  site.bell.ring(`config:${tenantId}`);
}

async function setPoint(data: { pushFrom: string }): Promise<void> {
  const { tenantId, pointId } = customer;
  await site.database.withTenant(tenantId, ({ tx }) =>
    tx.enforcementPoint.update({ where: { tenantId_id: { tenantId, id: pointId } }, data }),
  );
  await saved();
}

const says = (agent: StandInAgent) =>
  agent.client.post("/v1/health", aHealthReport({ sources: [], firewalls: [] }));
/** Whose turn it is by the configurations that the two are given: of each its number, null where it does not post. */
async function turns(): Promise<(number | null)[]> {
  const of = async (agent: StandInAgent) => {
    const { config } = configReply.parse((await agent.client.get("/v1/config")).body);
    return config.enforcementPoints.find(({ id }) => id === customer.pointId)?.push?.turn ?? null;
  };
  return [await of(first), await of(second)];
}
const until = (look: () => unknown) => expect.poll(look, { timeout: 15_000, interval: 100 });

describe("a firewall that the agents of a site post to", () => {
  it("is given to the one enrolled first, to the next once that is gone for two minutes, and stays there", async () => {
    await says(first);
    await says(second);
    await postFromAgents(first, second);
    await until(turns).toEqual([1, null]);
    passedMs += 3 * MINUTE;
    const { version } = configReply.parse((await second.client.get("/v1/config")).body);
    const waiting = second.client.get(`/v1/config?have=${version}&wait=30`);
    await says(second);
    const { config } = configReply.parse((await waiting).body);
    expect(config.enforcementPoints[0]?.push?.turn, "it is told by its long poll").toBe(2);
    expect(await turns()).toEqual([null, 2]);
    await says(first);
    await saved();
    passedMs += MINUTE;
    await says(first);
    await says(second);
    await expect.poll(turns, { timeout: 3000, interval: 500 }).toEqual([null, 2]);
  });

  it("is given to nobody who could not open the password or was revoked", async () => {
    await says(first);
    await says(second);
    await postFromAgents(second);
    await until(turns).toEqual([null, 1]);
    const { tenantId } = customer;
    await site.database.withTenant(tenantId, ({ tx }) =>
      tx.agent.update({
        where: { tenantId_id: { tenantId, id: second.enrolled.agentId } },
        data: { state: "revoked" },
      }),
    );
    await saved();
    const chosen = () =>
      site.database.withTenant(tenantId, ({ tx }) =>
        tx.enforcementPoint
          .findUniqueOrThrow({ where: { tenantId_id: { tenantId, id: customer.pointId } } })
          .then(({ pushAgentId }) => pushAgentId),
      );
    await until(chosen).toBeNull();
  });

  it("counts another turn when it comes back from the cloud, which told it of others", async () => {
    await says(first);
    await postFromAgents(first);
    await until(turns).toEqual([1, null]);
    await setPoint({ pushFrom: "cloud" });
    const chosen = () =>
      site.database.withTenant(customer.tenantId, ({ tx }) =>
        tx.enforcementPoint.count({ where: { pushAgentId: { not: null } } }),
      );
    await until(chosen).toBe(0);
    await setPoint({ pushFrom: "agent" });
    await until(turns).toEqual([2, null]);
  });
});
