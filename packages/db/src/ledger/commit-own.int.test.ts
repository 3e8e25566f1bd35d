import { createDatabaseForTest, FakeClock, type TestDatabase } from "@rollcall/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "../database.ts";
import { aLogoff, aLogon, type SeededTenant, seedTenant, TestAgent } from "../testing/index.ts";

const clock = new FakeClock();
let store: TestDatabase;
let database: Database;
let tenant: SeededTenant;
let agent: TestAgent;
let dark: ReadonlySet<string> = new Set();

beforeAll(async () => {
  store = await createDatabaseForTest();
  database = createDatabase({ url: store.appUrl, now: clock.now, darkSources: () => dark });
});
afterAll(() => database.close());
beforeEach(async () => {
  dark = new Set();
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

  it("is told anew where it names somebody whom only a source that cannot be heard had named", async () => {
    const logged = logon({ user: "carol" });
    await agent.send(logged);
    dark = new Set([logged.sourceId]);
    await clock.advance(1000);
    const again = {
      ...logon({ user: "carol" }),
      ip: logged.ip,
      sourceId: "00000000-0000-4000-8000-00000000000f",
    };
    expect(await take(again)).toMatchObject({ kind: "committed", revision: 2, changed: true });
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
