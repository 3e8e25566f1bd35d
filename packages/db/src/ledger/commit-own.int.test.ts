import { createDatabaseForTest, FakeClock, type TestDatabase } from "@rollcall/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "../database.ts";
import { aLogoff, aLogon, type SeededTenant, seedTenant, TestAgent } from "../testing/index.ts";

const clock = new FakeClock();
let store: TestDatabase;
let database: Database;
let tenant: SeededTenant;
let agent: TestAgent;

beforeAll(async () => {
  store = await createDatabaseForTest();
  database = createDatabase({ url: store.appUrl, now: clock.now });
});
afterAll(() => database.close());
beforeEach(async () => {
  tenant = await seedTenant(store.superUrl);
  agent = await new TestAgent(database, tenant).begin();
});

const logon = (changes: Partial<Parameters<typeof aLogon>[1]> = {}) =>
  aLogon(tenant, { at: clock.now(), ...changes });
const take = (...observations: ReturnType<typeof logon>[]) =>
  database.ledger.commitOwn(tenant.tenantId, observations);

async function told(): Promise<string[]> {
  const page = await database.ledger.readFeed(tenant.tenantId, 0, 100);
  return page.kind === "page"
    ? page.entries.map((entry) => `${entry.ip} ${entry.user?.name ?? "nobody"}`)
    : [];
}

describe("what reached the cloud by itself", () => {
  it("goes to firewalls by the feed and to every agent by the downlink", async () => {
    const logged = logon({ user: "carol" });
    expect(await take(logged)).toEqual({ kind: "committed", revision: 1, changed: true, observed: true });
    expect(await told()).toEqual([`${logged.ip} carol`]);
    const down = await database.ledger.readDownlink(tenant.tenantId, agent.agentId, 0, 10);
    expect(down.items).toEqual([{ kind: "observation", observation: logged }]);
  });

  it("has no second effect when it comes again, not even by an agent", async () => {
    const logged = logon({ user: "carol" });
    await take(logged);
    expect(await take(logged)).toEqual({ kind: "committed", revision: 1, changed: false, observed: false });
    expect(await agent.send(logged)).toMatchObject({
      revision: 1,
      changed: false,
      observed: false,
      deadLetters: 0,
    });
  });

  it("obeys the same law as what agents send: an end after it takes it away", async () => {
    await take(logon({ user: "carol" }));
    await clock.advance(1000);
    await take(aLogoff(tenant, { at: clock.now(), user: "carol" }));
    expect((await told()).at(-1)).toContain("nobody");
  });

  it("is refused as a whole where it cannot be taken", async () => {
    const foreign = { ...logon(), addressSpaceId: "00000000-0000-4000-8000-000000000000" };
    expect(await take(foreign)).toMatchObject({ kind: "refused" });
    const logged = logon({ user: "carol" });
    await take(logged);
    expect(await take({ ...logged, principal: { name: "mallory" } })).toMatchObject({ kind: "refused" });
    expect(await told()).toEqual([`${logged.ip} carol`]);
  });
});
