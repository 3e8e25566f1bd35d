import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  anAgentAt,
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "../testing/installation.ts";
import { aLogon, ip, observe } from "../testing/reports.ts";

let installation: TestInstallation;
let practice: TestPractice;
let number = 0;

beforeAll(async () => {
  installation = await createInstallation();
  practice = await installation.aPractice();
});
afterAll(() => installation?.close());

async function aCustomer() {
  const { slug: customer } = await practice.api.customers.add({ name: `settled-${++number}` });
  return { customer, tenantId: await tenantIdOf(installation, practice.id, customer) };
}

describe("a customer's settings", () => {
  it("are the agents' defaults until somebody chooses, and change one by one", async () => {
    const { customer } = await aCustomer();
    expect((await practice.api.settings.get({ customer })).settings).toEqual({
      corroboration: "detect",
      infrastructure: [],
      eventRulesOff: [],
      detection: {
        mode: "detect",
        suggestServiceAccountAt: 10,
        suppressServiceAccountAt: 25,
        multiUserAt: 3,
        natAt: 5,
        remoteDesktopAt: 2,
        exempt: [],
        exemptGroups: [],
        learnDays: 7,
      },
      pointDefaults: { whenSourcesDark: "shorten", darkMinutes: 30 },
      listenerTls: "compat",
      legacyListener: null,
    });
    await practice.api.settings.update({ customer, changes: { detection: { mode: "on" } } });
    const changed = await practice.api.settings.update({ customer, changes: { listenerTls: "modern" } });
    expect(changed.settings).toMatchObject({
      detection: { mode: "on", natAt: 5 },
      listenerTls: "modern",
      corroboration: "detect",
    });
    const { items } = await practice.api.audit.list({ customer });
    expect(items[0]?.action).toBe("customer.settings");
  });

  it("switch event rules off for every source of the customer, of those that there are", async () => {
    const { customer } = await aCustomer();
    const changed = await practice.api.settings.update({
      customer,
      changes: { eventRulesOff: ["event:4776"] },
    });
    expect(changed.settings.eventRulesOff).toEqual(["event:4776"]);
    await expect(
      practice.api.settings.update({ customer, changes: { eventRulesOff: ["event:4625"] } }),
    ).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });

  it("leave alone what other pages keep in the same place", async () => {
    const { customer, tenantId } = await aCustomer();
    const where = { id: tenantId };
    await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.customer.update({ where, data: { settings: { historyDays: 30, tombstoneHours: 48 } } }),
    );
    await practice.api.settings.update({ customer, changes: { corroboration: "off" } });
    const { settings } = await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.customer.findUniqueOrThrow({ where, select: { settings: true } }),
    );
    expect(settings).toEqual({ historyDays: 30, tombstoneHours: 48, corroboration: "off" });
  });

  it("open a listener for old firewalls to those that are named, for days that end, and store what an agent reads", async () => {
    const { customer, tenantId } = await aCustomer();
    const open = (legacyListener: { readonly days: number; readonly sources: string[] } | null) =>
      practice.api.settings.update({ customer, changes: { legacyListener } });
    const now = installation.clock.now();
    const { settings } = await open({ days: 30, sources: ["10.20.0.1"] });
    const until = now + 30 * 86_400_000;
    expect(settings.legacyListener).toEqual({ until: new Date(until), sources: ["10.20.0.1"], port: 8446 });
    const stored = await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.customer.findUniqueOrThrow({ where: { id: tenantId }, select: { settings: true } }),
    );
    expect(stored.settings).toEqual({ legacyListener: { until, sources: ["10.20.0.1"], port: 8446 } });
    expect((await open(null)).settings.legacyListener).toBeNull();
    for (const refused of [
      { days: 91, sources: ["10.20.0.1"] },
      { days: 1, sources: [] },
    ])
      await expect(open(refused)).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });

  it("that say nothing new raise no version and ring nobody", async () => {
    const { customer } = await aCustomer();
    const rungBefore = installation.bell.rung.length;
    await practice.api.settings.update({ customer, changes: { corroboration: "detect" } });
    expect(installation.bell.rung.length).toBe(rungBefore);
  });

  it("keep the first days of a site as long as somebody said, whatever else is changed of detection", async () => {
    const { customer } = await aCustomer();
    await practice.api.settings.update({
      customer,
      changes: { detection: { learnDays: 0, exemptGroups: ["CORP\\Helpdesk"] } },
    });
    const { settings } = await practice.api.settings.update({
      customer,
      changes: { detection: { natAt: 9 } },
    });
    expect(settings.detection).toMatchObject({ learnDays: 0, exemptGroups: ["CORP\\Helpdesk"], natAt: 9 });
  });

  it("silence no account before it is suggested", async () => {
    const { customer } = await aCustomer();
    const crossed = practice.api.settings.update({
      customer,
      changes: { detection: { suppressServiceAccountAt: 9 } },
    });
    await expect(crossed).rejects.toMatchObject({ code: "UNPROCESSABLE_CONTENT" });
  });

  it("decide what a new firewall does when its sources are dark", async () => {
    const { customer } = await aCustomer();
    await practice.api.settings.update({ customer, changes: { pointDefaults: { whenSourcesDark: "drop" } } });
    const { id } = await practice.api.points.add({ customer, name: "FW" });
    const own = await practice.api.points.add({ customer, name: "Own", whenSourcesDark: "hold" });
    expect((await practice.api.points.get({ customer, id })).whenSourcesDark).toBe("drop");
    expect((await practice.api.points.get({ customer, id: own.id })).whenSourcesDark).toBe("hold");
  });
});

describe("corroboration, before it is switched on", () => {
  it("says at which addresses another answer would be given, and what it would be", async () => {
    const { customer, tenantId } = await aCustomer();
    const [space] = (await practice.api.sites.list({ customer })).addressSpaces;
    const siteId = (await practice.api.sites.list({ customer })).items[0]?.id ?? "";
    const agent = await anAgentAt(installation, { tenantId, siteId });
    const at = installation.clock.now() - 60_000;
    const ticket = (address: string, name: string) =>
      aLogon({
        addressSpaceId: space?.id ?? "",
        ip: ip(address),
        effectiveAt: at,
        family: "event-log",
        class: "B",
        rule: "event:4768",
        principal: { name, domain: "meridian.example" },
      });
    await observe(installation, { tenantId, agentId: agent.id }, [
      ticket("10.20.0.5", "ana"),
      ticket("10.20.0.6", "ben"),
      aLogon({
        addressSpaceId: space?.id ?? "",
        ip: ip("10.20.0.6"),
        effectiveAt: at + 1000,
        family: "event-log",
        class: "C",
        verb: "refresh",
        rule: "event:4769-dc",
        principal: { name: "ben", domain: "meridian.example" },
      }),
      aLogon({ addressSpaceId: space?.id ?? "", ip: ip("10.20.0.7"), effectiveAt: at }),
    ]);
    const preview = await practice.api.settings.corroborationPreview({ customer });
    expect(preview).toMatchObject({ looked: 2, changed: 1 });
    expect(preview.examples).toMatchObject([{ ip: "10.20.0.5", is: "meridian.example\\ana" }]);
  });
  it("is obeyed by the cloud at once for everybody who is known already", async () => {
    const { customer, tenantId } = await aCustomer();
    const { addressSpaces, items } = await practice.api.sites.list({ customer });
    const agent = await anAgentAt(installation, { tenantId, siteId: items[0]?.id ?? "" });
    const now = installation.clock.now();
    const there = { addressSpaceId: addressSpaces[0]?.id ?? "", ip: ip("10.20.0.7") };
    await observe(installation, { tenantId, agentId: agent.id }, [
      aLogon({
        ...there,
        effectiveAt: now - 3_600_000,
        principal: { name: "ana", domain: "meridian.example" },
      }),
      aLogon({
        ...there,
        effectiveAt: now - 60_000,
        family: "event-log",
        class: "B",
        rule: "event:4768",
        principal: { name: "task", domain: "meridian.example" },
      }),
    ]);
    const who = async () =>
      (await installation.database.ledger.loadTable(tenantId)).entries.map(({ user }) => user?.name);
    expect(await who()).toEqual(["task"]);
    await practice.api.settings.update({ customer, changes: { corroboration: "on" } });
    await installation.database.ledger.sweep(tenantId, now);
    expect(await who()).toEqual(["ana"]);
  });
});
