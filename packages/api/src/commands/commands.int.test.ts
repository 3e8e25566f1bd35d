import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  anAgentAt,
  createInstallation,
  type TestAgent,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "../testing/installation.ts";

let installation: TestInstallation;
let practice: TestPractice;
let customer = "";
let siteId = "";
let tenantId = "";
let agent: TestAgent;

beforeAll(async () => {
  installation = await createInstallation();
  practice = await installation.aPractice();
  ({ slug: customer, siteId } = await practice.api.customers.add({ name: "Meridian" }));
  tenantId = await tenantIdOf(installation, practice.id, customer);
  agent = await anAgentAt(installation, { tenantId, siteId });
});
afterAll(() => installation?.close());

async function answer(
  id: string,
  data: { state: string; progress?: object; result?: object; message?: string },
) {
  await installation.database.withTenant(tenantId, ({ tx }) =>
    tx.agentCommand.update({ where: { tenantId_id: { tenantId, id } }, data }),
  );
}

describe("a command", () => {
  it("waits for the agent that serves the source, and the agents are rung", async () => {
    const source = await practice.api.syslog.add({ customer, siteId, name: "VPN", senders: ["10.20.0.9"] });
    installation.bell.rung.length = 0;
    const started = await practice.api.commands.start({
      customer,
      command: { kind: "test-source", sourceKind: "syslog", sourceId: source.id },
    });
    expect(started.agent).toEqual({ id: agent.id, name: "lon-a" });
    expect(installation.bell.rung).toContain(`commands:${tenantId}`);
    expect((await practice.api.commands.get({ customer, id: started.id })).state).toBe("queued");
  });

  it("to tell a firewall everything anew goes to the one agent that posts to it", async () => {
    const other = await anAgentAt(installation, { tenantId, siteId, name: "lon-b" });
    const { id } = await practice.api.points.add({ customer, name: "HQ", siteId });
    const askedOf = async (pushAgentId: string) => {
      await installation.database.withTenant(tenantId, ({ tx }) =>
        tx.enforcementPoint.update({ where: { tenantId_id: { tenantId, id } }, data: { pushAgentId } }),
      );
      const command = { kind: "push-resync", enforcementPointId: id } as const;
      return (await practice.api.commands.start({ customer, command })).agent.name;
    };
    expect([await askedOf(other.id), await askedOf(agent.id)]).toEqual(["lon-b", "lon-a"]);
    await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.agent.update({
        where: { tenantId_id: { tenantId, id: other.id } },
        data: { state: "revoked" },
      }),
    );
  });

  it("shows how far it is and what came of it", async () => {
    const { id } = await practice.api.commands.start({ customer, command: { kind: "tail" } });
    await answer(id, { state: "running", progress: { at: 1, sentence: "Listening for 10 s." } });
    expect(await practice.api.commands.get({ customer, id })).toMatchObject({
      state: "running",
      progress: "Listening for 10 s.",
    });
    const line = { at: 1, sender: "10.20.0.9", sourceId: null, line: "login user=ana", matched: false };
    await answer(id, { state: "done", result: { kind: "tail", lines: [line] } });
    expect(await practice.api.commands.get({ customer, id })).toMatchObject({ state: "done", lines: [line] });
  });

  it("is over when its deadline has passed", async () => {
    const { id, deadline } = await practice.api.commands.start({
      customer,
      command: { kind: "look-up-address", ip: "10.20.0.5" },
    });
    const before = installation.clock.now();
    installation.clock.set(deadline.getTime());
    expect(await practice.api.commands.get({ customer, id })).toMatchObject({
      state: "expired",
      message: "lon-a did not answer in time.",
    });
    installation.clock.set(before);
  });

  it("is not started for an agent that is not there to take it", async () => {
    const before = installation.clock.now();
    installation.clock.set(before + 61_000);
    await expect(practice.api.commands.start({ customer, command: { kind: "tail" } })).rejects.toMatchObject({
      code: "CONFLICT",
      message: "lon-a is not connected: it cannot be asked until it is.",
    });
    installation.clock.set(before);
  });

  it("may be started and seen by those only who may see what it shows", async () => {
    const installer = installation.as(await practice.principal({ role: "installer", customerId: tenantId }));
    for (const command of [
      { kind: "tail" } as const,
      { kind: "look-up-address", ip: "10.20.0.5" } as const,
    ]) {
      await expect(installer.commands.start({ customer, command })).rejects.toMatchObject({
        code: "FORBIDDEN",
      });
      const { id } = await practice.api.commands.start({ customer, command });
      await expect(installer.commands.get({ customer, id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
    const helpdesk = installation.as(await practice.principal({ role: "helpdesk", customerId: null }));
    await expect(helpdesk.commands.start({ customer, command: { kind: "tail" } })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    await helpdesk.commands.start({ customer, command: { kind: "look-up-address", ip: "10.20.0.5" } });
  });

  it("does not pile up before an agent that does not fetch them", async () => {
    const busy = await anAgentAt(installation, { tenantId, siteId, name: "busy" });
    const start = () =>
      practice.api.commands.start({ customer, agentId: busy.id, command: { kind: "tail" } });
    for (let i = 0; i < 20; i += 1) await start();
    await expect(start()).rejects.toMatchObject({ code: "CONFLICT", cause: { reason: "too-many-commands" } });
  });
});
