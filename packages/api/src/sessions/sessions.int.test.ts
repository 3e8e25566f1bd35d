import { randomUUID } from "node:crypto";
import type { Observation } from "@rollcall/identity-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  anAgentAt,
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "../testing/installation.ts";
import {
  aContact,
  aLogon,
  aReport,
  ip,
  learn,
  observe,
  reportHealth,
  writeContact,
} from "../testing/reports.ts";

let installation: TestInstallation;
let practice: TestPractice;

beforeAll(async () => {
  installation = await createInstallation();
  practice = await installation.aPractice();
});
afterAll(() => installation?.close());

type Logon = { readonly ip: string; readonly name: string } & Partial<Omit<Observation, "ip">>;

async function aCustomerWith(logons: readonly Logon[], of: TestPractice = practice) {
  const { slug: customer, siteId } = await of.api.customers.add({ name: randomUUID() });
  const tenantId = await tenantIdOf(installation, of.id, customer);
  const spaceId = (await of.api.sites.list({ customer })).addressSpaces[0]?.id ?? "";
  const agent = await anAgentAt(installation, { tenantId, siteId });
  const now = installation.clock.now();
  const observations = logons.map(({ ip: address, name, ...changes }, index) =>
    aLogon({
      addressSpaceId: spaceId,
      ip: ip(address),
      effectiveAt: now - 60_000 + index * 1000,
      principal: { name, domain: "meridian.example" },
      ...changes,
    }),
  );
  if (observations.length > 0) await observe(installation, { tenantId, agentId: agent.id }, observations);
  return { customer, tenantId, spaceId, agent };
}

const who = (items: readonly { readonly user: { readonly name: string } | null }[]) =>
  items.map((row) => row.user?.name);

describe("looking for people", () => {
  it("lists them newest first, and tells how many there are", async () => {
    const { customer } = await aCustomerWith([
      { ip: "10.20.0.5", name: "ana" },
      { ip: "10.20.0.6", name: "ben" },
      { ip: "10.21.0.7", name: "cho" },
    ]);
    const found = await practice.api.sessions.search({ customer });
    expect(who(found.items)).toEqual(["cho", "ben", "ana"]);
    expect([found.total, found.isTotalExact, found.next]).toEqual([3, true, null]);
  });

  it.each([
    ["10.20.0.5", ["ana"]],
    ["10.20.", ["ben", "ana"]],
    ["10.20.0.0/16", ["ben", "ana"]],
    ["10.20.0.6-10.21.0.9", ["cho", "ben"]],
    ["BEN", ["ben"]],
    ["MERIDIAN\\ana", ["ana"]],
    ["a", ["cho", "ben", "ana"]],
    ["10.20.0.99", []],
    ["50%", []],
    ["_", []],
  ])("understands %s", async (q, expected) => {
    const { customer } = await aCustomerWith([
      { ip: "10.20.0.5", name: "ana" },
      { ip: "10.20.0.6", name: "ben" },
      { ip: "10.21.0.7", name: "cho" },
    ]);
    expect(who((await practice.api.sessions.search({ customer, q })).items)).toEqual(expected);
  });

  it("pages through all without a person left out or told twice", async () => {
    const people = Array.from({ length: 23 }, (_, index) => ({
      ip: `10.20.1.${index + 1}`,
      name: `user-${index}`,
    }));
    const { customer } = await aCustomerWith(
      people.map((person) => ({ ...person, effectiveAt: installation.clock.now() - 5_000 })),
    );
    const seen: (string | undefined)[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof practice.api.sessions.search>> =
        await practice.api.sessions.search({
          customer,
          limit: 5,
          cursor,
        });
      expect(page.total).toBe(23);
      seen.push(...who(page.items));
      cursor = page.next;
    } while (cursor !== null);
    expect(seen.sort()).toEqual(people.map((person) => person.name).sort());
  });

  it("begins anew with a cursor that is none of ours", async () => {
    const { customer } = await aCustomerWith([{ ip: "10.20.0.5", name: "ana" }]);
    for (const cursor of ["nonsense", Buffer.from("[1]").toString("base64url"), "W10", "\0"])
      expect(who((await practice.api.sessions.search({ customer, cursor })).items)).toEqual(["ana"]);
  });

  it("does not show somebody as there whose time has run out, even before the sweep", async () => {
    const { customer } = await aCustomerWith([{ ip: "10.20.0.5", name: "ana", lifetimeMs: 61_000 }]);
    installation.clock.set(installation.clock.now() + 2_000);
    expect((await practice.api.sessions.search({ customer })).items).toEqual([]);
    const [gone] = (await practice.api.sessions.search({ customer, liveOnly: false })).items;
    expect(gone).toMatchObject({
      isLive: false,
      unknownBecause: "expired",
      lastUser: { name: "ana" },
      user: null,
    });
  });

  it("over all customers keeps equal addresses of different customers apart", async () => {
    const own = await installation.aPractice();
    const [one, two] = [
      await aCustomerWith([{ ip: "10.0.0.5", name: "ana" }], own),
      await aCustomerWith([{ ip: "10.0.0.5", name: "zoe" }], own),
    ];
    const found = await own.api.sessions.fleetSearch({ q: "10.0.0.5" });
    expect(found.searched).toBe(2);
    expect(new Map(found.hits.map((hit) => [hit.customer.slug, who(hit.items)]))).toEqual(
      new Map([
        [one.customer, ["ana"]],
        [two.customer, ["zoe"]],
      ]),
    );
    const helper = installation.as(await own.principal({ role: "helpdesk", customerId: one.tenantId }));
    expect(
      (await helper.sessions.fleetSearch({ q: "10.0.0.5" })).hits.map((hit) => hit.customer.slug),
    ).toEqual([one.customer]);
  });
});

describe("one address", () => {
  it("is explained: what sources said, what counts, and which firewall was told", async () => {
    const { customer, tenantId, agent } = await aCustomerWith([
      { ip: "10.20.31.77", name: "ana" },
      { ip: "10.20.31.77", name: "ben" },
    ]);
    const point = await practice.api.points.add({ customer, name: "HQ-FW1" });
    const at = installation.clock.now() - 2_000;
    const told = {
      at,
      ip: "10.20.31.77",
      user: "ben",
      domain: "meridian.example",
      groups: ["Finance"],
      how: "batch" as const,
    };
    await writeContact(
      installation,
      { tenantId, responder: agent.id },
      aContact(point.id, { told: [told, { ...told, ip: "10.20.0.1" }] }),
    );
    const detail = await practice.api.sessions.get({ customer, ip: "10.20.31.77" });
    expect(detail.session?.user).toMatchObject({ name: "ben", domain: "meridian.example" });
    expect(detail.history.map((line) => [line.user, line.verb, line.agent])).toEqual([
      ["ben", "start", "lon-a"],
      ["ana", "start", "lon-a"],
    ]);
    expect(detail.explain.map((line) => line.sentence).join(" ")).toContain("ben");
    expect(detail.nextChangeAt).not.toBeNull();
    expect(detail.told).toEqual(
      [
        {
          ...told,
          ip: undefined,
          at: new Date(at),
          firewall: { id: point.id, name: "HQ-FW1" },
          responder: "lon-a",
        },
      ].map(({ ip: _, ...line }) => line),
    );
  });

  it("is explained with what the directory knows: two spellings of one person are one", async () => {
    const { customer, tenantId, agent } = await aCustomerWith([{ ip: "10.20.31.77", name: "ana" }]);
    await learn(
      installation,
      { tenantId, agentId: agent.id },
      {
        key: "S-1-5-21-1-2-3-1104",
        kind: "user",
        directoryId: "dc",
        asOf: installation.clock.now(),
        aliases: ["s-1-5-21-1-2-3-1104", "meridian.example\\ana", "meridian\\ana"],
        domain: "meridian.example",
        netbiosDomain: "MERIDIAN",
        name: "ana",
        groups: ["Finance"],
        enabled: true,
      },
    );
    const detail = await practice.api.sessions.get({ customer, ip: "10.20.31.77" });
    expect(detail.session?.user).toMatchObject({ principalKey: "S-1-5-21-1-2-3-1104", groups: ["Finance"] });
    expect(detail.explain.map((line) => line.sentence).join(" ")).toContain("S-1-5-21-1-2-3-1104");
    expect((await practice.api.sessions.search({ customer, group: "fin" })).total).toBe(1);
    expect((await practice.api.sessions.search({ customer, q: "finance" })).total).toBe(1);
  });

  it("that nobody has ever spoken of says so", async () => {
    const { customer } = await aCustomerWith([]);
    const detail = await practice.api.sessions.get({ customer, ip: "::ffff:10.20.0.1" });
    expect(detail).toMatchObject({ ip: "10.20.0.1", session: null, history: [], told: [] });
    expect(detail.explain[0]?.sentence).toContain("No source");
  });

  it("pages its history", async () => {
    const logons = Array.from({ length: 70 }, (_, index) => ({ ip: "10.20.0.5", name: `user-${index}` }));
    const { customer } = await aCustomerWith(logons);
    const first = await practice.api.sessions.get({ customer, ip: "10.20.0.5" });
    const second = await practice.api.sessions.get({
      customer,
      ip: "10.20.0.5",
      historyCursor: first.historyNext,
    });
    const all = [...first.history, ...second.history].map((line) => line.user);
    expect([first.history.length, second.history.length, second.historyNext]).toEqual([50, 20, null]);
    expect(all).toEqual(logons.map((logon) => logon.name).reverse());
  });
});

describe("what became of everything that was said of an address", () => {
  it("is told line by line, with the number of the law, the source, and the firewalls that are not told", async () => {
    const { customer, spaceId } = await aCustomerWith([
      { ip: "10.20.31.77", name: "ana" },
      { ip: "10.20.31.77", name: "ben" },
    ]);
    await practice.api.points.add({ customer, name: "Branch", excludeIp: ["10.20.31.0/24"] });
    await practice.api.marks.add({ customer, range: "10.20.31.0/24", mark: "nat" });
    await practice.api.marks.add({ customer, range: "10.20.32.0/24", mark: "nat" });
    const explained = await practice.api.sessions.explain({ customer, ip: "10.20.31.77" });
    expect(explained.answer).toContain("ben");
    const said = explained.lines.filter(({ kind }) => kind === "accepted");
    expect(said.map(({ principal, law }) => [principal, law])).toEqual([
      ["meridian.example\\ben", "2"],
      ["meridian.example\\ana", "2"],
    ]);
    expect(explained.lines.some(({ kind }) => kind === "decision")).toBe(true);
    expect(explained.lines.find(({ kind }) => kind === "kept-from")).toMatchObject({
      rule: "exclude-ip",
      sentence: expect.stringContaining("Branch is not told"),
    });
    expect(explained.marks.map(({ range }) => range)).toEqual(["10.20.31.0/24"]);
    expect(explained.addressSpace.id).toBe(spaceId);
  });

  it("says of which mark the computer is that is there, by its place in the directory", async () => {
    const { customer, tenantId, agent } = await aCustomerWith([
      { ip: "10.20.31.80", name: "rds1", kind: "device" },
      { ip: "10.20.31.81", name: "pc7", kind: "device" },
    ]);
    const mark = await practice.api.hostMarks.add({ customer, under: "OU=RDS,DC=meridian,DC=example" });
    for (const name of ["rds1", "pc7"])
      await learn(
        installation,
        { tenantId, agentId: agent.id },
        {
          key: `s-1-5-21-1-${name}`,
          kind: "device",
          directoryId: "d",
          asOf: installation.clock.now(),
          aliases: [`meridian.example\\${name}`],
          domain: "meridian.example",
          name,
          groups: [],
          enabled: true,
          ...(name === "rds1" ? { hostMarkId: mark.id } : {}),
        },
      );
    const markAt = async (address: string) =>
      (await practice.api.sessions.explain({ customer, ip: address })).hostMark;
    expect(await markAt("10.20.31.80")).toEqual(mark);
    expect(await markAt("10.20.31.81")).toBeNull();
    await practice.api.hostMarks.remove({ customer, id: mark.id });
    expect(await markAt("10.20.31.80")).toBeNull();
  });

  it("says which firewalls are not told, because the source cannot be heard", async () => {
    const { customer, tenantId, agent } = await aCustomerWith([{ ip: "10.20.31.78", name: "ana" }]);
    const now = installation.clock.now();
    const reports = { tenantId, agentId: agent.id };
    const source = {
      id: "vpn",
      kind: "syslog" as const,
      name: "VPN",
      sentence: "Gone.",
      since: now - 600_000,
    };
    await practice.api.points.add({ customer, name: "Strict", whenSourcesDark: "drop" });
    await practice.api.points.add({ customer, name: "Patient", whenSourcesDark: "hold" });
    const told = async (state: "ok" | "broken") => {
      const sources = [{ ...source, state, lastActivityAt: null, counters: {} }];
      await reportHealth(installation, reports, aReport(now, { sources }));
      const { lines } = await practice.api.sessions.explain({ customer, ip: "10.20.31.78" });
      return lines.filter(({ kind }) => kind === "kept-from").map(({ sentence }) => sentence);
    };
    expect(await told("ok")).toEqual([]);
    expect(await told("broken")).toEqual([expect.stringContaining("Strict is not told")]);
  });

  it("is nothing where nobody ever spoke of it", async () => {
    const { customer } = await aCustomerWith([]);
    const explained = await practice.api.sessions.explain({ customer, ip: "10.20.0.1" });
    expect(explained).toMatchObject({ lines: [], marks: [], answer: expect.stringContaining("No source") });
  });
});

describe("addresses that overlap", () => {
  it("are those known in two spaces of one firewall, and not those of two firewalls", async () => {
    const { customer, tenantId, spaceId, agent } = await aCustomerWith([]);
    const plant = randomUUID();
    await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.addressSpace.create({ data: { tenantId, id: plant, name: "Plant" } }),
    );
    const now = installation.clock.now();
    const logonAt = (addressSpaceId: string, address: string, name: string) =>
      aLogon({
        addressSpaceId,
        ip: ip(address),
        effectiveAt: now - 60_000,
        principal: { name, domain: "meridian.example" },
      });
    await observe(installation, { tenantId, agentId: agent.id }, [
      logonAt(spaceId, "10.0.0.5", "ana"),
      logonAt(plant, "10.0.0.5", "ben"),
      logonAt(plant, "10.0.0.6", "cho"),
    ]);
    await practice.api.points.add({ customer, name: "Office", addressSpaceIds: [spaceId] });
    await practice.api.points.add({ customer, name: "Hall", addressSpaceIds: [plant] });
    expect((await practice.api.sessions.overlaps({ customer })).items).toEqual([]);
    const both = await practice.api.points.add({
      customer,
      name: "Both",
      addressSpaceIds: [spaceId, plant],
    });
    const { items, isComplete } = await practice.api.sessions.overlaps({ customer });
    expect(items).toEqual([
      {
        ip: "10.0.0.5",
        addressSpaces: expect.arrayContaining([
          { id: spaceId, name: "Default" },
          { id: plant, name: "Plant" },
        ]),
        firewalls: [{ id: both.id, name: "Both" }],
      },
    ]);
    expect(isComplete).toBe(true);
    const explained = await practice.api.sessions.explain({ customer, ip: "10.0.0.5" });
    expect(explained.lines.filter(({ rule }) => rule === "overlap").map(({ sentence }) => sentence)).toEqual([
      expect.stringContaining("Both is not told"),
    ]);
    const excludeIp = ["10.0.0.0/8"];
    await practice.api.points.update({ customer, id: both.id, changes: { excludeIp } });
    expect((await practice.api.sessions.overlaps({ customer })).items).toEqual([]);
    await practice.api.points.update({ customer, id: both.id, changes: { excludeIp: [] } });
    installation.clock.set(now + 24 * 3_600_000);
    expect((await practice.api.sessions.overlaps({ customer })).items).toEqual([]);
    installation.clock.set(now);
  });
});
