import { randomUUID } from "node:crypto";
import { createDatabaseForTest, FakeClock, type TestDatabase } from "@rollcall/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "../database.ts";
import { aLogon, seedTenant, TestAgent } from "../testing/index.ts";

const clock = new FakeClock();
let store: TestDatabase;
let database: Database;

beforeAll(async () => {
  store = await createDatabaseForTest();
  database = createDatabase({ url: store.appUrl, now: clock.now });
});
afterAll(() => database.close());

/** An agent that has sent three items under its first epoch. */
async function anAgentInUse(): Promise<TestAgent> {
  const tenant = await seedTenant(store.superUrl);
  const agent = await new TestAgent(database, tenant).begin();
  await agent.send(...[1, 2, 3].map((i) => aLogon(tenant, { at: clock.now(), ip: `10.0.0.${i}` })));
  return agent;
}

async function auditOf(agent: TestAgent) {
  const entries = await database.auditReader.page(agent.tenant.tenantId, 0, 100);
  return entries.map((entry) => ({ action: entry.action, ...(entry.detail as { after: object }).after }));
}

describe("opening a stream", () => {
  it("gives a new agent its first epoch, and says nothing in the audit log of it", async () => {
    const tenant = await seedTenant(store.superUrl);
    const agent = new TestAgent(database, tenant);
    expect(await agent.open()).toEqual({ kind: "snapshot", epoch: 1, resumeFrom: 1, because: "first" });
    expect(await auditOf(agent)).toEqual([]);
  });

  it("goes on after the last committed item for the same spool, also after a restart of the agent", async () => {
    const agent = await anAgentInUse();
    agent.bootId = randomUUID();
    expect(await agent.open({ nextSeq: 9, oldestRetained: 4 })).toEqual({
      kind: "continue",
      epoch: 1,
      resumeFrom: 4,
    });
    expect(await agent.open({ nextSeq: 4, oldestRetained: 1 })).toEqual({
      kind: "continue",
      epoch: 1,
      resumeFrom: 4,
    });
  });

  it("fences a spool that is older than what was sent: a restored snapshot", async () => {
    const agent = await anAgentInUse();
    expect(await agent.open({ nextSeq: 3 })).toEqual({
      kind: "snapshot",
      epoch: 2,
      resumeFrom: 1,
      because: "spool-rolled-back",
    });
    expect(await auditOf(agent)).toEqual([{ action: "agent.stream-begun-anew", epoch: 2 }]);
  });

  it("gives a new spool a new epoch and refuses the old one from then on", async () => {
    const agent = await anAgentInUse();
    expect(await agent.open({ spoolId: randomUUID(), epoch: 0 })).toEqual({
      kind: "snapshot",
      epoch: 2,
      resumeFrom: 1,
      because: "new-spool",
    });
    expect(await agent.commit(agent.number([aLogon(agent.tenant, { at: clock.now() })]))).toEqual({
      kind: "stale-epoch",
      epoch: 2,
    });
  });

  it("locks out an older epoch while the newer one is alive, and lets it in when that one fell silent", async () => {
    const agent = await anAgentInUse();
    const thief = new TestAgent(database, agent.tenant);
    await thief.begin();
    await thief.send(aLogon(agent.tenant, { at: clock.now(), ip: "10.0.0.9" }));
    expect(thief.epoch).toBe(2);
    expect(await agent.open()).toEqual({ kind: "locked", epoch: 2 });
    await clock.advance(60_000);
    expect(await agent.open()).toEqual({ kind: "snapshot", epoch: 3, resumeFrom: 1, because: "new-spool" });
  });

  it("does not lock out an agent that died before it had written its new epoch down", async () => {
    const agent = await anAgentInUse();
    expect((await agent.open({ nextSeq: 1 })).kind).toBe("snapshot");
    agent.bootId = randomUUID();
    expect(await agent.open()).toMatchObject({ kind: "snapshot", epoch: 3, because: "older-epoch" });
  });

  it("writes down what is lost when the agent no longer holds what the ledger lacks", async () => {
    const agent = await anAgentInUse();
    expect(await agent.open({ nextSeq: 20, oldestRetained: 10 })).toEqual({
      kind: "snapshot",
      epoch: 2,
      resumeFrom: 1,
      because: "hole",
    });
    expect(await auditOf(agent)).toEqual([
      { action: "agent.stream-begun-anew", epoch: 2, lostFrom: 4, lostTo: 9 },
    ]);
  });

  it("never gives out an epoch again after the ledger was restored from a backup", async () => {
    const agent = await anAgentInUse();
    expect(await agent.open({ epoch: 7 })).toEqual({
      kind: "snapshot",
      epoch: 8,
      resumeFrom: 1,
      because: "newer-epoch",
    });
  });

  it("gives two that open at once one epoch each, not the same", async () => {
    const tenant = await seedTenant(store.superUrl);
    const opened = await Promise.all([1, 2, 3, 4].map(() => new TestAgent(database, tenant).open()));
    expect(opened.map((outcome) => outcome.epoch).sort()).toEqual([1, 2, 3, 4]);
  });
});
