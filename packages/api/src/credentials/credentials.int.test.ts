import { open } from "@rollcall/pki";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storedSealed } from "../directories/sealed-password.ts";
import {
  anAgentAt,
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "../testing/installation.ts";
import { aReport, reportHealth } from "../testing/reports.ts";
import { A_CA_PEM } from "../testing/sample-inputs.ts";

let installation: TestInstallation;
let practice: TestPractice;
let number = 0;

beforeAll(async () => {
  installation = await createInstallation();
  practice = await installation.aPractice();
});
afterAll(() => installation?.close());

async function aCustomerWithAgents(count = 1) {
  number += 1;
  const customer = `customer-${number}`;
  const { siteId } = await practice.api.customers.add({ name: customer });
  const tenantId = await tenantIdOf(installation, practice.id, customer);
  const agents = [];
  for (let i = 0; i < count; i += 1)
    agents.push(await anAgentAt(installation, { tenantId, siteId, name: `agent-${i}` }));
  return { customer, siteId, tenantId, agents };
}

const READER = { name: "Event reader", user: "reader@corp.example", password: "pässwörd 1" };
const DC_LOG = { kind: "domain-controller", name: "DC-01", host: "dc1.corp.example" } as const;
const refusal = (reason: string) => ({ cause: { reason } });

describe("a login that sources share", () => {
  it("can be opened by each agent of the customer, at every site, and by nobody else", async () => {
    const { customer, tenantId, agents } = await aCustomerWithAgents();
    const { id: elsewhere } = await practice.api.sites.add({ customer, name: "Plant" });
    const [first] = agents;
    const second = await anAgentAt(installation, { tenantId, siteId: elsewhere, name: "plant-a" });
    await practice.api.credentials.add({ customer, ...READER });
    const { sealed } = await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.credential.findFirstOrThrow({ where: { tenantId } }),
    );
    for (const agent of [first, second]) {
      const ciphertext = storedSealed(sealed).find((one) => one.agentId === agent?.id)?.ciphertext ?? "";
      const to = { tenantId, agentId: agent?.id ?? "", privateKey: agent?.sealingPrivateKey ?? "" };
      expect(await open(ciphertext, to)).toEqual({ kind: "opened", plaintext: "pässwörd 1" });
      const others = storedSealed(sealed).find((one) => one.agentId !== agent?.id)?.ciphertext ?? "";
      expect((await open(others, to)).kind).toBe("refused");
    }
  });

  it("is never in an answer or in the audit log, and waits for an agent", async () => {
    const { customer } = await aCustomerWithAgents();
    const added = await practice.api.credentials.add({ customer, ...READER, password: "s3cr3t-of-reader" });
    const changed = await practice.api.credentials.update({
      customer,
      id: added.id,
      changes: { password: "s3cr3t-of-reader-2" },
    });
    const { items } = await practice.api.audit.list({ customer });
    expect(JSON.stringify([added, changed, items])).not.toContain("s3cr3t-of-reader");
    expect(items[0]).toMatchObject({ action: "credential.update", after: { password: "set" } });
    const { customer: agentless } = await aCustomerWithAgents(0);
    await expect(practice.api.credentials.add({ customer: agentless, ...READER })).rejects.toMatchObject(
      refusal("no-agent"),
    );
  });

  it.each([
    ["for another account", { user: "other@corp.example" }],
    ["of another realm", { realm: "evil.example" }],
    ["to other controllers", { kdcs: ["dc.evil.example"] }],
    ["by NTLM too", { allowNtlm: true }],
  ])("must be typed again before it proves itself %s", async (_, changes) => {
    const { customer } = await aCustomerWithAgents();
    const { id } = await practice.api.credentials.add({ customer, ...READER });
    await expect(practice.api.credentials.update({ customer, id, changes })).rejects.toMatchObject(
      refusal("password-needed"),
    );
    const typed = { ...changes, password: "y" };
    expect(await practice.api.credentials.update({ customer, id, changes: typed })).toMatchObject(changes);
  });

  it("need not be typed again for another name, or to be used in fewer ways", async () => {
    const { customer } = await aCustomerWithAgents();
    const { id } = await practice.api.credentials.add({ customer, ...READER, allowNtlm: true });
    const changes = { name: "Reader of logs", allowNtlm: false };
    expect(await practice.api.credentials.update({ customer, id, changes })).toMatchObject(changes);
  });

  it("says its realm, or NTLM is allowed: else no agent could use it, and its whole configuration would be refused", async () => {
    const { customer } = await aCustomerWithAgents();
    const bare = { ...READER, user: "CORP\\reader" };
    await expect(practice.api.credentials.add({ customer, ...bare })).rejects.toMatchObject(
      refusal("no-realm"),
    );
    const { id } = await practice.api.credentials.add({ customer, ...bare, realm: "corp.example" });
    await expect(
      practice.api.credentials.update({ customer, id, changes: { realm: null, password: "x" } }),
    ).rejects.toMatchObject(refusal("no-realm"));
  });

  it("is used by no event log that an agent would refuse its whole configuration for", async () => {
    const { customer, siteId } = await aCustomerWithAgents();
    const { id: credentialId } = await practice.api.credentials.add({ customer, ...READER });
    const add = (of: object) =>
      practice.api.eventSources.add({ customer, siteId, credentialId, ...DC_LOG, ...of });
    await expect(add({ channelPath: "ForwardedEvents" })).rejects.toMatchObject(refusal("other-log"));
    await expect(add({ kind: "exchange", channelPath: "Application" })).rejects.toMatchObject(
      refusal("other-log"),
    );
    for (const query of [
      "<Query></QueryList>",
      "&nope;</QueryList>",
      "a < b</QueryList>",
      "</QueryList><QueryList></QueryList>",
    ])
      await expect(add({ query: `<QueryList>${query}` })).rejects.toMatchObject({ code: "BAD_REQUEST" });
    const collector = await add({ kind: "event-collector", channelPath: "ForwardedEvents" });
    await expect(
      practice.api.eventSources.update({ customer, id: collector.id, changes: { kind: "exchange" } }),
    ).rejects.toMatchObject(refusal("other-log"));
    await practice.api.eventSources.update({
      customer,
      id: collector.id,
      changes: { kind: "exchange", channelPath: null },
    });
  });

  it("is used by as many event logs of a site as an agent takes, and the next is refused with what to do", async () => {
    const { customer, siteId, tenantId } = await aCustomerWithAgents();
    const { id: credentialId } = await practice.api.credentials.add({ customer, ...READER });
    const first = await practice.api.eventSources.add({ customer, siteId, credentialId, ...DC_LOG });
    await installation.database.withTenant(tenantId, async ({ tx }) => {
      const row = await tx.eventSource.findUniqueOrThrow({
        where: { tenantId_id: { tenantId, id: first.id } },
      });
      const { id: _, ...copied } = row;
      await tx.eventSource.createMany({
        data: Array.from({ length: 99 }, (__, n) => ({ ...copied, name: `DC ${n}` })),
      });
    });
    const more = practice.api.eventSources.add({
      customer,
      siteId,
      credentialId,
      ...DC_LOG,
      name: "One more",
    });
    await expect(more).rejects.toMatchObject({
      message: expect.stringContaining("100 event logs at this site already"),
      ...refusal("no-more"),
    });
  });

  it("keeps NTLM while an event log that uses it is named by its address", async () => {
    const { customer, siteId } = await aCustomerWithAgents();
    const { id } = await practice.api.credentials.add({ customer, ...READER, allowNtlm: true });
    const log = { ...DC_LOG, host: "10.20.0.10" };
    await practice.api.eventSources.add({ customer, siteId, credentialId: id, ...log });
    await expect(
      practice.api.credentials.update({ customer, id, changes: { allowNtlm: false } }),
    ).rejects.toMatchObject({ message: expect.stringContaining("DC-01"), ...refusal("addresses-need-ntlm") });
  });

  it("is not removed while it is used, and the refusal names its users, each by its name", async () => {
    const { customer, siteId } = await aCustomerWithAgents();
    const { id: credentialId } = await practice.api.credentials.add({ customer, ...READER });
    const directory = { siteId, name: "AD", host: "dc1.corp.example", credentialId };
    const { id: directoryId } = await practice.api.directories.add({ customer, ...directory });
    const log = await practice.api.eventSources.add({ customer, siteId, credentialId, ...DC_LOG });
    await practice.api.probes.set({ customer, siteId, enabled: false, credentialIds: [credentialId] });
    const [listed] = (await practice.api.credentials.list({ customer })).items;
    expect(listed?.usedBy.map(({ kind, name }) => [kind, name])).toEqual([
      ["directory", "AD"],
      ["event-log", "DC-01"],
      ["pc-probe", "PC probe"],
    ]);
    const remove = () => practice.api.credentials.remove({ customer, id: credentialId });
    await expect(remove()).rejects.toMatchObject({
      message: expect.stringMatching(/AD, DC-01, PC probe of /),
      ...refusal("in-use"),
    });
    await practice.api.directories.remove({ customer, id: directoryId });
    await practice.api.eventSources.remove({ customer, id: log.id });
    await expect(remove()).rejects.toMatchObject(refusal("in-use"));
    await practice.api.probes.remove({ customer, siteId });
    expect(await remove()).toEqual({ id: credentialId });
  });

  it("is paused where one agent of several paused it, and the agent that did stands first", async () => {
    const { customer, siteId, tenantId, agents } = await aCustomerWithAgents(2);
    const { id } = await practice.api.credentials.add({ customer, ...READER });
    await practice.api.eventSources.add({ customer, siteId, credentialId: id, ...DC_LOG });
    const now = installation.clock.now();
    const said = (state: "ok" | "paused", sentence: string) => ({
      credentialId: id,
      name: READER.name,
      state,
      sentence,
      successes: 3,
      failures: state === "paused" ? 2 : 0,
      lastSuccessAt: now - 60_000,
      lastFailureAt: state === "paused" ? now - 1000 : null,
      usedBy: [],
    });
    const states = [said("ok", "It works."), said("paused", "Refused twice in a row.")];
    for (const [index, state] of states.entries())
      await reportHealth(
        installation,
        { tenantId, agentId: agents[index]?.id ?? "" },
        aReport(now, { credentials: [state] }),
      );
    const [listed] = (await practice.api.credentials.list({ customer })).items;
    expect(listed).toMatchObject({ state: "paused", sentence: "Refused twice in a row." });
    expect(listed?.agents.map(({ name, failures }) => [name, failures])).toEqual([
      ["agent-1", 2],
      ["agent-0", 0],
    ]);
  });

  it("raises the configuration's version when its password changes, so that agents that paused it try again", async () => {
    const { customer } = await aCustomerWithAgents();
    const { id } = await practice.api.credentials.add({ customer, ...READER });
    const version = async () => (await practice.api.customers.overview({ customer })).configVersion;
    const before = await version();
    await practice.api.credentials.update({ customer, id, changes: { password: "another" } });
    expect(await version()).toBe(before + 1);
    await practice.api.credentials.update({ customer, id, changes: { name: READER.name } });
    expect(await version()).toBe(before + 1);
  });

  it("is said to be missing at an agent of a site that uses it, enrolled since", async () => {
    const { customer, siteId, tenantId } = await aCustomerWithAgents();
    const { id } = await practice.api.credentials.add({ customer, ...READER });
    await anAgentAt(installation, { tenantId, siteId, name: "newcomer" });
    const missing = async () =>
      (await practice.api.credentials.list({ customer })).items[0]?.agentsWithoutPassword;
    expect(await missing()).toEqual([]);
    await practice.api.eventSources.add({ customer, siteId, credentialId: id, ...DC_LOG });
    expect(await missing()).toEqual(["newcomer"]);
    await practice.api.credentials.update({ customer, id, changes: { password: "again" } });
    expect(await missing()).toEqual([]);
  });
});

describe("a directory that is read with a shared login", () => {
  it.each([
    ["outside the login's domain", { host: "dc.evil.example" }],
    ["at an address, which lies in no domain", { host: "10.20.0.10" }],
    ["in clear", { host: "dc1.corp.example", tls: "none" as const }],
    ["to whoever answers", { host: "dc1.corp.example", dangerouslyTrustAnyCertificate: true }],
  ])("is not shown the stored password %s", async (_, place) => {
    const { customer, siteId } = await aCustomerWithAgents();
    const { id: credentialId } = await practice.api.credentials.add({ customer, ...READER });
    const directory = { customer, siteId, name: "AD", credentialId, ...place };
    await expect(practice.api.directories.add(directory)).rejects.toMatchObject(refusal("password-needed"));
    const inside = { ...directory, host: "dc1.corp.example", tls: "ldaps" as const };
    const { id } = await practice.api.directories.add({ ...inside, dangerouslyTrustAnyCertificate: false });
    await expect(practice.api.directories.update({ customer, id, changes: place })).rejects.toMatchObject(
      refusal("password-needed"),
    );
    const changed = await practice.api.directories.update({
      customer,
      id,
      changes: { ...place, password: "typed" },
    });
    expect(changed).toMatchObject(place);
    // What was typed is the login's password from then on, and is said to be.
    const { items } = await practice.api.audit.list({ customer });
    expect(items.map(({ action }) => action)).toContain("credential.update");
  });

  it("changes between a login of its own and a shared one, and keeps no sealed password behind", async () => {
    const { customer, siteId, tenantId } = await aCustomerWithAgents();
    const { id: credentialId } = await practice.api.credentials.add({ customer, ...READER });
    const own = { bindUser: "own@corp.example", password: "x" };
    const { id } = await practice.api.directories.add({
      customer,
      siteId,
      name: "AD",
      host: "dc1.corp.example",
      ...own,
    });
    const secrets = () =>
      installation.database.withTenant(tenantId, ({ tx }) => tx.sealedSecret.count({ where: { tenantId } }));
    const shared = await practice.api.directories.update({ customer, id, changes: { credentialId } });
    expect(shared).toMatchObject({ bindUser: null, credential: { id: credentialId } });
    expect(await secrets()).toBe(0);
    const back = { bindUser: own.bindUser };
    await expect(practice.api.directories.update({ customer, id, changes: back })).rejects.toMatchObject(
      refusal("password-needed"),
    );
    const again = await practice.api.directories.update({
      customer,
      id,
      changes: { ...back, password: "y" },
    });
    expect(again).toMatchObject({ bindUser: own.bindUser, credential: null });
    expect(await secrets()).toBe(1);
  });

  it("has one login: not two, and not none", async () => {
    const { customer, siteId } = await aCustomerWithAgents();
    const { id: credentialId } = await practice.api.credentials.add({ customer, ...READER });
    const place = { customer, siteId, name: "AD", host: "dc1.corp.example" };
    for (const login of [
      { credentialId, bindUser: "own@corp.example" },
      {},
      { bindUser: "own@corp.example" },
    ])
      await expect(practice.api.directories.add({ ...place, ...login })).rejects.toMatchObject({
        code: "BAD_REQUEST",
      });
  });
});

describe("a Windows event log", () => {
  it("is shown as its agent reports it, and its silence is said by the customer's chain", async () => {
    const { customer, siteId, tenantId, agents } = await aCustomerWithAgents();
    const { id: credentialId } = await practice.api.credentials.add({ customer, ...READER });
    const added = await practice.api.eventSources.add({ customer, siteId, credentialId, ...DC_LOG });
    expect(added).toMatchObject({
      credential: { name: READER.name },
      channelPath: null,
      health: { state: "busy" },
    });
    const now = installation.clock.now();
    await reportHealth(
      installation,
      { tenantId, agentId: agents[0]?.id ?? "" },
      aReport(now, {
        sources: [
          {
            id: added.id,
            kind: "event-log",
            name: "DC-01",
            state: "broken",
            sentence: "DC-01 refuses the account (0x5).",
            since: now - 60_000,
            lastActivityAt: now - 90_000,
            counters: { received: 41, matched: 12 },
          },
        ],
      }),
    );
    const [listed] = (await practice.api.eventSources.list({ customer })).items;
    expect(listed).toMatchObject({ health: { state: "bad" }, counters: { received: 41, matched: 12 } });
    expect((await practice.api.customers.overview({ customer })).chain.sentence).toContain("refuses");
  });

  it("is tested by an agent of its own site", async () => {
    const { customer, siteId } = await aCustomerWithAgents();
    const { id: credentialId } = await practice.api.credentials.add({ customer, ...READER });
    const { id } = await practice.api.eventSources.add({ customer, siteId, credentialId, ...DC_LOG });
    const test = (sourceId: string) =>
      practice.api.commands.start({
        customer,
        command: { kind: "test-source", sourceKind: "event-log", sourceId },
      });
    expect(await test(id)).toMatchObject({ agent: { name: "agent-0" } });
    await expect(test(credentialId)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it.each([
    ["an address, where the login knows Kerberos only", { host: "10.20.0.10" }, "address-needs-ntlm"],
    [
      "a rule switched on and off at once",
      { rulesOn: ["event:4769"], rulesOff: ["event:4769"] },
      "rule-on-and-off",
    ],
    ["a name that another has", { name: "dc-00" }, "name-taken"],
  ])("is not saved with %s, when it is added or changed", async (_, wrong, reason) => {
    const { customer, siteId } = await aCustomerWithAgents();
    const { id: credentialId } = await practice.api.credentials.add({ customer, ...READER });
    const log = { customer, siteId, credentialId, ...DC_LOG };
    await practice.api.eventSources.add({ ...log, name: "DC-00" });
    await expect(practice.api.eventSources.add({ ...log, ...wrong })).rejects.toMatchObject(refusal(reason));
    const { id } = await practice.api.eventSources.add(log);
    await expect(practice.api.eventSources.update({ customer, id, changes: wrong })).rejects.toMatchObject(
      refusal(reason),
    );
  });

  it("names only rules that there are, and a query that is one", async () => {
    const { customer, siteId } = await aCustomerWithAgents();
    const { id: credentialId } = await practice.api.credentials.add({ customer, ...READER });
    const log = { customer, siteId, credentialId, ...DC_LOG };
    for (const wrong of [
      { rulesOff: ["event:9999"] },
      { query: "EventID=4768" },
      { rulesOn: ["event:4625"] },
      { shares: ["\\\\fs1\\Homes"] },
    ])
      await expect(practice.api.eventSources.add({ ...log, ...wrong })).rejects.toMatchObject({
        code: "BAD_REQUEST",
      });
    const query = `<QueryList><Query Id="0" Path="Security"><Select>*</Select></Query></QueryList>`;
    const { id } = await practice.api.eventSources.add({ ...log, query });
    const reset = await practice.api.eventSources.update({ customer, id, changes: { query: null } });
    expect(reset.query).toBeNull();
  });
});

describe("event forwarding of a site", () => {
  it("is one place, with the issuer that computers choose their certificate by, and goes again", async () => {
    const { customer, siteId } = await aCustomerWithAgents();
    const wanted = { customer, siteId, host: "collector.corp.example", clientCaPem: A_CA_PEM };
    const first = await practice.api.forwarding.set(wanted);
    expect(first.issuers).toMatchObject([{ subject: expect.stringContaining("Corp Example Computers CA") }]);
    expect(first.issuers[0]?.sha1).toMatch(/^[0-9a-f]{40}$/);
    const second = await practice.api.forwarding.set({ ...wanted, port: 6986 });
    expect([second.id, second.port]).toEqual([first.id, 6986]);
    expect((await practice.api.forwarding.list({ customer })).items).toHaveLength(1);
    await practice.api.forwarding.remove({ customer, siteId });
    expect((await practice.api.forwarding.list({ customer })).items).toEqual([]);
    const { items } = await practice.api.audit.list({ customer });
    expect(items.slice(0, 3).map(({ action }) => action)).toEqual([
      "forwarding.remove",
      "forwarding.update",
      "forwarding.add",
    ]);
  });

  it("keeps the name and the space that a save does not say", async () => {
    const { customer, siteId } = await aCustomerWithAgents();
    const wanted = { customer, siteId, host: "collector.corp.example", clientCaPem: A_CA_PEM };
    const named = await practice.api.forwarding.set({ ...wanted, name: "Laptops" });
    const saved = await practice.api.forwarding.set({ ...wanted, port: 6986 });
    expect([saved.name, saved.addressSpace.id]).toEqual(["Laptops", named.addressSpace.id]);
  });

  it("trusts no CA that cannot be read: agents would refuse the whole configuration", async () => {
    const { customer, siteId } = await aCustomerWithAgents();
    const bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    for (const clientCaPem of [bad, "a CA"])
      await expect(
        practice.api.forwarding.set({ customer, siteId, host: "agent.example", clientCaPem }),
      ).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });
});

describe("the probe of a site", () => {
  it("is off until it is asked for, and then has somewhere to ask and somebody to ask as", async () => {
    const { customer, siteId } = await aCustomerWithAgents();
    const { id } = await practice.api.credentials.add({ customer, ...READER });
    expect((await practice.api.probes.list({ customer })).items).toEqual([]);
    const set = (of: { include?: string[]; credentialIds?: string[]; enabled?: boolean }) =>
      practice.api.probes.set({ customer, siteId, enabled: true, ...of });
    await expect(set({ credentialIds: [id] })).rejects.toMatchObject(refusal("asks-nowhere"));
    await expect(set({ include: ["10.30.0.0/16"] })).rejects.toMatchObject(refusal("asks-as-nobody"));
    expect(await set({ include: ["10.30.0.0/16"], credentialIds: [id] })).toMatchObject({ enabled: true });
    expect(await set({ enabled: false })).toMatchObject({ enabled: false, include: [], credentials: [] });
  });

  it.each(["0.0.0.0/0", "10.0.0.0/7", "10.0.0.0-12.0.0.0", "2000::/3"])(
    "is not given %s to ask in: an agent would refuse its whole configuration for it",
    async (range) => {
      const { customer, siteId } = await aCustomerWithAgents();
      await expect(
        practice.api.probes.set({ customer, siteId, enabled: false, include: [range] }),
      ).rejects.toMatchObject({ code: "BAD_REQUEST" });
    },
  );

  it("makes sessions that last as long as was chosen, a day at most, and eight hours where nobody chose", async () => {
    const { customer, siteId } = await aCustomerWithAgents();
    const lasting = (lifetimeMinutes?: number) =>
      practice.api.probes.set({ customer, siteId, enabled: false, lifetimeMinutes });
    expect((await lasting()).lifetimeMinutes).toBe(480);
    await lasting(1440);
    expect((await practice.api.probes.list({ customer })).items).toMatchObject([{ lifetimeMinutes: 1440 }]);
    for (const minutes of [0, 1441])
      await expect(lasting(minutes)).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });

  it("tries its logins in the order that was chosen, and in another when that is chosen", async () => {
    const { customer, siteId } = await aCustomerWithAgents();
    const first = await practice.api.credentials.add({ customer, ...READER });
    const second = await practice.api.credentials.add({ customer, ...READER, name: "Second" });
    const orderOf = async (credentialIds: string[]) =>
      (await practice.api.probes.set({ customer, siteId, enabled: false, credentialIds })).credentials.map(
        ({ name }) => name,
      );
    expect(await orderOf([second.id, first.id])).toEqual(["Second", "Event reader"]);
    expect(await orderOf([first.id, second.id])).toEqual(["Event reader", "Second"]);
  });

  it("is tested by an agent of its site, which knows it by its own name", async () => {
    const { customer, siteId, tenantId } = await aCustomerWithAgents();
    const test = () =>
      practice.api.commands.start({
        customer,
        command: { kind: "test-source", sourceKind: "pc-probe", sourceId: siteId },
      });
    await expect(test()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await practice.api.probes.set({ customer, siteId, enabled: false });
    const { id } = await test();
    const row = await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.agentCommand.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } }),
    );
    expect(row.command).toEqual({ kind: "test-source", sourceKind: "pc-probe", sourceId: "pc-probe" });
  });
});

describe("the hand-over pack of a site", () => {
  it("is made of what is configured there, and holds no secret", async () => {
    const { customer, siteId, tenantId, agents } = await aCustomerWithAgents();
    const password = "s3cr3t-of-reader";
    await reportHealth(
      installation,
      { tenantId, agentId: agents[0]?.id ?? "" },
      aReport(installation.clock.now(), {
        listeners: [
          { name: "firewalls", address: "10.20.0.2:8445", state: "ok", sentence: "Firewalls may ask." },
          { name: "syslog UDP", address: "[::]:5514", state: "ok", sentence: "Syslog is heard." },
        ],
      }),
    );
    await practice.api.syslog.add({
      customer,
      siteId,
      name: "VPN",
      senders: ["10.20.0.9"],
      transport: "udp",
    });
    const { id: credentialId } = await practice.api.credentials.add({ customer, ...READER, password });
    await practice.api.eventSources.add({ customer, siteId, credentialId, ...DC_LOG });
    await practice.api.eventSources.add({
      customer,
      siteId,
      credentialId,
      ...DC_LOG,
      name: "DC-02",
      host: "dc2.corp.example",
      enabled: false,
    });
    await practice.api.forwarding.set({ customer, siteId, host: "wec.corp.example", clientCaPem: A_CA_PEM });
    await practice.api.points.add({ customer, siteId, name: "HQ-FW1", sourceAddresses: ["10.20.0.1"] });
    const pack = await practice.api.handover.get({ customer, siteId });
    expect(pack.files.map(({ name }) => name)).toEqual([
      "README.txt",
      "Set-RollcallAccess.ps1",
      "Undo-RollcallAccess.ps1",
      "firewall-openings.csv",
    ]);
    expect(pack.openings.map(({ to, ports }) => `${to} ${ports}`)).toEqual(
      expect.arrayContaining([
        "dc1.corp.example 135, 49152-65535",
        "wec.corp.example (Agents: agent-0) 5986",
        "Agents: agent-0 8445",
        "Agents: agent-0 5514",
        "gateway.example 8443",
      ]),
    );
    const text = JSON.stringify(pack);
    expect(text).toContain("Server=https://wec.corp.example:5986/wsman/SubscriptionManager/WEC");
    expect(text).not.toContain("dc2.corp.example");
    expect(text).not.toContain(password);
    const { id: plant } = await practice.api.sites.add({ customer, name: "Plant" });
    const other = await practice.api.handover.get({ customer, siteId: plant });
    expect(text).toContain("Rollcall Accounts main-site");
    expect(JSON.stringify(other)).toContain("Rollcall Accounts plant");
  });
});
