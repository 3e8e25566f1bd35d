import { createHash } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  anAgentAt,
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "./testing/installation.ts";
import { callByPath, listProcedures } from "./testing/procedures.ts";
import { aReport, aSuggestion, reportHealth } from "./testing/reports.ts";
import {
  A_CA_PEM,
  A_PROFILE,
  A_SEQUENCE,
  SAMPLE_INPUTS,
  type SampleThings,
  thingsOfNobody,
} from "./testing/sample-inputs.ts";

let installation: TestInstallation;
let practice: TestPractice;
let otherPractice: TestPractice;
let theirs: SampleThings;
let strangers: SampleThings;

/** A customer with one of everything that a procedure can name. */
async function aFullCustomer(of: TestPractice, customer: string): Promise<SampleThings> {
  const { api } = of;
  const { siteId } = await api.customers.add({ name: customer, slug: customer });
  const tenantId = await tenantIdOf(installation, of.id, customer);
  const spaceId = (await api.sites.list({ customer })).addressSpaces[0]?.id ?? "";
  const ticket = await api.agents.issueOnboarding({ customer, siteId });
  const agent = await anAgentAt(installation, { tenantId, siteId });
  await reportHealth(installation, { tenantId, agentId: agent.id }, aReport(installation.clock.now()));
  const directory = await api.directories.add({
    customer,
    siteId,
    name: "DC-01",
    host: "dc01.example",
    bindUser: "reader@example",
    password: "the password of the directory",
  });
  const login = { user: "reader@corp.example", password: "the password of the login" };
  const credential = await api.credentials.add({ customer, name: "Reader", ...login });
  const unused = await api.credentials.add({ customer, name: "Spare", ...login });
  const eventSource = await api.eventSources.add({
    customer,
    siteId,
    credentialId: credential.id,
    kind: "domain-controller",
    name: "DC-01 log",
    host: "dc1.corp.example",
  });
  await api.forwarding.set({ customer, siteId, host: "agent.corp.example", clientCaPem: A_CA_PEM });
  await api.probes.set({ customer, siteId, enabled: false, credentialIds: [credential.id] });
  const source = await api.syslog.add({ customer, siteId, name: "VPN", senders: ["10.20.0.9"] });
  const saved = await api.syslog.saveSequences({
    customer,
    id: source.id,
    version: source.version,
    sequences: [
      { ...A_SEQUENCE, patterns: [...A_SEQUENCE.patterns], positiveSamples: [...A_SEQUENCE.positiveSamples] },
    ],
  });
  if (saved.kind !== "saved") throw new Error("the sample sequence does not hold");
  const filter = await api.filters.add({ customer, kind: "ip-exclude", value: "10.20.255.0/24" });
  const point = await api.points.add({ customer, name: "HQ-FW1" });
  const secretId = (await api.points.get({ customer, id: point.id })).secrets[0]?.id ?? "";
  const profile = await api.profiles.add({ customer, name: "Their own", text: A_PROFILE });
  if (profile.kind !== "saved") throw new Error("the sample profile does not hold");
  const mark = await api.marks.add({ customer, range: "10.20.8.7", mark: "nat" });
  const hostMark = await api.hostMarks.add({ customer, under: "OU=Kiosks,DC=corp,DC=example" });
  const suggestionId = await aSuggestion(installation, { tenantId, agentId: agent.id });
  const command = await api.commands.start({ customer, agentId: agent.id, command: { kind: "tail" } });
  const job = await api.audit.export({ customer });
  return {
    customer,
    siteId,
    spaceId,
    agentId: agent.id,
    enrolmentId: ticket.enrolmentId,
    directoryId: directory.id,
    credentialId: credential.id,
    unusedCredentialId: unused.id,
    eventSourceId: eventSource.id,
    syslogId: source.id,
    syslogVersion: saved.source.version,
    filterId: filter.id,
    pointId: point.id,
    secretId,
    profileId: profile.profile.id,
    markId: mark.id,
    hostMarkId: hostMark.id,
    suggestionId,
    commandId: command.id,
    jobId: job.jobId,
  };
}

/** What a tenant's rows are, as the administrator sees them. */
async function rowsOf(tenantId: string): Promise<string> {
  const client = new pg.Client(installation.test.superUrl);
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY 1",
    );
    const digest = createHash("sha256");
    for (const { name } of tables) {
      const { rows } = await client.query(
        `SELECT to_jsonb(t)::text AS row FROM "${name}" t WHERE tenant_id = $1 ORDER BY 1`,
        [tenantId],
      );
      digest.update(`${name} ${JSON.stringify(rows)}`);
    }
    return digest.digest("hex");
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  installation = await createInstallation();
  practice = await installation.aPractice();
  otherPractice = await installation.aPractice();
  await practice.api.customers.add({ name: "Mine", slug: "mine" });
  theirs = await aFullCustomer(practice, "theirs");
  strangers = await aFullCustomer(otherPractice, "strangers");
});
afterAll(() => installation?.close());

describe("another tenant's things", () => {
  const named = listProcedures().filter(({ scope }) => scope === "tenant");

  it("are answered, each by its id, exactly as if they did not exist", async () => {
    for (const { path } of named) {
      const make = SAMPLE_INPUTS[path];
      if (make === undefined) throw new Error(`no sample input for ${path}`);
      for (const other of [theirs, strangers]) {
        const foreign = await callByPath(practice.api, path, make({ ...other, customer: "mine" }));
        const nobodys = await callByPath(practice.api, path, make(thingsOfNobody("mine")));
        expect([path, foreign]).toEqual([path, nobodys]);
      }
    }
  });

  it("are answered, each by its customer's slug, exactly as if the customer did not exist", async () => {
    for (const { path } of named) {
      const make = SAMPLE_INPUTS[path];
      if (make === undefined) throw new Error(`no sample input for ${path}`);
      const foreign = await callByPath(practice.api, path, make(strangers));
      const nobodys = await callByPath(practice.api, path, make(thingsOfNobody("nobody")));
      expect([path, foreign]).toEqual([path, nobodys]);
      expect([path, foreign.code]).toEqual([path, "NOT_FOUND"]);
    }
  });

  it("are never changed by it", async () => {
    const tenantId = await tenantIdOf(installation, otherPractice.id, "strangers");
    const before = await rowsOf(tenantId);
    for (const { path } of named)
      await callByPath(practice.api, path, SAMPLE_INPUTS[path]?.({ ...strangers, customer: "mine" }));
    for (const { path } of named) await callByPath(practice.api, path, SAMPLE_INPUTS[path]?.(strangers));
    expect(await rowsOf(tenantId)).toBe(before);
  });

  it("do not show in the lists of all customers", async () => {
    const { items } = await practice.api.customers.list({});
    expect(items.map((row) => row.slug).sort()).toEqual(["mine", "theirs"]);
    const helper = await practice.principal({
      role: "helpdesk",
      customerId: await tenantIdOf(installation, practice.id, "mine"),
    });
    expect((await installation.as(helper).customers.list({})).items.map((row) => row.slug)).toEqual(["mine"]);
  });
});

describe("secrets", () => {
  it("stand nowhere in the database: not the directory's password, not the login's, not the firewall's secret, made or chosen, not the password of its Web API, not the file's seed", async () => {
    const point = await practice.api.points.add({ customer: "theirs", name: "Second firewall" });
    const chosenSecret = "Kp7-vast-Orchard-39!";
    await practice.api.points.rotateSecret({ customer: "theirs", id: point.id, chosen: chosenSecret });
    const pushed = {
      url: "https://192.0.2.1:8443",
      user: "rollcall",
      password: "the password of the Web API",
    };
    for (const from of ["agent", "cloud"] as const) {
      const { id } = await practice.api.points.add({
        customer: "theirs",
        name: `Pushed from ${from}`,
        siteId: theirs.siteId,
      });
      await practice.api.points.setPush({ customer: "theirs", id, push: { ...pushed, from } });
    }
    const ticket = await practice.api.agents.issueOnboarding({ customer: "theirs", siteId: theirs.siteId });
    const seed = JSON.parse(ticket.fileText).payload.token.secret;
    const client = new pg.Client(installation.test.superUrl);
    await client.connect();
    const { rows: tables } = await client.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname IN ('public', 'history')",
    );
    let dump = "";
    for (const { name } of tables.filter((table) => !table.name.startsWith("session_history_")))
      dump += JSON.stringify((await client.query(`SELECT to_jsonb(t) FROM "${name}" t`)).rows);
    await client.end();
    expect(dump.length).toBeGreaterThan(10_000);
    for (const secret of [
      "the password of the directory",
      "the password of the login",
      point.clientSecret,
      chosenSecret,
      pushed.password,
      seed,
    ])
      for (const spelling of [
        secret,
        ...["base64", "base64url", "hex"].map((as) => Buffer.from(secret).toString(as as "hex")),
      ])
        expect(dump.includes(spelling)).toBe(false);
  });

  it("stand in no log line either", () => {
    for (const secret of [
      "the password of the directory",
      "the password of the login",
      "the password of the Web API",
    ])
      expect(installation.logged.join("")).not.toContain(secret);
  });
});
