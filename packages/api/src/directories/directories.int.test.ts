import { open } from "@rollcall/pki";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  anAgentAt,
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "../testing/installation.ts";
import { aReport, reportHealth } from "../testing/reports.ts";
import { storedSealed } from "./sealed-password.ts";

let installation: TestInstallation;
let practice: TestPractice;
let number = 0;

beforeAll(async () => {
  installation = await createInstallation();
  practice = await installation.aPractice();
});
afterAll(() => installation?.close());

async function aCustomerWithAgents(count: number) {
  number += 1;
  const customer = `customer-${number}`;
  const { siteId } = await practice.api.customers.add({ name: customer });
  const tenantId = await tenantIdOf(installation, practice.id, customer);
  const agents = [];
  for (let i = 0; i < count; i += 1)
    agents.push(await anAgentAt(installation, { tenantId, siteId, name: `agent-${i}` }));
  return { customer, siteId, tenantId, agents };
}

async function sealedOf(tenantId: string) {
  const row = await installation.database.withTenant(tenantId, ({ tx }) =>
    tx.sealedSecret.findFirstOrThrow({ where: { tenantId } }),
  );
  return storedSealed(row.sealed);
}

const DC = { name: "DC-01", host: "dc01.meridian.example", bindUser: "reader@meridian.example" };

describe("a directory's password", () => {
  it("can be opened by each agent of the site and by nobody else", async () => {
    const { customer, siteId, tenantId, agents } = await aCustomerWithAgents(2);
    await practice.api.directories.add({ customer, siteId, ...DC, password: "pässwörd 1" });
    const sealed = await sealedOf(tenantId);
    expect(sealed).toHaveLength(2);
    for (const agent of agents) {
      const ciphertext = sealed.find((one) => one.agentId === agent.id)?.ciphertext ?? "";
      const privateKey = agent.sealingPrivateKey;
      expect(await open(ciphertext, { tenantId, agentId: agent.id, privateKey })).toEqual({
        kind: "opened",
        plaintext: "pässwörd 1",
      });
    }
    const [first, second] = agents;
    const foreign = sealed.find((one) => one.agentId === first?.id)?.ciphertext ?? "";
    const opened = await open(foreign, {
      tenantId,
      agentId: second?.id ?? "",
      privateKey: second?.sealingPrivateKey ?? "",
    });
    expect(opened.kind).toBe("refused");
  });

  it("is asked for only when an agent could open it: enrol first", async () => {
    const { customer, siteId } = await aCustomerWithAgents(0);
    await expect(
      practice.api.directories.add({ customer, siteId, ...DC, password: "x" }),
    ).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("Enrol an agent at this site first"),
    });
  });

  it("is never in an answer or in the audit log", async () => {
    const { customer, siteId } = await aCustomerWithAgents(1);
    const added = await practice.api.directories.add({ customer, siteId, ...DC, password: "s3cr3t-of-DC" });
    await practice.api.directories.update({
      customer,
      id: added.id,
      changes: { password: "s3cr3t-of-DC-2" },
    });
    const audit = await practice.api.audit.list({ customer });
    const list = await practice.api.directories.list({ customer });
    expect(JSON.stringify([added, audit, list])).not.toContain("s3cr3t-of-DC");
    expect(audit.items[0]).toMatchObject({ action: "directory.update", after: { password: "set" } });
  });

  it.each([
    ["another host", { host: "evil.example" }],
    ["another port", { port: 636 + 1 }],
    ["no TLS", { tls: "none" as const }],
    ["any certificate", { dangerouslyTrustAnyCertificate: true }],
    ["another account", { bindUser: "other@meridian.example" }],
  ])("must be typed again before it goes to %s", async (_, changes) => {
    const { customer, siteId } = await aCustomerWithAgents(1);
    const added = await practice.api.directories.add({ customer, siteId, ...DC, password: "x" });
    await expect(practice.api.directories.update({ customer, id: added.id, changes })).rejects.toMatchObject({
      code: "UNPROCESSABLE_CONTENT",
      cause: { reason: "password-needed" },
    });
    const typed = { ...changes, password: "y" };
    expect(await practice.api.directories.update({ customer, id: added.id, changes: typed })).toMatchObject(
      changes,
    );
  });

  it("need not be typed again for a change that leaves it where it is", async () => {
    const { customer, siteId } = await aCustomerWithAgents(1);
    const added = await practice.api.directories.add({ customer, siteId, ...DC, password: "x" });
    const changes = { name: "DC-1", pollSeconds: 60, enabled: false, host: DC.host };
    expect(await practice.api.directories.update({ customer, id: added.id, changes })).toMatchObject({
      name: "DC-1",
      pollSeconds: 60,
      health: { state: "off" },
    });
  });

  it("is said to be missing at an agent that was enrolled after it was typed", async () => {
    const { customer, siteId, tenantId } = await aCustomerWithAgents(1);
    const added = await practice.api.directories.add({ customer, siteId, ...DC, password: "x" });
    expect(added.agentsWithoutPassword).toEqual([]);
    await anAgentAt(installation, { tenantId, siteId, name: "newcomer" });
    const [listed] = (await practice.api.directories.list({ customer })).items;
    expect(listed?.agentsWithoutPassword).toEqual(["newcomer"]);
    const renewed = await practice.api.directories.update({
      customer,
      id: added.id,
      changes: { password: "x" },
    });
    expect(renewed.agentsWithoutPassword).toEqual([]);
  });
});

describe("a directory", () => {
  it("is shown as its agent reports it", async () => {
    const { customer, siteId, tenantId, agents } = await aCustomerWithAgents(1);
    const added = await practice.api.directories.add({ customer, siteId, ...DC, password: "x" });
    const now = installation.clock.now();
    await reportHealth(
      installation,
      { tenantId, agentId: agents[0]?.id ?? "" },
      aReport(now, {
        sources: [
          {
            id: added.id,
            kind: "directory",
            name: "DC-01",
            state: "broken",
            sentence: "DC-01 refuses the account (0x5).",
            since: now - 60_000,
            lastActivityAt: null,
            counters: { users: 1184 },
          },
        ],
      }),
    );
    const [listed] = (await practice.api.directories.list({ customer })).items;
    expect(listed).toMatchObject({
      health: { state: "bad", sentence: "DC-01 refuses the account (0x5)." },
      counters: { users: 1184 },
    });
    expect((await practice.api.customers.overview({ customer })).chain.sentence).toBe(
      "DC-01 refuses the account (0x5).",
    );
  });

  it("goes with its sealed password", async () => {
    const { customer, siteId, tenantId } = await aCustomerWithAgents(1);
    const added = await practice.api.directories.add({ customer, siteId, ...DC, password: "x" });
    await practice.api.directories.remove({ customer, id: added.id });
    const left = await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.sealedSecret.count({ where: { tenantId } }),
    );
    expect(left).toBe(0);
    await expect(practice.api.directories.remove({ customer, id: added.id })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("is added once, however often the button is pressed at the same time", async () => {
    const { customer, siteId } = await aCustomerWithAgents(1);
    const presses = Array.from({ length: 8 }, () =>
      practice.api.directories.add({ customer, siteId, ...DC, password: "x" }).then(
        () => "added",
        (error: { cause?: { reason?: string } }) => error.cause?.reason,
      ),
    );
    const outcomes = await Promise.all(presses);
    expect(outcomes.filter((outcome) => outcome === "added")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "name-taken")).toHaveLength(7);
  });
});
