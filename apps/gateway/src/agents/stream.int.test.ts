import { randomUUID } from "node:crypto";
import { aBatch, anObservation, aPrincipal } from "@rollcall/agent-protocol/testing";
import { asAdministrator } from "@rollcall/db/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  gzipBomb,
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
  await agent.open();
  return () => agent.close();
});

const logon = (of: Parameters<typeof anObservation>[0] = {}) => ({
  observation: anObservation({
    sourceId: customer.syslogSourceId,
    addressSpaceId: customer.addressSpaceId,
    ...of,
  }),
});
const person = () => ({ principal: aPrincipal({ directoryId: customer.directoryId }) });

/** What the ledger holds of a tenant. */
const stored = (tenantId: string) =>
  site.database.withTenant(tenantId, async ({ tx }) => ({
    history: await tx.sessionHistory.count({ where: { tenantId } }),
    sessions: (await tx.session.findMany({ where: { tenantId, isLive: true } })).map(
      (row) => `${row.ip} ${row.userName}`,
    ),
    dead: (await tx.deadLetter.findMany({ where: { tenantId }, orderBy: { seq: "asc" } })).map(
      (row) => `${row.seq} ${row.reason}`,
    ),
    committed: Number((await tx.agentStream.findFirst({ where: { tenantId } }))?.committed ?? 0),
  }));

describe("an agent's stream", () => {
  it("is in the ledger when it is acknowledged: logon, person, and who is at the address", async () => {
    const answer = await agent.send(aBatch([person(), logon()], agent.take(2)));
    expect(answer).toMatchObject({ status: 200, body: { ack: 2, epoch: 1, deadLetters: 0 } });
    expect(await stored(customer.tenantId)).toMatchObject({
      history: 1,
      sessions: ["10.20.3.7 ana"],
      committed: 2,
    });
  });

  it("brings what event logs and computers say, of those that its site has and where it may ask", async () => {
    const { tenantId, siteId, addressSpaceId } = customer;
    const here = { tenantId, siteId, addressSpaceId };
    const logId = await site.database.withTenant(tenantId, async ({ tx }) => {
      const { id: credentialId } = await tx.credential.create({
        data: { tenantId, name: "Reader", user: "reader@corp.example", kdcs: [], sealed: [] },
      });
      await tx.pcProbe.create({
        data: {
          ...here,
          enabled: true,
          include: ["10.30.0.0/16"],
          exclude: ["10.30.9.0/24"],
          methods: ["wmi"],
        },
      });
      const log = await tx.eventSource.create({
        data: {
          ...here,
          credentialId,
          kind: "domain-controller",
          name: "DC-01",
          host: "dc1",
          rulesOff: [],
          rulesOn: [],
        },
      });
      return log.id;
    });
    const logged = { family: "event-log", sourceId: logId, rule: "event:4768" } as const;
    const probed = { family: "probe", sourceId: "pc-probe", rule: "probe:wmi" } as const;
    const items = [
      logon({ ...logged, ip: "10.99.0.1" }),
      logon({ ...probed, ip: "10.30.0.1" }),
      logon({ ...logged, sourceId: randomUUID(), ip: "10.99.0.2" }),
      logon({ ...probed, ip: "10.30.9.1" }),
      logon({ ...probed, ip: "10.99.0.3" }),
    ];
    const answer = await agent.send(aBatch(items, agent.take(5)));
    expect(answer.body).toMatchObject({ ack: 5, deadLetters: 3 });
    expect((await stored(tenantId)).sessions.sort()).toEqual(["10.30.0.1 ana", "10.99.0.1 ana"]);
  });

  it("has each item once, however often a batch is sent, whole or overlapping", async () => {
    const items = [logon({ ip: "10.20.0.1" }), logon({ ip: "10.20.0.2" }), logon({ ip: "10.20.0.3" })];
    const numbered = agent.take(3);
    const first = aBatch(items.slice(0, 2), numbered);
    expect((await agent.send(first)).body?.ack).toBe(2);
    expect((await agent.send(first)).body?.ack).toBe(2);
    expect((await agent.send(aBatch(items, numbered))).body?.ack).toBe(3);
    expect((await agent.send(first)).body?.ack).toBe(3);
    expect((await stored(customer.tenantId)).history).toBe(3);
  });

  it("is told which number is missing when a batch was skipped, and stores nothing of what came after", async () => {
    agent.take(1);
    const answer = await agent.send(aBatch([logon()], agent.take(1)));
    expect(answer).toMatchObject({ status: 409, body: { code: "gap", expected: 1 } });
    expect((await stored(customer.tenantId)).history).toBe(0);
  });

  it("is fenced off once another spool of the same agent has opened", async () => {
    const before = aBatch([logon()], agent.take(1));
    const successor = new StandInAgent(gateway.agentUrl, agent.enrolled);
    await successor.open();
    expect(successor.epoch).toBe(2);
    expect(await agent.send(before)).toMatchObject({ status: 409, body: { code: "stale-epoch" } });
    expect(await successor.send({ ...before, epoch: 3 })).toMatchObject({
      status: 409,
      body: { code: "unknown-epoch" },
    });
    expect(await successor.send({ ...before, epoch: 2 })).toMatchObject({ status: 200, body: { ack: 1 } });
    successor.close();
  });

  it("is not acknowledged when the commit fails, leaves nothing behind, and is taken when it is sent again", async () => {
    const batch = aBatch([logon()], agent.take(1));
    await asAdministrator(site.testDatabase.superUrl, (client) =>
      client.query(`
        CREATE FUNCTION fail_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is gone'; END $$;
        CREATE CONSTRAINT TRIGGER fail_at_commit AFTER UPDATE ON agent_stream DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION fail_at_commit();`),
    );
    const answer = await agent.send(batch);
    const after = await stored(customer.tenantId);
    await asAdministrator(site.testDatabase.superUrl, (client) =>
      client.query("DROP FUNCTION fail_at_commit CASCADE"),
    );
    expect(answer).toMatchObject({ status: 503, body: { code: "gateway-fault" } });
    expect(answer.text).not.toContain("disk");
    expect(answer.body).not.toHaveProperty("ack");
    expect(after).toEqual({ history: 0, sessions: [], dead: [], committed: 0 });
    expect((await agent.send(batch)).body?.ack).toBe(1);
    expect((await stored(customer.tenantId)).history).toBe(1);
  });

  it("goes on past an item that cannot be taken, which is kept with its number and reason", async () => {
    const batch = aBatch([logon({ ip: "10.20.0.1" }), logon(), logon({ ip: "10.20.0.3" })], agent.take(3));
    const answer = await agent.send({
      ...batch,
      items: [batch.items[0], { seq: 2, kind: "weather", forecast: "rain \u0000" }, batch.items[2]],
    });
    expect(answer).toMatchObject({ status: 200, body: { ack: 3, deadLetters: 1 } });
    const after = await stored(customer.tenantId);
    expect(after.history).toBe(2);
    expect(after.dead).toHaveLength(1);
    expect(after.dead[0]).toMatch(/^2 /);
  });

  it("takes packed batches, and refuses one that unpacks to two hundred megabytes", async () => {
    expect((await agent.send(aBatch([logon()], agent.take(1)), true)).body?.ack).toBe(1);
    const headers = { "content-encoding": "gzip" };
    const bomb = gzipBomb(200 * 1024 * 1024);
    expect(bomb.length).toBeLessThan(1_048_576);
    const before = process.memoryUsage().rss;
    const answer = await agent.client.post("/v1/streams/live/batches", null, { raw: bomb, headers });
    expect(answer).toMatchObject({ status: 413, body: { code: "message-too-large" } });
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    const notPacked = await agent.client.post("/v1/streams/live/batches", null, { raw: "plain", headers });
    expect(notPacked.status).toBe(400);
    const large = await agent.client
      .post("/v1/streams/live/batches", null, { raw: Buffer.alloc(1_048_577) })
      .catch(() => null);
    if (large) expect(large.status).toBe(413);
    expect((await agent.send(aBatch([logon()], agent.take(1)))).body?.ack).toBe(2);
  });

  it("refuses what is no batch at all without ending the stream", async () => {
    const good = aBatch([logon()], agent.take(1));
    for (const wrong of [
      "",
      "[]",
      "{",
      '{"v":1}',
      JSON.stringify({ ...good, count: 2 }),
      JSON.stringify({ ...good, v: 2 }),
    ])
      expect((await agent.client.post("/v1/streams/live/batches", null, { raw: wrong })).status, wrong).toBe(
        400,
      );
    expect((await agent.client.post("/v1/streams/other/batches", good)).status).toBe(404);
    expect((await agent.send(good)).body?.ack).toBe(1);
  });
});

describe("what an agent may speak of", () => {
  it("is its own site's sources and the addresses they may speak for: a stolen agent moves nobody else", async () => {
    const outside = await site.customer();
    const items = [
      logon({ ip: "10.99.0.1" }),
      logon({ sourceId: outside.syslogSourceId, ip: "10.20.0.1" }),
      logon({ addressSpaceId: outside.addressSpaceId, ip: "10.20.0.2" }),
      logon({ sourceId: randomUUID(), ip: "10.20.0.3" }),
      logon({ ip: "010.20.0.4" }),
      { principal: aPrincipal({ directoryId: outside.directoryId }) },
      logon({ ip: "10.99.0.2", class: "D" }),
      logon({ ip: "10.20.0.9" }),
    ];
    const answer = await agent.send(aBatch(items, agent.take(items.length)));
    expect(answer).toMatchObject({ status: 200, body: { ack: 8, deadLetters: 6 } });
    const after = await stored(customer.tenantId);
    expect(after.sessions).toEqual(["10.20.0.9 ana"]);
    expect(after.dead.map((line) => line.split(" ")[0])).toEqual(["1", "2", "3", "4", "5", "6"]);
    expect(await stored(outside.tenantId)).toEqual({ history: 0, sessions: [], dead: [], committed: 0 });
  });

  it("includes a source that was added a moment ago", async () => {
    await agent.send(aBatch([logon()], agent.take(1)));
    const sourceId = randomUUID();
    await site.database.withTenant(customer.tenantId, ({ tx }) =>
      tx.syslogSource.create({
        data: {
          tenantId: customer.tenantId,
          id: sourceId,
          siteId: customer.siteId,
          addressSpaceId: customer.addressSpaceId,
          name: "WLAN",
          senders: ["10.0.0.2"],
          speaksFor: ["10.77.0.0/16"],
        },
      }),
    );
    const answer = await agent.send(aBatch([logon({ sourceId, ip: "10.77.0.1" })], agent.take(1)));
    expect(answer.body).toMatchObject({ ack: 2, deadLetters: 0 });
  });
});
