import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  anAgentAt,
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "../testing/installation.ts";
import { aContact, aLogon, aReport, ip, observe, reportHealth, writeContact } from "../testing/reports.ts";

let installation: TestInstallation;

beforeAll(async () => {
  installation = await createInstallation();
});
afterAll(() => installation?.close());

async function added(practice: TestPractice, name: string) {
  const { slug: customer, siteId } = await practice.api.customers.add({ name });
  return { customer, siteId, tenantId: await tenantIdOf(installation, practice.id, customer) };
}

async function inSql(statement: string, values: unknown[]): Promise<void> {
  const client = new pg.Client(installation.test.superUrl);
  await client.connect();
  await client.query(statement, values);
  await client.end();
}

describe("a new customer", () => {
  it("has its own slug, CA, address space and site, and an entry in its own audit log", async () => {
    const practice = await installation.aPractice();
    const made = await practice.api.customers.add({
      name: "Müller & Söhne GmbH",
      adDomain: "Mueller.Example",
      timeZone: "Europe/Berlin",
    });
    expect(made.slug).toBe("muller-sohne-gmbh");
    const { customer, counts, may } = await practice.api.customers.overview({ customer: made.slug });
    expect(customer).toMatchObject({
      name: "Müller & Söhne GmbH",
      adDomain: "mueller.example",
      timeZone: "Europe/Berlin",
    });
    expect(counts).toMatchObject({ sites: 1, agents: 0 });
    expect(may).toContain("agent:enrol");
    const audit = await practice.api.audit.list({ customer: made.slug });
    expect(audit.items.map((entry) => entry.action)).toEqual(["customer.add"]);
  });

  it("is not added twice, but its name may be another practice's as well", async () => {
    const [one, two] = [await installation.aPractice(), await installation.aPractice()];
    await one.api.customers.add({ name: "Castell" });
    await expect(one.api.customers.add({ name: "castell" })).rejects.toMatchObject({
      cause: { reason: "name-taken" },
    });
    await expect(one.api.customers.add({ name: "Other", slug: "castell" })).rejects.toMatchObject({
      cause: { reason: "slug-taken", fields: { slug: [expect.any(String)] } },
    });
    expect((await one.api.customers.add({ name: "Castell!" })).slug).toBe("castell-2");
    expect((await two.api.customers.add({ name: "Castell" })).slug).toBe("castell");
  });

  it("is added by those who may add to the practice, not by a customer's owner", async () => {
    const practice = await installation.aPractice();
    const { tenantId } = await added(practice, "Castell");
    const owner = installation.as(await practice.principal({ role: "customer-owner", customerId: tenantId }));
    await expect(owner.customers.add({ name: "Mine too" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await owner.me.get()).toMatchObject({
      isPracticeStaff: false,
      onlyCustomer: "castell",
      permissions: [],
    });
  });
});

describe("the list of customers", () => {
  it("puts the worst first and says of each what is wrong", async () => {
    const practice = await installation.aPractice();
    const now = installation.clock.now();
    const fine = await added(practice, "Fine");
    const broken = await added(practice, "Broken");
    const silent = await added(practice, "Silent");
    await added(practice, "Fresh");
    for (const { tenantId, siteId } of [fine, broken, silent]) {
      const agent = await anAgentAt(installation, { tenantId, siteId });
      const store =
        tenantId === broken.tenantId
          ? { state: "full" as const, sentence: "Disk full." }
          : { state: "ok" as const, sentence: "" };
      await reportHealth(installation, { tenantId, agentId: agent.id }, aReport(now, { store }));
    }
    await inSql("UPDATE agent SET last_seen_at = $2 WHERE tenant_id = $1", [
      silent.tenantId,
      new Date(now - 14 * 60_000),
    ]);
    const { items, total } = await practice.api.customers.list({});
    expect(items.map((row) => [row.name, row.chain.state])).toEqual([
      ["Broken", "bad"],
      ["Silent", "unknown"],
      ["Fine", "ok"],
      ["Fresh", "never"],
    ]);
    expect(items[0]?.chain.sentence).toBe("lon-a: Disk full.");
    expect(items[1]?.chain.sentence).toContain("No word from lon-a for 14 min.");
    expect(items.map((row) => row.agents)).toEqual([
      { ok: 0, all: 1 },
      { ok: 0, all: 1 },
      { ok: 1, all: 1 },
      { ok: 0, all: 0 },
    ]);
    expect(total).toBe(4);
    const bad = await practice.api.customers.list({ states: ["bad"] });
    expect(bad.items.map((row) => row.name)).toEqual(["Broken"]);
    const searched = await practice.api.customers.list({ search: "FRE" });
    expect(searched.items.map((row) => row.name)).toEqual(["Fresh"]);
  });

  it("turns from green as time alone passes, without a change in the database", async () => {
    const practice = await installation.aPractice();
    const { tenantId, siteId } = await added(practice, "Fine");
    const agent = await anAgentAt(installation, { tenantId, siteId });
    await reportHealth(installation, { tenantId, agentId: agent.id }, aReport(installation.clock.now()));
    const stateAfter = async (ms: number) => {
      installation.clock.set(installation.clock.now() + ms);
      return (await practice.api.customers.list({})).items[0]?.chain.state;
    };
    expect([
      await stateAfter(1_000),
      await stateAfter(60_000),
      await stateAfter(60_000),
      await stateAfter(200_000),
    ]).toEqual(["ok", "warn", "bad", "unknown"]);
  });

  it("shows what was announced as changed at once", async () => {
    const practice = await installation.aPractice();
    const { customer, tenantId } = await added(practice, "Fine");
    expect((await practice.api.customers.list({})).items[0]?.sites).toBe(1);
    await practice.api.sites.add({ customer, name: "Leeds" });
    expect((await practice.api.customers.list({})).items[0]?.sites).toBe(2);
    expect(installation.bell.rung).toContain(`portal:${tenantId}`);
  });

  it("names a customer that did not answer, and shows the others", async () => {
    const practice = await installation.aPractice();
    await added(practice, "Answers");
    const hurt = await added(practice, "Does not answer");
    const broken = {
      ...installation.services,
      database: {
        ...installation.database,
        withTenant: ((tenantId, work, options) => {
          if (tenantId === hurt.tenantId) throw new Error("connection lost");
          return installation.database.withTenant(tenantId, work, options);
        }) satisfies typeof installation.database.withTenant,
      },
    };
    const { items, failed } = await installation.as(practice.owner, { services: broken }).customers.list({});
    expect(items.map((row) => row.name)).toEqual(["Answers"]);
    expect(failed).toEqual([{ slug: "does-not-answer", name: "Does not answer" }]);
  });

  it("is paged", async () => {
    const practice = await installation.aPractice();
    for (const name of ["A", "B", "C"]) await added(practice, name);
    const first = await practice.api.customers.list({ limit: 2 });
    const second = await practice.api.customers.list({ limit: 2, cursor: first.next });
    expect([...first.items, ...second.items].map((row) => row.name)).toEqual(["A", "B", "C"]);
    expect([first.total, second.next]).toEqual([3, null]);
  });
});

describe("set-up", () => {
  it("goes on as data arrives, step by step", async () => {
    const practice = await installation.aPractice();
    const { api } = practice;
    const { customer, siteId, tenantId } = await added(practice, "New");
    const states = async () => (await api.setup.get({ customer })).steps.map((step) => step.state);
    const done = async () => (await states()).filter((state) => state === "done").length;
    expect(await states()).toEqual(["current", "waiting", "waiting", "waiting", "waiting", "waiting"]);

    const ticket = await api.agents.issueOnboarding({ customer, siteId });
    expect(await states()).toEqual(["done", "current", "waiting", "waiting", "waiting", "waiting"]);

    await inSql("UPDATE enrolment_token SET last_refusal = $2 WHERE id = $1", [
      ticket.enrolmentId,
      "The clock of the server is 2 h behind.",
    ]);
    const refused = await api.setup.get({ customer });
    expect(refused.steps[1]).toMatchObject({
      state: "failed",
      sentence: "The clock of the server is 2 h behind.",
    });

    await inSql("UPDATE enrolment_token SET last_refusal = NULL, file_read_at = now() WHERE id = $1", [
      ticket.enrolmentId,
    ]);
    expect(await done()).toBe(2);

    const agent = await anAgentAt(installation, { tenantId, siteId });
    expect(await done()).toBe(3);

    const source = await api.syslog.add({ customer, siteId, name: "VPN", senders: ["10.20.0.9"] });
    expect(await done()).toBe(3);
    const now = installation.clock.now();
    const answering = {
      id: source.id,
      kind: "syslog" as const,
      name: "VPN",
      state: "ok" as const,
      sentence: "12 lines/s.",
      since: now,
      lastActivityAt: now,
      counters: {},
    };
    await reportHealth(installation, { tenantId, agentId: agent.id }, aReport(now, { sources: [answering] }));
    expect(await done()).toBe(4);

    const spaceId = (await api.sites.list({ customer })).addressSpaces[0]?.id ?? "";
    await observe(installation, { tenantId, agentId: agent.id }, [
      aLogon({ addressSpaceId: spaceId, ip: ip("10.20.0.5"), effectiveAt: now }),
    ]);
    expect(await done()).toBe(5);

    const point = await api.points.add({ customer, name: "HQ-FW1" });
    const told = {
      at: now,
      ip: "10.20.0.5",
      user: "ana",
      domain: "meridian.example",
      groups: [],
      how: "batch" as const,
    };
    await writeContact(
      installation,
      { tenantId, responder: agent.id },
      aContact(point.id, { lastTokenAt: now, lastBatchAt: now, entriesSent: 1, told: [told] }),
    );
    const setup = await api.setup.get({ customer });
    expect(setup.steps.map((step) => step.state)).toEqual(Array.from({ length: 6 }, () => "done"));
    expect(setup.doneAt).toEqual(new Date(now));
    expect(setup.has).toMatchObject({ agents: 1, syslogSources: 1, enforcementPoints: 1, enrolments: 1 });
  });

  it("tells how a refused firewall is refused", async () => {
    const practice = await installation.aPractice();
    const { customer, tenantId } = await added(practice, "New");
    const point = await practice.api.points.add({ customer, name: "HQ-FW1" });
    await writeContact(
      installation,
      { tenantId, responder: "cloud" },
      aContact(point.id, { refused: 3, lastRefusal: "the secret is wrong" }),
    );
    const { chain } = await practice.api.customers.overview({ customer });
    expect(chain.links.find((link) => link.link === "firewall")).toMatchObject({
      state: "bad",
      sentence: "HQ-FW1 asks and is refused: the secret is wrong.",
    });
  });
});

describe("a person's sign-ins", () => {
  it("can be seen and ended one by one, and only one's own", async () => {
    const practice = await installation.aPractice();
    const { signIns } = installation.database;
    const expiresAt = new Date(installation.clock.now() + 3_600_000);
    const mine = await signIns.createSignIn({
      userId: practice.owner.userId,
      token: randomUUID(),
      expiresAt,
      userAgent: "Firefox",
    });
    const other = await practice.principal({ role: "owner", customerId: null });
    const theirs = await signIns.createSignIn({ userId: other.userId, token: randomUUID(), expiresAt });
    const api = installation.as({ ...practice.owner, signInId: mine.id });
    expect((await api.me.signIns()).items).toMatchObject([
      { id: mine.id, isThisOne: true, userAgent: "Firefox" },
    ]);
    await expect(api.me.endSignIn({ id: theirs.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await api.me.endSignIn({ id: mine.id })).toEqual({ ended: true });
    expect((await api.me.signIns()).items).toEqual([]);
  });
});
