import { ReplicaTable } from "@rollcall/identity-core";
import { createDatabaseForTest, FakeClock, type TestDatabase } from "@rollcall/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "../database.ts";
import {
  aLogoff,
  aLogon,
  asAdministrator,
  type SeededTenant,
  seedTenant,
  someFacts,
  TestAgent,
} from "../testing/index.ts";

const HOUR = 3_600_000;
let clock: FakeClock;
let store: TestDatabase;
let database: Database;
let tenant: SeededTenant;
let agent: TestAgent;

beforeAll(async () => {
  store = await createDatabaseForTest();
  database = createDatabase({ url: store.appUrl, now: () => clock.now() });
});
afterAll(() => database.close());
beforeEach(async () => {
  clock = new FakeClock();
  tenant = await seedTenant(store.superUrl);
  agent = await new TestAgent(database, tenant).begin();
});

const logon = (changes: Partial<Parameters<typeof aLogon>[1]> = {}) =>
  aLogon(tenant, { at: clock.now(), ...changes });
const logoff = (changes: Partial<Parameters<typeof aLogon>[1]> = {}) =>
  aLogoff(tenant, { at: clock.now(), ...changes });
const all = { addressSpaceIds: [], domains: [], includeIp: [], excludeIp: [], ipv6: true };

describe("a sweep", () => {
  it("ends what has expired, once, and says when the next is due", async () => {
    await agent.send(logon(), logon({ ip: "10.0.0.2", lifetimeMs: 2 * HOUR }));
    expect(await database.ledger.sweep(tenant.tenantId, clock.now() + HOUR - 1)).toEqual({
      changed: false,
      revision: 2,
      nextChangeAt: clock.now() + HOUR,
      swept: 0,
    });
    expect(await database.ledger.sweep(tenant.tenantId, clock.now() + HOUR)).toEqual({
      changed: true,
      revision: 3,
      nextChangeAt: clock.now() + 2 * HOUR,
      swept: 1,
    });
    expect(await database.ledger.sweep(tenant.tenantId, clock.now() + HOUR)).toMatchObject({
      changed: false,
      revision: 3,
      swept: 0,
    });
    const page = await database.ledger.readFeed(tenant.tenantId, 2, 10);
    expect(page.kind === "page" && page.entries[0]).toMatchObject({
      ip: "10.0.0.1",
      user: null,
      unknownBecause: "expired",
    });
  });

  it("gives a contested address to the newer claim when its ten minutes are over", async () => {
    await agent.send(logon({ user: "ana" }));
    await agent.send(logon({ user: "ben", class: "B", at: clock.now() + 60_000 }));
    const nameAt = async () => (await database.ledger.loadTable(tenant.tenantId)).entries[0]?.user?.name;
    expect(await nameAt()).toBeUndefined();
    await database.ledger.sweep(tenant.tenantId, clock.now() + 600_000);
    expect(await nameAt()).toBe("ben");
  });

  it("goes through more than one page of expired sessions", async () => {
    for (let page = 0; page < 5; page += 1)
      await agent.send(
        ...Array.from({ length: 500 }, (_, i) => logon({ ip: `10.${page}.${i >> 8}.${i & 255}` })),
      );
    expect(await database.ledger.sweep(tenant.tenantId, clock.now() + HOUR)).toMatchObject({
      swept: 2500,
      revision: 5000,
      nextChangeAt: null,
    });
  });
});

describe("the change feed", () => {
  it("brings a copy that was loaded once to the same table, page by page", async () => {
    const copy = new ReplicaTable();
    copy.load({ issuer: "0000000000000001", ...(await database.ledger.loadTable(tenant.tenantId)) });
    await agent.send(...[1, 2, 3, 4, 5].map((i) => logon({ ip: `10.0.0.${i}` })));
    await agent.send(logoff({ ip: "10.0.0.2", at: clock.now() + 1000 }), someFacts({ asOf: clock.now() }));
    for (let isLast = false; !isLast; ) {
      const page = await database.ledger.readFeed(tenant.tenantId, copy.revision, 2);
      if (page.kind !== "page") throw new Error("the feed asks for a reload");
      copy.applyFeed(page.entries, page.revision, page.floorRevision);
      isLast = page.isLast;
    }
    const fresh = new ReplicaTable();
    fresh.load({ issuer: "0000000000000001", ...(await database.ledger.loadTable(tenant.tenantId)) });
    expect(copy.changesSince(0, 100, all)).toEqual(fresh.changesSince(0, 100, all));
    expect(copy.revision).toBe(fresh.revision);
  });

  it("gives what one record changed by one revision and in one page, to a copy too", async () => {
    const copy = new ReplicaTable();
    copy.load({ issuer: "0000000000000001", ...(await database.ledger.loadTable(tenant.tenantId)) });
    const dual = (user: string, at: number) => {
      const first = logon({ user, at, ip: "10.0.0.1" });
      const { recordId } = first;
      return [first, { ...logon({ user, at, ip: "2001:db8::1" }), recordId, id: `${recordId}#1` }];
    };
    await agent.send(...dual("ana", clock.now()));
    await agent.send(logon({ ip: "10.0.0.9" }), ...dual("ben", clock.now() + 1000));
    const told: [string, number, string | undefined][] = [];
    for (let isLast = false; !isLast; ) {
      const page = await database.ledger.readFeed(tenant.tenantId, copy.revision, 1);
      if (page.kind !== "page") throw new Error("the feed asks for a reload");
      copy.applyFeed(page.entries, page.revision, page.floorRevision);
      told.push(...page.entries.map((one): (typeof told)[0] => [one.ip, one.revision, one.user?.name]));
      isLast = page.isLast;
    }
    expect(told).toEqual([
      ["10.0.0.1", 1, "ana"],
      ["2001:db8::1", 1, "ana"],
      ["10.0.0.9", 2, expect.any(String)],
      ["10.0.0.1", 3, "ben"],
      ["2001:db8::1", 3, "ben"],
    ]);
    expect([copy.revision, copy.size]).toEqual([3, 3]);
  });

  it("asks for a reload where it no longer reaches, or was never numbered so far", async () => {
    await agent.send(logon());
    await clock.advance(25 * HOUR);
    await agent.send(logon({ ip: "10.0.0.2" }));
    await database.ledger.prune({
      tenantId: tenant.tenantId,
      before: clock.now() - 24 * HOUR,
      historyBefore: 0,
    });
    const { readFeed } = database.ledger;
    expect(await readFeed(tenant.tenantId, 0, 10)).toEqual({ kind: "reload" });
    expect(await readFeed(tenant.tenantId, 1, 10)).toMatchObject({ kind: "page", revision: 2, isLast: true });
    expect(await readFeed(tenant.tenantId, 2, 10)).toMatchObject({
      kind: "page",
      entries: [],
      revision: 2,
      isLast: true,
    });
    expect(await readFeed(tenant.tenantId, 3, 10)).toEqual({ kind: "reload" });
    await clock.advance(25 * HOUR);
    await database.ledger.prune({
      tenantId: tenant.tenantId,
      before: clock.now() - 24 * HOUR,
      historyBefore: 0,
    });
    expect(await readFeed(tenant.tenantId, 1, 10)).toEqual({ kind: "reload" });
    expect(await readFeed(tenant.tenantId, 2, 10)).toMatchObject({ kind: "page", entries: [] });
  });

  it("does not show an address where nobody was ever known", async () => {
    expect(await agent.send(logoff())).toMatchObject({ changed: false, revision: 0 });
    expect(await database.ledger.loadTable(tenant.tenantId)).toMatchObject({ entries: [], revision: 0 });
    // What was learnt there counts all the same: the logon is older than the logoff.
    expect(await agent.send(logon({ at: clock.now() - 1000 }))).toMatchObject({ changed: false });
  });
});

describe("pruning", () => {
  it("forgets old tombstones, and raises the floor so that no firewall is left with a session that ended", async () => {
    await agent.send(logon(), logon({ ip: "10.0.0.2", lifetimeMs: 24 * HOUR }));
    await agent.send(logoff({ at: clock.now() + 1000 }));
    await clock.advance(24 * HOUR - 1000);
    expect(
      await database.ledger.prune({
        tenantId: tenant.tenantId,
        before: clock.now() - 12 * HOUR,
        historyBefore: 0,
      }),
    ).toMatchObject({
      tombstones: 1,
      changes: 3,
      floorRevision: 3,
    });
    const table = await database.ledger.loadTable(tenant.tenantId);
    expect(table).toMatchObject({ revision: 3, floorRevision: 3 });
    expect(table.entries.map((entry) => entry.ip)).toEqual(["10.0.0.2"]);
    const spellings = await asAdministrator(store.superUrl, (client) =>
      client.query("SELECT ip, count(*)::int FROM session_alias WHERE tenant_id = $1 GROUP BY ip", [
        tenant.tenantId,
      ]),
    );
    expect(spellings.rows).toEqual([{ ip: "10.0.0.2", count: 2 }]);
    await agent.send(logon());
    expect((await database.ledger.loadTable(tenant.tenantId)).revision).toBe(4);
  });

  it("leaves a session that has run out but was not ended yet: no firewall was told", async () => {
    await agent.send(logon());
    await clock.advance(48 * HOUR);
    const before = clock.now() - 24 * HOUR;
    expect(
      await database.ledger.prune({ tenantId: tenant.tenantId, before, historyBefore: 0 }),
    ).toMatchObject({
      tombstones: 0,
      floorRevision: 0,
    });
    expect(await database.ledger.sweep(tenant.tenantId, clock.now())).toMatchObject({
      changed: true,
      revision: 2,
    });
  });

  it("keeps logon history for as long as the customer wants it", async () => {
    await agent.send(logon());
    await clock.advance(10 * 24 * HOUR);
    await agent.send(logon({ ip: "10.0.0.2" }));
    const outcome = await database.ledger.prune({
      tenantId: tenant.tenantId,
      before: 0,
      historyBefore: clock.now() - 7 * 24 * HOUR,
    });
    expect(outcome).toMatchObject({ history: 1, changes: 0, observations: 0 });
    const left = await database.withTenant(tenant.tenantId, ({ tx }) =>
      tx.sessionHistory.findMany({ select: { ip: true } }),
    );
    expect(left).toEqual([{ ip: "10.0.0.2" }]);
  });
});

describe("the downlink", () => {
  const read = (after: number, limit = 100, spaces?: string[]) =>
    database.ledger.readDownlink(tenant.tenantId, tenant.secondAgentId, after, limit, spaces);

  it("hands over what others learnt in the order it was committed, and never an agent's own", async () => {
    const other = await new TestAgent(database, tenant, tenant.secondAgentId).begin();
    await agent.send(logon({ recordId: "r1" }), someFacts({ asOf: clock.now() }));
    await other.send(logon({ recordId: "r2", ip: "10.0.0.2" }));
    await agent.send(logon({ recordId: "r3", ip: "10.0.0.3" }));
    const first = await read(0, 2);
    const second = await read(first.next, 100);
    const told = [...first.items, ...second.items].map((item) =>
      item.kind === "observation" ? item.observation.recordId : item.facts.name,
    );
    expect(told).toEqual(["ana", "r1", "r3"]);
    expect(second.isLast).toBe(true);
    expect(await read(second.next)).toEqual({ next: second.next, items: [], isLast: true });
  });

  it("gives the observation as it came, with the same identity", async () => {
    const sent = logon({
      correlator: "vpn-7",
      sourceLabel: "VPN",
      principal: { name: "Ana", domain: "CORP", upn: "ana@corp.example" },
    });
    await agent.send(sent);
    expect((await read(0)).items).toEqual([{ kind: "observation", observation: sent }]);
  });

  it("leaves out observations of address spaces the agent does not serve", async () => {
    await agent.send(logon());
    expect((await read(0, 100, [])).items).toEqual([]);
    expect((await read(0, 100, [tenant.addressSpaceId])).items).toHaveLength(1);
  });

  it("still teaches a new agent every principal after the observations of that time are gone", async () => {
    await agent.send(
      logon(),
      someFacts({ asOf: clock.now(), groups: ["Old"] }),
      someFacts({ asOf: clock.now(), name: "ben" }),
    );
    await agent.send(someFacts({ asOf: clock.now() + 1, groups: ["New"] }));
    await clock.advance(25 * HOUR);
    const pruned = await database.ledger.prune({
      tenantId: tenant.tenantId,
      before: clock.now() - 24 * HOUR,
      historyBefore: 0,
    });
    expect(pruned.observations).toBe(2);
    const facts = (await read(0)).items.map(
      (item) => item.kind === "principal" && [item.facts.name, item.facts.groups[0]],
    );
    expect(facts).toEqual([
      ["ben", "Staff"],
      ["ana", "New"],
    ]);
  });
});

describe("months of history", () => {
  it("take in the rows that waited for them in the default partition, and old ones are dropped whole", async () => {
    await agent.send(logon({ at: Date.UTC(2040, 4, 5), receivedAt: Date.UTC(2040, 4, 5) }));
    await asAdministrator(store.ownerUrl, async (owner) => {
      const partitionOf = async () =>
        asAdministrator(store.superUrl, async (client) => {
          const { rows } = await client.query(
            "SELECT tableoid::regclass::text AS partition FROM session_history WHERE tenant_id = $1",
            [tenant.tenantId],
          );
          return rows;
        });
      expect(await partitionOf()).toEqual([{ partition: "history.session_history_other" }]);
      const ahead = (2040 - new Date().getUTCFullYear()) * 12 + 12;
      await owner.query("SELECT history.ensure_session_history_partitions(0, $1)", [ahead]);
      expect(await partitionOf()).toEqual([{ partition: "history.session_history_2040_05" }]);
      await owner.query("SELECT history.ensure_session_history_partitions(30, 0)");
      const { rows } = await owner.query<{ dropped: number }>(
        "SELECT history.drop_session_history_partitions(13) AS dropped",
      );
      expect(rows[0]?.dropped).toBeGreaterThan(10);
      await expect(owner.query("SELECT history.drop_session_history_partitions(3)")).rejects.toThrow(
        /too few/,
      );
    });
    await asAdministrator(store.appUrl, (app) =>
      expect(app.query("SELECT history.ensure_session_history_partitions(0, 1)")).rejects.toThrow(
        /permission denied/,
      ),
    );
    expect(await database.historyHorizon()).toBeGreaterThan(Date.UTC(2040, 0));
  });
});
