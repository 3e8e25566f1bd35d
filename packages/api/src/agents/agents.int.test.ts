import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { readOnboardingText } from "@rollcall/agent-protocol";
import { verifyOnboarding } from "@rollcall/pki";
import { makeTempDir } from "@rollcall/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  anAgentAt,
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "../testing/installation.ts";
import { aReport, reportHealth } from "../testing/reports.ts";

let installation: TestInstallation;
let practice: TestPractice;
let number = 0;

beforeAll(async () => {
  installation = await createInstallation();
  practice = await installation.aPractice();
});
afterAll(() => installation?.close());

async function aCustomer() {
  number += 1;
  const customer = `customer-${number}`;
  const { siteId } = await practice.api.customers.add({ name: customer, siteName: "London" });
  return { customer, siteId, tenantId: await tenantIdOf(installation, practice.id, customer) };
}

describe("an onboarding file", () => {
  it("is one that an agent believes: signed, for this gateway, this tenant, this site, for 72 hours", async () => {
    const { customer, siteId, tenantId } = await aCustomer();
    const ticket = await practice.api.agents.issueOnboarding({ customer, siteId });
    const verified = verifyOnboarding(ticket.fileText, { now: installation.clock.now() });
    if (verified.kind !== "verified") throw new Error(verified.kind);
    expect(verified.fileKeyFingerprint).toBe(ticket.fileKeyFingerprint);
    expect(verified.payload).toMatchObject({
      tenant: { id: tenantId, name: customer },
      site: { id: siteId, name: "London" },
      agent: { name: "london-a", purpose: "enrol", agent_id: null },
      endpoints: { enrol: "https://gateway.example:8443", stream: "https://gateway.example:8443" },
      trust: { ca_sha256: ticket.caSha256 },
    });
    expect(Date.parse(verified.payload.token.not_after) - installation.clock.now()).toBe(72 * 3_600_000);
    expect(ticket.fileName).toBe("rollcall-onboarding-london.json");
  });

  it("reaches the agent unchanged through the one command, read by a real shell", async () => {
    const { customer, siteId } = await aCustomer();
    const { command, fileText } = await practice.api.agents.issueOnboarding({ customer, siteId });
    const folder = makeTempDir("rollcall-path-");
    writeFileSync(
      path.join(folder, "rollcall-agent"),
      '#!/bin/sh\n[ "$*" = "enroll --stdin" ] && exec cat\n',
      {
        mode: 0o755,
      },
    );
    const env = { PATH: `${folder}:/usr/bin:/bin` };
    const given = execFileSync("sh", ["-c", command], { encoding: "utf8", env });
    expect(readOnboardingText(given).kind).toBe("read");
    expect(given).toBe(`${fileText}\n`);
  });

  it("is valid from an hour to seven days and no other time", async () => {
    const { customer, siteId } = await aCustomer();
    const issue = (validHours: number) =>
      practice.api.agents.issueOnboarding({ customer, siteId, validHours });
    await expect(issue(0)).rejects.toMatchObject({ code: "BAD_REQUEST" });
    await expect(issue(169)).rejects.toMatchObject({ code: "BAD_REQUEST" });
    expect((await issue(1)).notAfter.getTime() - installation.clock.now()).toBe(3_600_000);
    expect((await issue(168)).notAfter.getTime() - installation.clock.now()).toBe(7 * 86_400_000);
  });

  it("names the next agent by itself, and refuses the name of one that is there", async () => {
    const { customer, siteId, tenantId } = await aCustomer();
    await anAgentAt(installation, { tenantId, siteId, name: "london-a" });
    expect((await practice.api.agents.issueOnboarding({ customer, siteId })).agentName).toBe("london-b");
    expect((await practice.api.agents.issueOnboarding({ customer, siteId })).agentName).toBe("london-c");
    await expect(
      practice.api.agents.issueOnboarding({ customer, siteId, agentName: "london-a" }),
    ).rejects.toMatchObject({ code: "UNPROCESSABLE_CONTENT", cause: { reason: "agent-name-taken" } });
  });

  it("can be revoked until it was used; the list says what became of each", async () => {
    const { customer, siteId, tenantId } = await aCustomer();
    const { api } = practice;
    const [revoked, used, expired] = [
      await api.agents.issueOnboarding({ customer, siteId }),
      await api.agents.issueOnboarding({ customer, siteId }),
      await api.agents.issueOnboarding({ customer, siteId, validHours: 1 }),
    ];
    expect((await api.agents.revokeEnrolment({ customer, enrolmentId: revoked.enrolmentId })).state).toBe(
      "revoked",
    );
    await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.enrolmentToken.update({
        where: { tenantId_id: { tenantId, id: used.enrolmentId } },
        data: { usedAt: new Date(installation.clock.now()) },
      }),
    );
    await expect(
      api.agents.revokeEnrolment({ customer, enrolmentId: used.enrolmentId }),
    ).rejects.toMatchObject({ code: "CONFLICT", cause: { reason: "already-used" } });
    installation.clock.set(installation.clock.now() + 3_600_001);
    const states = new Map(
      (await api.agents.enrolments({ customer })).items.map((one) => [one.id, one.state]),
    );
    expect([revoked, used, expired].map((ticket) => states.get(ticket.enrolmentId))).toEqual([
      "revoked",
      "used",
      "expired",
    ]);
  });
});

describe("an agent", () => {
  it("is shown with its health, its offset and what it runs", async () => {
    const { customer, siteId, tenantId } = await aCustomer();
    const agent = await anAgentAt(installation, { tenantId, siteId });
    const now = installation.clock.now();
    await reportHealth(
      installation,
      { tenantId, agentId: agent.id },
      aReport(now, { at: now - 7_000, sessions: 236, configVersion: 1 }),
    );
    const [row] = (await practice.api.agents.list({ customer })).items;
    expect(row).toMatchObject({
      name: "lon-a",
      site: { name: "London" },
      sessions: 236,
      clockOffsetMs: -7_000,
      config: { wanted: 1, applied: 1, refused: null },
    });
    expect(row?.health.sentence).toContain("its clock is 7 s behind");
  });

  it("that is given names for firewalls makes a new configuration version, once", async () => {
    const { customer, siteId, tenantId } = await aCustomer();
    const agent = await anAgentAt(installation, { tenantId, siteId });
    const versionOf = async () => (await practice.api.customers.overview({ customer })).configVersion;
    const before = await versionOf();
    installation.bell.rung.length = 0;
    for (let i = 0; i < 2; i += 1)
      await practice.api.agents.setFirewallNames({
        customer,
        id: agent.id,
        names: ["Agent.Example", "10.20.0.5"],
      });
    expect(await versionOf()).toBe(before + 1);
    expect(installation.bell.rung.filter((topic) => topic.startsWith("config:"))).toEqual([
      `config:${tenantId}`,
    ]);
    expect((await practice.api.agents.get({ customer, id: agent.id })).firewallNames).toEqual([
      "agent.example",
      "10.20.0.5",
    ]);
  });

  it("that is revoked loses its certificates, its commands and what was sealed to it", async () => {
    const { customer, siteId, tenantId } = await aCustomer();
    const { api } = practice;
    const [gone, stays] = [
      await anAgentAt(installation, { tenantId, siteId, name: "gone" }),
      await anAgentAt(installation, { tenantId, siteId, name: "stays" }),
    ];
    await api.directories.add({
      customer,
      siteId,
      name: "DC",
      host: "dc.example",
      bindUser: "r",
      password: "secret",
    });
    const command = await api.commands.start({ customer, agentId: gone.id, command: { kind: "tail" } });
    await api.agents.revoke({ customer, id: gone.id });
    expect((await api.agents.get({ customer, id: gone.id })).certificates.map((one) => one.state)).toEqual([
      "revoked",
    ]);
    expect((await api.commands.get({ customer, id: command.id })).state).toBe("failed");
    const sealed = await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.sealedSecret.findFirstOrThrow({ where: { tenantId } }),
    );
    expect(JSON.stringify(sealed.sealed)).not.toContain(gone.id);
    expect(JSON.stringify(sealed.sealed)).toContain(stays.id);
  });
});

describe("a change", () => {
  it("stands in the audit log with who made it, from where, and by which request", async () => {
    const { customer, siteId, tenantId } = await aCustomer();
    const agent = await anAgentAt(installation, { tenantId, siteId });
    await practice.api.agents.setFirewallNames({ customer, id: agent.id, names: ["a.example"] });
    const { items } = await practice.api.audit.list({ customer, action: "agent." });
    expect(items[0]).toMatchObject({
      actor: { kind: "user", id: practice.owner.userId, name: "Nora North", viaProvider: true },
      action: "agent.firewall-names.set",
      object: { kind: "agent", id: agent.id, name: "lon-a" },
      before: { firewallNames: [] },
      after: { firewallNames: ["a.example"] },
      sourceIp: "192.0.2.7",
      requestId: "request-1",
      result: "done",
    });
  });

  it("that fails leaves no audit entry, no version and no ring", async () => {
    const { customer, siteId } = await aCustomer();
    const before = await practice.api.customers.overview({ customer });
    installation.bell.rung.length = 0;
    await expect(
      practice.api.directories.add({
        customer,
        siteId,
        name: "DC",
        host: "dc.example",
        bindUser: "r",
        password: "x",
      }),
    ).rejects.toMatchObject({ code: "CONFLICT", cause: { reason: "no-agent" } });
    const after = await practice.api.customers.overview({ customer });
    expect([after.configVersion, after.recentChanges]).toEqual([before.configVersion, before.recentChanges]);
    expect(installation.bell.rung).toEqual([]);
  });

  it("of a customer's own people is not marked as the provider's", async () => {
    const { customer, tenantId } = await aCustomer();
    const admin = await practice.principal({ role: "customer-admin", customerId: tenantId });
    await installation.as(admin).sites.add({ customer, name: "Leeds" });
    const { items } = await practice.api.audit.list({ customer, action: "site.add" });
    expect(items[0]?.actor.viaProvider).toBe(false);
  });
});
