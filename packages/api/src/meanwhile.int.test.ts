import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Principal } from "./context.ts";
import {
  anAgentAt,
  type Caller,
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "./testing/installation.ts";
import { A_CA_PEM, A_SEQUENCE } from "./testing/sample-inputs.ts";

let installation: TestInstallation;
let practice: TestPractice;
let ana: Caller;
let number = 0;

const EDITED_AT = Date.UTC(2026, 10, 21, 13, 2);

beforeAll(async () => {
  installation = await createInstallation();
  installation.clock.set(EDITED_AT);
  practice = await installation.aPractice();
  const engineer = await practice.principal({ role: "owner", customerId: null });
  ana = installation.as({ ...engineer, name: "Ana Abel" } satisfies Principal);
});
afterAll(() => installation?.close());

/** What two people edit at the same time, one of each kind. */
interface Edited {
  readonly version: string;
  /** Ana's save, of a state that she read. */
  anaSaves(): Promise<unknown>;
  /** The other's save of what was read before hers. */
  save(version: string): Promise<{ readonly version: string }>;
  /** How the refusal begins. */
  readonly subject: string;
}

async function aCustomer() {
  number += 1;
  const customer = `customer-${number}`;
  const { siteId } = await practice.api.customers.add({ name: customer });
  const tenantId = await tenantIdOf(installation, practice.id, customer);
  await anAgentAt(installation, { tenantId, siteId });
  const site = { customer, siteId };
  return { customer, siteId, site };
}

async function aLogin(customer: string) {
  return practice.api.credentials.add({
    customer,
    name: "Reader",
    user: "reader@corp.example",
    password: "a password",
  });
}

const KINDS: Readonly<Record<string, () => Promise<Edited>>> = {
  "push to a firewall": async () => {
    const { customer, siteId } = await aCustomer();
    const { id } = await practice.api.points.add({ customer, siteId, name: "HQ-FW1" });
    const push = { url: "https://192.0.2.1:8443", user: "rollcall", from: "agent" } as const;
    const first = await practice.api.points.setPush({
      customer,
      id,
      push: { ...push, password: "a password" },
    });
    const version = first.push?.version ?? "";
    return {
      version,
      subject: "Push to HQ-FW1 was changed",
      anaSaves: () => ana.points.setPush({ customer, id, version, push: { ...push, maxPostsPerSecond: 5 } }),
      save: async (seen) => {
        const changed = { ...push, maxPostsPerSecond: 20 };
        const saved = await practice.api.points.setPush({ customer, id, version: seen, push: changed });
        return { version: saved.push?.version ?? "" };
      },
    };
  },
  "a directory": async () => {
    const { customer, site } = await aCustomer();
    const login = { bindUser: "reader@corp.example", password: "a password" };
    const { id, version } = await practice.api.directories.add({
      ...site,
      name: "AD",
      host: "dc1",
      ...login,
    });
    return {
      version,
      subject: "AD was changed",
      anaSaves: () => ana.directories.update({ customer, id, version, changes: { pollSeconds: 60 } }),
      save: (seen) =>
        practice.api.directories.update({ customer, id, version: seen, changes: { baseDn: "DC=a" } }),
    };
  },
  "an event log": async () => {
    const { customer, site } = await aCustomer();
    const { id: credentialId } = await aLogin(customer);
    const { id, version } = await practice.api.eventSources.add({
      ...site,
      credentialId,
      kind: "domain-controller",
      name: "DC-01",
      host: "dc1.corp.example",
    });
    return {
      version,
      subject: "DC-01 was changed",
      anaSaves: () => ana.eventSources.update({ customer, id, version, changes: { catchUpMinutes: 5 } }),
      save: (seen) =>
        practice.api.eventSources.update({ customer, id, version: seen, changes: { lifetimeMinutes: 5 } }),
    };
  },
  "a credential": async () => {
    const { customer } = await aCustomer();
    const { id, version } = await aLogin(customer);
    return {
      version,
      subject: "Reader was changed",
      anaSaves: () =>
        ana.credentials.update({ customer, id, version, changes: { realm: "corp.example", password: "x" } }),
      save: (seen) =>
        practice.api.credentials.update({ customer, id, version: seen, changes: { name: "Reads" } }),
    };
  },
  "a PC probe": async () => {
    const { site } = await aCustomer();
    const { version } = await practice.api.probes.set({ ...site, enabled: false });
    return {
      version,
      subject: "The PC probe of Main site was changed",
      anaSaves: () => ana.probes.set({ ...site, version, enabled: false, lifetimeMinutes: 60 }),
      save: (seen) => practice.api.probes.set({ ...site, version: seen, enabled: false, workers: 5 }),
    };
  },
  "event forwarding": async () => {
    const { site } = await aCustomer();
    const wanted = { ...site, host: "agent.corp.example", clientCaPem: A_CA_PEM };
    const { version } = await practice.api.forwarding.set(wanted);
    return {
      version,
      subject: "Event forwarding of Main site was changed",
      anaSaves: () => ana.forwarding.set({ ...wanted, version, port: 6986 }),
      save: (seen) => practice.api.forwarding.set({ ...wanted, version: seen, compress: false }),
    };
  },
  "the settings of a syslog source": async () => {
    const { customer, site } = await aCustomer();
    const added = await practice.api.syslog.add({ ...site, name: "VPN", senders: ["10.20.0.9"] });
    const { id } = added;
    return {
      version: added.settingsVersion,
      subject: "VPN was changed",
      anaSaves: () =>
        ana.syslog.update({ customer, id, version: added.settingsVersion, changes: { lifetimeMinutes: 5 } }),
      save: async (seen) => {
        const saved = await practice.api.syslog.update({
          customer,
          id,
          version: seen,
          changes: { senders: ["10.20.0.8"] },
        });
        return { version: saved.settingsVersion };
      },
    };
  },
  "the rules of a syslog source": async () => {
    const { customer, site } = await aCustomer();
    const { id, version } = await practice.api.syslog.add({ ...site, name: "VPN", senders: ["10.20.0.9"] });
    const sequences = [{ ...A_SEQUENCE, patterns: [...A_SEQUENCE.patterns], positiveSamples: [] }];
    return {
      version,
      subject: "The rules of VPN were changed",
      anaSaves: () => ana.syslog.saveSequences({ customer, id, version, sequences }),
      save: async (seen) => {
        const saved = await practice.api.syslog.saveSequences({
          customer,
          id,
          version: seen,
          sequences: [...sequences, ...sequences],
        });
        return saved.kind === "saved" ? saved.source : { version: saved.kind };
      },
    };
  },
  "an enforcement point": async () => {
    const { customer } = await aCustomer();
    const { id } = await practice.api.points.add({ customer, name: "HQ-FW1" });
    const { version } = await practice.api.points.get({ customer, id });
    return {
      version,
      subject: "HQ-FW1 was changed",
      anaSaves: () => ana.points.update({ customer, id, version, changes: { ipv6: true } }),
      save: (seen) =>
        practice.api.points.update({ customer, id, version: seen, changes: { excludeIp: ["10.9.0.0/16"] } }),
    };
  },
};

describe.each(Object.entries(KINDS))("the second save of %s that two people edit", (_, make) => {
  it("is refused, and says who changed it and when", async () => {
    const edited = await make();
    await edited.anaSaves();
    const refused = await edited.save(edited.version).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({
      code: "CONFLICT",
      cause: { reason: "changed-meanwhile" },
      message: `${edited.subject} by Ana Abel at 13:02 UTC while you were editing. Load it again; what you typed is kept here.`,
    });
  });

  it("is taken where nobody else saved anything, and gives the version to go on with", async () => {
    const edited = await make();
    const first = await edited.save(edited.version);
    expect(first.version).not.toBe(edited.version);
    await expect(edited.save(edited.version)).rejects.toMatchObject({
      message: expect.stringMatching(/ by you, in another window, at 13:02 UTC while /),
    });
    await expect(edited.save(first.version)).resolves.not.toMatchObject({ version: edited.version });
  });
});

describe("a state that is edited", () => {
  it("is not overtaken by what another form writes into the same row", async () => {
    const { customer, site } = await aCustomer();
    const { id } = await practice.api.points.add({ customer, name: "HQ-FW1" });
    const before = await practice.api.points.get({ customer, id });
    await practice.api.points.learn({ customer, id, hours: 1 });
    expect((await practice.api.points.get({ customer, id })).version).toBe(before.version);

    const source = await practice.api.syslog.add({ ...site, name: "VPN", senders: ["10.20.0.9"] });
    const changed = await practice.api.syslog.update({
      customer,
      id: source.id,
      changes: { lifetimeMinutes: 5 },
    });
    expect(changed.version).toBe(source.version);
  });

  it("is overtaken by a password that somebody else typed", async () => {
    const { customer, site } = await aCustomer();
    const login = { bindUser: "reader@corp.example", password: "a password" };
    const { id, version } = await practice.api.directories.add({
      ...site,
      name: "AD",
      host: "dc1",
      ...login,
    });
    installation.clock.set(EDITED_AT + 60_000);
    await ana.directories.update({ customer, id, version, changes: { password: "another" } });
    installation.clock.set(EDITED_AT + 2 * 86_400_000);
    await expect(
      practice.api.directories.update({ customer, id, version, changes: { password: "a third" } }),
    ).rejects.toMatchObject({ message: expect.stringContaining("by Ana Abel on 21 Nov 2026, 13:03 UTC") });
    installation.clock.set(EDITED_AT);
  });

  it("is said to be removed, and by whom, where its save comes too late; of what never was there nothing is said", async () => {
    const { customer } = await aCustomer();
    const { id, version } = await aLogin(customer);
    const save = (of: { id: string; version?: string }) =>
      practice.api.credentials.update({ customer, ...of, changes: { name: "Reads" } });
    await ana.credentials.remove({ customer, id });
    await expect(save({ id, version })).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("Reader was removed by Ana Abel at 13:02 UTC while you were editing."),
    });
    await expect(save({ id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const other = await aCustomer();
    await expect(
      practice.api.credentials.update({ customer: other.customer, id, version, changes: { name: "Reads" } }),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("is said to be removed, or to be there already, where a site has one of its kind", async () => {
    const { customer, siteId, site } = await aCustomer();
    const { version } = await practice.api.probes.set({ ...site, version: null, enabled: false });
    await expect(ana.probes.set({ ...site, version: null, enabled: false })).rejects.toMatchObject({
      message: expect.stringContaining("The PC probe of Main site was set up by Nora North at 13:02 UTC"),
    });
    await ana.probes.remove({ customer, siteId });
    await expect(practice.api.probes.set({ ...site, version, enabled: false })).rejects.toMatchObject({
      message: expect.stringContaining("The PC probe of Main site was removed by Ana Abel at 13:02 UTC"),
    });
    const wanted = { ...site, host: "agent.corp.example", clientCaPem: A_CA_PEM };
    const receiver = await practice.api.forwarding.set(wanted);
    await ana.forwarding.remove({ customer, siteId });
    await expect(practice.api.forwarding.set({ ...wanted, version: receiver.version })).rejects.toMatchObject(
      {
        message: expect.stringContaining("Event forwarding of Main site was removed by Ana Abel"),
      },
    );
  });
});
