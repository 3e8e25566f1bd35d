import { createPrivateKey, randomUUID, X509Certificate } from "node:crypto";
import { configReply, healthReply, type SiteConfig, siteConfig } from "@rollcall/agent-protocol";
import { aBatch, aHealthReport, anObservation, aPrincipal } from "@rollcall/agent-protocol/testing";
import { makeCsr, newPrivateKeyPem, open, seal, verifySecret } from "@rollcall/pki";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type RunningGateway,
  StandInAgent,
  startInstallation,
  type TestCustomer,
  type TestInstallation,
} from "../testing/index.ts";

let site: TestInstallation;
let gateway: RunningGateway;
let customer: TestCustomer;
let agent: StandInAgent;

beforeAll(async () => {
  site = await startInstallation();
  gateway = await site.gateway();
});
afterAll(() => site?.stop());
beforeEach(async () => {
  customer = await site.customer();
  agent = await StandInAgent.enrol(gateway.agentUrl, await site.onboarding(customer));
  return () => agent.close();
});

const inTenant: TestInstallation["database"]["withTenant"] = (tenantId, work) =>
  site.database.withTenant(tenantId, work);
const logon = (of: Parameters<typeof anObservation>[0] = {}) => ({
  observation: anObservation({
    sourceId: customer.syslogSourceId,
    addressSpaceId: customer.addressSpaceId,
    ...of,
  }),
});

/** What the portal does when somebody saves: the rows, the version, the bell. */
async function changeConfiguration(): Promise<void> {
  const { tenantId } = customer;
  await inTenant(tenantId, ({ tx }) =>
    tx.customer.update({ where: { id: tenantId }, data: { configVersion: { increment: 1 } } }),
  );
  site.bell.ring(`config:${tenantId}`);
}

describe("an agent's configuration", () => {
  it("is made of its site's rows: its own sealed secret, verifiers that know the firewall's secret, and no secret of either", async () => {
    const { tenantId, siteId, directoryId } = customer;
    const { agentId, sealing } = agent.enrolled;
    const ciphertext = await seal("the bind password", { tenantId, agentId, publicKey: sealing.publicKey });
    await inTenant(tenantId, async ({ tx }) => {
      const directory = await tx.directory.findUniqueOrThrow({
        where: { tenantId_id: { tenantId, id: directoryId } },
      });
      await tx.sealedSecret.update({
        where: { tenantId_id: { tenantId, id: directory.secretId ?? "" } },
        data: {
          sealed: [
            { agentId, ciphertext },
            { agentId: randomUUID(), ciphertext: "for another" },
          ],
        },
      });
      const patterns = [{ attribute: "user", pattern: "user=(\\S+)" }];
      const common = {
        tenantId,
        syslogSourceId: customer.syslogSourceId,
        patterns,
        positiveSamples: [],
        negativeSamples: [],
      };
      await tx.syslogSequence.create({ data: { ...common, ordinal: 2, kind: "end", trigger: "logged off" } });
      await tx.syslogSequence.create({
        data: { ...common, ordinal: 1, kind: "begin", trigger: "logged on" },
      });
      await tx.filter.create({ data: { tenantId, kind: "ip-exclude", value: "10.20.9.0/24" } });
      await tx.filter.create({
        data: { tenantId, kind: "principal-exclude", value: "^svc-", enabled: false },
      });
    });
    const answer = await agent.client.get("/v1/config?have=0");
    expect(answer.status).toBe(200);
    const { config, version } = configReply.parse(answer.body);
    expect(siteConfig.parse(config)).toEqual(config);
    expect(config).toMatchObject({
      version,
      site: { tenantId, siteId },
      addressSpaces: [{ id: customer.addressSpaceId }],
    });
    const [directory] = config.directories;
    if (directory?.bindPassword === undefined || !("sealed" in directory.bindPassword))
      throw new Error("no sealed secret");
    expect(directory.bindPassword.sealed).toHaveLength(1);
    const opened = await open(directory.bindPassword.sealed[0]?.ciphertext ?? "", {
      tenantId,
      agentId,
      privateKey: sealing.privateKey,
    });
    expect(opened).toEqual({ kind: "opened", plaintext: "the bind password" });
    expect(config.syslogSources[0]?.sequences.map(({ kind }) => kind)).toEqual(["begin", "end"]);
    expect(config.filters).toMatchObject([{ kind: "ip-exclude", range: "10.20.9.0/24" }]);
    const [point] = config.enforcementPoints;
    expect(point?.verifiers.map((verifier) => verifySecret(customer.clientSecret, verifier))).toEqual([true]);
    expect(answer.text).not.toContain(customer.clientSecret);
  });

  it("has no field for an agent of before that the agent would refuse, and all of them for one that knows them", async () => {
    await inTenant(customer.tenantId, ({ tx }) =>
      tx.hostMark.create({
        data: { tenantId: customer.tenantId, under: "OU=RDS,DC=corp,DC=example", remoteDesktopOnly: true },
      }),
    );
    const asked = async (query: string) =>
      (await agent.client.get(`/v1/config${query}`)).body?.config as SiteConfig;
    const old = await asked("");
    expect(Object.keys(old)).not.toContain("hostMarks");
    expect(Object.keys(old.settings.detection).sort()).toEqual(
      [
        "mode",
        "suggestServiceAccountAt",
        "suppressServiceAccountAt",
        "multiUserAt",
        "natAt",
        "exempt",
      ].sort(),
    );
    const now = await asked("?level=2");
    expect(now.hostMarks).toMatchObject([{ under: "OU=RDS,DC=corp,DC=example", remoteDesktopOnly: true }]);
    // Its first agent was enrolled just now: its first days have begun.
    expect(now.settings.detection.suggestAccountsUntil).toBeGreaterThan(Date.now() + 6 * 86_400_000);
    expect(now.settings.detection.suggestAccountsUntil).toBeLessThan(Date.now() + 8 * 86_400_000);
  });

  it("is fetched by waiting: nothing while nothing changed, at once when something does", async () => {
    const { version } = configReply.parse((await agent.client.get("/v1/config")).body);
    const startedAt = performance.now();
    expect((await agent.client.get(`/v1/config?have=${version}&wait=1`)).status).toBe(204);
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    const waiting = agent.client.get(`/v1/config?have=${version}&wait=30`);
    await changeConfiguration();
    const changedAt = performance.now();
    expect((await waiting).body?.version).toBe(version + 1);
    expect(performance.now() - changedAt).toBeLessThan(1000);
  });

  it("is fetched within some seconds even when the bell was not heard", async () => {
    const { version } = configReply.parse((await agent.client.get("/v1/config")).body);
    const waiting = agent.client.get(`/v1/config?have=${version}&wait=30`);
    await inTenant(customer.tenantId, ({ tx }) =>
      tx.customer.update({ where: { id: customer.tenantId }, data: { configVersion: { increment: 1 } } }),
    );
    const changedAt = performance.now();
    expect((await waiting).status).toBe(200);
    expect(performance.now() - changedAt).toBeLessThan(3500);
  });

  it("leaves out firewalls of address spaces that the agent does not hold, and secrets that are over", async () => {
    const { tenantId, pointId } = customer;
    const elsewhere = randomUUID();
    await inTenant(tenantId, async ({ tx }) => {
      await tx.addressSpace.create({ data: { tenantId, id: elsewhere, name: "Plant" } });
      await tx.enforcementPoint.create({
        data: { tenantId, name: "plant-fw", clientId: `plant-${randomUUID()}`, addressSpaceIds: [elsewhere] },
      });
      const old = { tenantId, enforcementPointId: pointId, verifier: "s1$old" };
      await tx.enforcementSecret.create({ data: { ...old, expiresAt: new Date(Date.now() - 1000) } });
      await tx.enforcementSecret.create({ data: { ...old, revokedAt: new Date() } });
    });
    const { config } = configReply.parse((await agent.client.get("/v1/config")).body);
    expect(config.enforcementPoints.map((point) => point.id)).toEqual([pointId]);
    expect(config.enforcementPoints[0]?.verifiers).toHaveLength(1);
    expect(config.addressSpaces.map((space) => space.id)).not.toContain(elsewhere);
  });

  it("gets a new version when the overlap of two secrets is over, though nobody saved anything", async () => {
    const { tenantId, pointId } = customer;
    const { version } = configReply.parse((await agent.client.get("/v1/config")).body);
    await inTenant(tenantId, ({ tx }) =>
      tx.enforcementSecret.create({
        data: {
          tenantId,
          enforcementPointId: pointId,
          verifier: "s1$ending",
          expiresAt: new Date(Date.now() + 500),
        },
      }),
    );
    const answer = await agent.client.get(`/v1/config?have=${version}&wait=20`);
    expect(answer.body?.version).toBe(version + 1);
  });

  it("is answered by the agent: which version runs, or why one was refused", async () => {
    const { tenantId } = customer;
    const row = () =>
      inTenant(tenantId, ({ tx }) =>
        tx.agent.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id: agent.enrolled.agentId } } }),
      );
    expect(
      (await agent.client.post("/v1/config/applied", { version: 7, outcome: "refused", reason: "a pattern" }))
        .status,
    ).toBe(204);
    expect(await row()).toMatchObject({
      appliedConfigVersion: null,
      refusedConfigVersion: 7,
      refusedReason: "a pattern",
    });
    await agent.client.post("/v1/config/applied", { version: 8, outcome: "applied" });
    expect(await row()).toMatchObject({
      appliedConfigVersion: 8,
      refusedConfigVersion: null,
      refusedReason: null,
    });
  });
});

describe("a command", () => {
  const ask = (deadlineMs = 30_000, agentId = agent.enrolled.agentId) =>
    inTenant(customer.tenantId, ({ tx }) =>
      tx.agentCommand.create({
        data: {
          tenantId: customer.tenantId,
          agentId,
          kind: "look-up-address",
          command: { kind: "look-up-address", ip: "10.20.3.7" },
          deadline: new Date(Date.now() + deadlineMs),
        },
      }),
    );
  const stateOf = (id: string) =>
    inTenant(customer.tenantId, ({ tx }) =>
      tx.agentCommand.findUniqueOrThrow({ where: { tenantId_id: { tenantId: customer.tenantId, id } } }),
    );
  const handedOut = (answer: { body: Record<string, unknown> | null }) =>
    ((answer.body?.commands ?? []) as { id: string; command: unknown }[]).map(({ id }) => id);

  it("reaches the waiting agent at once, is answered with progress and a result, and is handed out once", async () => {
    const waiting = agent.client.get("/v1/commands?wait=30");
    const asked = await ask();
    site.bell.ring(`commands:${customer.tenantId}`);
    const askedAt = performance.now();
    expect(handedOut(await waiting)).toEqual([asked.id]);
    expect(performance.now() - askedAt).toBeLessThan(1000);
    expect((await stateOf(asked.id)).state).toBe("sent");
    expect((await agent.client.get("/v1/commands")).status).toBe(204);
    await agent.client.post(`/v1/commands/${asked.id}`, { state: "running", progress: { looked: 1 } });
    expect(await stateOf(asked.id)).toMatchObject({ state: "running", progress: { looked: 1 } });
    const result = { kind: "look-up-address", entry: null, explanation: ["nobody"] };
    expect((await agent.client.post(`/v1/commands/${asked.id}`, { state: "done", result })).status).toBe(204);
    expect(await stateOf(asked.id)).toMatchObject({ state: "done", result });
    expect((await agent.client.post(`/v1/commands/${asked.id}`, { state: "done", result })).status).toBe(204);
    const late = await agent.client.post(`/v1/commands/${asked.id}`, {
      state: "failed",
      code: "x",
      message: "y",
    });
    expect(late.status).toBe(410);
  });

  it("is no business of another agent", async () => {
    const asked = await ask(30_000, customer.otherAgentId);
    expect((await agent.client.get("/v1/commands")).status).toBe(204);
    expect(
      (await agent.client.post(`/v1/commands/${asked.id}`, { state: "refused", message: "no" })).status,
    ).toBe(404);
    expect(
      (await agent.client.post("/v1/commands/not-an-id", { state: "refused", message: "no" })).status,
    ).toBe(404);
    expect((await stateOf(asked.id)).state).toBe("queued");
  });

  it("expires when nobody answered in time, and a later answer is refused", async () => {
    const asked = await ask(300);
    expect(handedOut(await agent.client.get("/v1/commands"))).toEqual([asked.id]);
    await expect
      .poll(async () => (await stateOf(asked.id)).state, { timeout: 10_000, interval: 200 })
      .toBe("expired");
    const late = await agent.client.post(`/v1/commands/${asked.id}`, { state: "refused", message: "no" });
    expect(late.status).toBe(410);
  });
});

describe("the downlink", () => {
  it("carries what another agent sent, and never what this one did", async () => {
    const other = await StandInAgent.enrol(
      gateway.agentUrl,
      await site.onboarding(customer, { agentName: "second" }),
    );
    await agent.open();
    await other.open();
    const waiting = other.client.get("/v1/downlink?after=0&wait=30");
    await agent.send(
      aBatch(
        [{ principal: aPrincipal({ directoryId: customer.directoryId }) }, logon({ ip: "10.20.0.1" })],
        agent.take(2),
      ),
    );
    const sentAt = performance.now();
    const heard = await waiting;
    expect(performance.now() - sentAt).toBeLessThan(1000);
    expect(heard.text).toContain("10.20.0.1");
    expect(heard.text).toContain("corp.example");
    await other.send(aBatch([logon({ ip: "10.20.0.2" })], other.take(1)));
    const own = await agent.client.get("/v1/downlink?after=0");
    expect(own.text).toContain("10.20.0.2");
    expect(own.text).not.toContain("10.20.0.1");
    // An agent whose store was lost must come to answer what the cloud answers.
    const whole = await agent.client.get("/v1/downlink?after=0&own=1");
    expect(whole.text).toContain("10.20.0.1");
    expect(whole.text).toContain("10.20.0.2");
    const further = await other.client.get(`/v1/downlink?after=${heard.body?.next}`);
    expect(further.text).not.toContain("10.20.0.1");
    other.close();
  });
});

describe("a health report", () => {
  it("is kept as it came, with what the agent told each firewall, and marks the customer's first answer", async () => {
    const { tenantId, pointId } = customer;
    const contact = {
      enforcementPointId: pointId,
      lastTokenAt: null,
      lastBatchAt: 1,
      lastIpQueryAt: null,
      tokens: 0,
      batches: 1,
      ipQueries: 0,
      entriesSent: 1,
      refused: 0,
      lastRefusal: null,
      lastSourceAddress: "10.0.0.5",
      entriesBeyondLimit: 0,
      told: [
        {
          at: 1,
          ip: "10.20.0.1",
          user: "ana",
          domain: "corp.example",
          groups: ["staff"],
          how: "batch" as const,
        },
      ],
    };
    const unknown = { ...contact, enforcementPointId: randomUUID() };
    const report = aHealthReport({ sessions: 3, firewalls: [contact, unknown] });
    const answer = await agent.client.post("/v1/health", report);
    expect(healthReply.parse(answer.body).nextInMs).toBeLessThanOrEqual(20_000);
    const found = await inTenant(tenantId, async ({ tx }) => ({
      agent: await tx.agent.findUniqueOrThrow({
        where: { tenantId_id: { tenantId, id: agent.enrolled.agentId } },
      }),
      contacts: await tx.enforcementContact.findMany({ where: { tenantId } }),
      customer: await tx.customer.findUniqueOrThrow({ where: { id: tenantId } }),
    }));
    expect(found.agent.health).toEqual(report);
    expect(found.agent.lastSeenAt).not.toBeNull();
    expect(found.contacts).toMatchObject([
      { enforcementPointId: pointId, responder: agent.enrolled.agentId, contact },
    ]);
    expect(found.customer.firstAnsweredAt).not.toBeNull();
  });
});

describe("what an agent found by what accounts and addresses do", () => {
  const found = (of: object = {}) => ({
    kind: "service-account" as const,
    subject: "corp.example\\svc",
    acted: false,
    firstSeenAt: Date.now() - 60_000,
    lastSeenAt: Date.now(),
    count: 12,
    examples: ["10.20.0.1"],
    signs: ["service-name"],
    ...of,
  });
  const say = async (...detections: ReturnType<typeof found>[]) => {
    const answer = await agent.client.post("/v1/health", aHealthReport({ firewalls: [], detections }));
    expect(answer.status).toBe(200);
  };
  const suggestions = () =>
    inTenant(customer.tenantId, ({ tx }) =>
      tx.suggestion.findMany({ where: { tenantId: customer.tenantId }, orderBy: { kind: "asc" } }),
    );

  it("becomes one suggestion, open until somebody decides, or automatic where the agent acts", async () => {
    await say(found(), found({ kind: "nat", subject: `${customer.addressSpaceId}|10.20.0.9`, acted: true }));
    await say(found({ count: 30, acted: true, lastSeenAt: Date.now() + 120_000 }));
    expect((await suggestions()).map(({ kind, state, evidence }) => [kind, state, evidence])).toEqual([
      ["nat", "automatic", { count: 12, examples: ["10.20.0.1"], signs: ["service-name"] }],
      ["service-account", "automatic", { count: 30, examples: ["10.20.0.1"], signs: ["service-name"] }],
    ]);
  });

  it("stays decided, and reaches the agent as an exemption where it was dismissed", async () => {
    await say(found(), found({ kind: "multi-user", subject: `${customer.addressSpaceId}|10.20.0.9` }));
    await inTenant(customer.tenantId, ({ tx }) =>
      tx.suggestion.updateMany({ where: { tenantId: customer.tenantId }, data: { state: "dismissed" } }),
    );
    await say(found({ count: 40, acted: true, lastSeenAt: Date.now() + 120_000 }));
    expect((await suggestions()).map(({ state }) => state)).toEqual(["dismissed", "dismissed"]);
    const { body } = await agent.client.get("/v1/config");
    expect(configReply.parse(body).config.settings.detection.exempt.sort()).toEqual(
      [`${customer.addressSpaceId}|10.20.0.9`, "corp.example\\svc"].sort(),
    );
  });
});

describe("the agent's certificate towards firewalls", () => {
  it("comes from the customer's SRX CA with the names set in the portal, whatever the request says", async () => {
    const { tenantId } = customer;
    await inTenant(tenantId, ({ tx }) =>
      tx.agent.update({
        where: { tenantId_id: { tenantId, id: agent.enrolled.agentId } },
        data: { firewallNames: ["agent.corp.example", "10.20.0.254"] },
      }),
    );
    const key = await newPrivateKeyPem("rsa2048");
    const answer = await agent.client.post("/v1/firewall-certificate", { v: 1, csrPem: await makeCsr(key) });
    const cert = new X509Certificate(String(answer.body?.certificatePem));
    const ca = new X509Certificate(String(answer.body?.caPem));
    expect(cert.subjectAltName).toBe("DNS:agent.corp.example, IP Address:10.20.0.254");
    expect(cert.checkIssued(ca) && cert.verify(ca.publicKey)).toBe(true);
    expect(cert.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(ca.subject).toBe("CN=Example AG SRX CA");
    const weak = await agent.client.post("/v1/firewall-certificate", {
      v: 1,
      csrPem: await makeCsr(await newPrivateKeyPem("p256")),
    });
    expect(weak.status).toBe(400);
  });
});

describe("another customer's agent", () => {
  it("reaches nothing of this one, by no message and no id", async () => {
    const theirs = await site.customer();
    const thief = await StandInAgent.enrol(gateway.agentUrl, await site.onboarding(theirs));
    await agent.open();
    await agent.send(aBatch([logon({ ip: "10.20.0.1" })], agent.take(1)));
    const { tenantId } = customer;
    const command = await inTenant(tenantId, ({ tx }) =>
      tx.agentCommand.create({
        data: {
          tenantId,
          agentId: agent.enrolled.agentId,
          kind: "tail",
          command: { kind: "tail" },
          deadline: new Date(Date.now() + 60_000),
        },
      }),
    );
    const before = await inTenant(tenantId, async ({ tx }) =>
      JSON.stringify(await tx.agentStream.findMany({ where: { tenantId } }), bigints),
    );
    const config = await thief.client.get("/v1/config");
    expect(config.text).toContain(theirs.tenantId);
    for (const secretive of [tenantId, customer.pointId, customer.clientId, customer.syslogSourceId])
      expect(config.text).not.toContain(secretive);
    expect((await thief.client.get("/v1/commands")).status).toBe(204);
    expect(
      (await thief.client.post(`/v1/commands/${command.id}`, { state: "refused", message: "no" })).status,
    ).toBe(404);
    expect((await thief.client.get("/v1/downlink?after=0")).status).toBe(204);
    await thief.client.post("/v1/health", aHealthReport({ firewalls: [] }));
    await thief.open();
    const answer = await thief.send(
      aBatch([logon({ ip: "10.20.0.1", principal: { name: "thief", domain: "X" } })], thief.take(1)),
    );
    expect(answer.body?.deadLetters).toBe(1);
    const after = await inTenant(tenantId, async ({ tx }) => ({
      streams: JSON.stringify(await tx.agentStream.findMany({ where: { tenantId } }), bigints),
      sessions: (await tx.session.findMany({ where: { tenantId } })).map((row) => row.userName),
      command: (await tx.agentCommand.findFirstOrThrow({ where: { tenantId } })).state,
    }));
    expect(after).toEqual({ streams: before, sessions: ["ana"], command: "queued" });
    thief.close();
  });
});

const bigints = (_key: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
