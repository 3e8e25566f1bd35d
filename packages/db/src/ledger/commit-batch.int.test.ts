import { createDatabaseForTest, FakeClock, type TestDatabase } from "@rollcall/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "../database.ts";
import {
  aLogoff,
  aLogon,
  asAdministrator,
  ip,
  type SeededTenant,
  seedTenant,
  someFacts,
  TestAgent,
} from "../testing/index.ts";
import type { LedgerItem } from "./ledger-types.ts";

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
const logoff = (changes: Partial<Parameters<typeof aLogon>[1]> = {}) =>
  aLogoff(tenant, { at: clock.now(), ...changes });

async function feed(after = 0) {
  const page = await database.ledger.readFeed(tenant.tenantId, after, 1000);
  if (page.kind !== "page") throw new Error("the feed asks for a reload");
  return page.entries.map(
    (entry) => `${entry.revision} ${entry.ip} ${entry.user?.name ?? entry.unknownBecause}`,
  );
}

/** Everything that a batch may change, counted by the administrator. */
async function everything() {
  return asAdministrator(store.superUrl, async (client) => {
    const { rows } = await client.query(
      `SELECT (SELECT count(*)::int FROM session_history WHERE tenant_id = $1) AS history,
        (SELECT count(*)::int FROM session WHERE tenant_id = $1) AS sessions,
        (SELECT count(*)::int FROM change_feed WHERE tenant_id = $1) AS changes,
        (SELECT count(*)::int FROM observation_feed WHERE tenant_id = $1) AS observed,
        (SELECT count(*)::int FROM principal_fact WHERE tenant_id = $1) AS facts,
        (SELECT count(*)::int FROM dead_letter WHERE tenant_id = $1) AS letters,
        (SELECT feed_revision::int FROM customer WHERE id = $1) AS revision,
        (SELECT max(committed)::int FROM agent_stream WHERE tenant_id = $1) AS committed`,
      [tenant.tenantId],
    );
    return rows[0];
  });
}

async function letters() {
  return database.withTenant(tenant.tenantId, ({ tx }) =>
    tx.deadLetter.findMany({ where: { tenantId: tenant.tenantId }, orderBy: { seq: "asc" } }),
  );
}

/** Nothing before the database notices. */
const TOO_LONG_FOR_AN_INDEX = Array.from({ length: 4000 }, (_, i) =>
  String.fromCharCode(0x4e00 + ((i * 7919) % 20_000)),
).join("");

describe("a batch", () => {
  it("is acknowledged with what it changed", async () => {
    expect(await agent.send(logon(), logon({ ip: "10.0.0.2", user: "ben" }))).toEqual({
      kind: "committed",
      ack: 2,
      epoch: 1,
      revision: 2,
      deadLetters: 0,
      changed: true,
      observed: true,
    });
    expect(await feed()).toEqual(["1 10.0.0.1 ana", "2 10.0.0.2 ben"]);
  });

  it("has no second effect when it comes again, whole or in part", async () => {
    const things = [logon(), logon({ ip: "10.0.0.2" }), logon({ ip: "10.0.0.3" })];
    const items = agent.number(things);
    await agent.send(...things);
    const before = await everything();
    expect(await agent.commit(items)).toMatchObject({
      kind: "committed",
      ack: 3,
      revision: 3,
      changed: false,
      observed: false,
    });
    expect(await agent.commit(items.slice(0, 2))).toMatchObject({ kind: "committed", ack: 3 });
    expect(await everything()).toEqual(before);
    const overlapping = [...items.slice(1), ...agent.number([logon({ ip: "10.0.0.4" })])];
    expect(await agent.commit(overlapping)).toMatchObject({ kind: "committed", ack: 4, revision: 4 });
    expect(await feed(3)).toEqual(["4 10.0.0.4 ana"]);
  });

  it("after a gap is refused with the number that is missing, and changes nothing", async () => {
    await agent.send(logon());
    const before = await everything();
    expect(await agent.commit(agent.number([logon({ ip: "10.0.0.9" })], 3))).toEqual({
      kind: "gap",
      expected: 2,
    });
    const broken = [
      ...agent.number([logon({ ip: "10.0.0.8" })], 2),
      ...agent.number([logon({ ip: "10.0.0.9" })], 4),
    ];
    expect(await agent.commit(broken)).toEqual({ kind: "gap", expected: 2 });
    expect(await everything()).toEqual(before);
  });

  it("of an epoch that was fenced off, or never given out, changes nothing", async () => {
    await agent.send(logon());
    const second = await new TestAgent(database, tenant).begin();
    const before = await everything();
    expect(await agent.commit(agent.number([logon({ ip: "10.0.0.2" })]))).toEqual({
      kind: "stale-epoch",
      epoch: second.epoch,
    });
    expect(await agent.commit(agent.number([logon()], 1), { epoch: 9 })).toEqual({ kind: "unknown-epoch" });
    expect(await agent.commit(agent.number([logon()], 1), { epoch: 0 })).toEqual({ kind: "unknown-epoch" });
    const stranger = new TestAgent(database, tenant, tenant.secondAgentId);
    expect(await stranger.commit(stranger.number([logon()]), { epoch: 1 })).toEqual({
      kind: "unknown-epoch",
    });
    expect(await everything()).toEqual(before);
  });

  it("that dies with its connection before the commit leaves nothing, and goes through the next time", async () => {
    await agent.send(logon());
    const before = await everything();
    const items = agent.number([
      someFacts({ asOf: clock.now() }),
      logon({ ip: "10.0.0.2" }),
      logoff({ at: clock.now() + 1000 }),
    ]);
    await asAdministrator(store.superUrl, async (client) => {
      await client.query(`CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$`);
      await client.query("GRANT EXECUTE ON FUNCTION pg_terminate_backend(integer, bigint) TO rollcall_app");
      await client.query(
        "CREATE TRIGGER die AFTER UPDATE ON agent_stream FOR EACH ROW EXECUTE FUNCTION die()",
      );
    });
    await expect(agent.commit(items)).rejects.toThrow();
    expect(await everything()).toEqual(before);
    await asAdministrator(store.superUrl, (client) =>
      client.query("DROP TRIGGER die ON agent_stream; DROP FUNCTION die()"),
    );
    expect(await agent.commit(items)).toMatchObject({ kind: "committed", ack: 4 });
  });

  it("seen by two agents counts once, and reaches each of them once", async () => {
    const other = await new TestAgent(database, tenant, tenant.secondAgentId).begin();
    const record = logon();
    await agent.send(record);
    const before = await everything();
    // The second agent received the same line a little later, and its own configuration labels it otherwise.
    expect(
      await other.send({
        ...record,
        receivedAt: record.receivedAt + 40,
        effectiveAt: record.effectiveAt + 40,
        sourceLabel: "VPN",
      }),
    ).toMatchObject({
      deadLetters: 0,
      changed: false,
      observed: false,
    });
    expect(await everything()).toEqual(before);
    expect(
      (await database.ledger.readDownlink(tenant.tenantId, tenant.secondAgentId, 0, 10)).items,
    ).toHaveLength(1);
    expect((await database.ledger.readDownlink(tenant.tenantId, tenant.agentId, 0, 10)).items).toEqual([]);
  });

  it("keeps a late, older logon out of a session that was ended", async () => {
    const at = clock.now();
    await agent.send(logon({ at }));
    await agent.send(logoff({ at: at + 2000 }));
    await agent.send(logon({ at: at + 1000 }));
    expect(await feed()).toEqual(["1 10.0.0.1 ana", "2 10.0.0.1 ended"]);
  });

  it("that merely refreshes a session makes no change for a firewall, but moves its expiry", async () => {
    await agent.send(logon());
    const later = clock.now() + 60_000;
    expect(await agent.send(logon({ at: later, verb: "refresh", receivedAt: later }))).toMatchObject({
      changed: false,
      revision: 1,
    });
    const row = await database.withTenant(tenant.tenantId, ({ tx }) => tx.session.findFirst());
    expect(row?.expiresAt?.getTime()).toBe(later + 3_600_000);
    expect(row?.nextChangeAt?.getTime()).toBe(later + 3_600_000);
  });

  it("follows the arbitration that the customer chose", async () => {
    const tickets = (of: SeededTenant) => [
      aLogon(of, { at: clock.now(), user: "ana", class: "A" }),
      aLogon(of, { at: clock.now() + 120_000, receivedAt: clock.now() + 120_000, user: "ben", class: "B" }),
    ];
    for (const ticket of tickets(tenant)) await agent.send(ticket);
    expect((await database.ledger.loadTable(tenant.tenantId)).entries[0]?.unknownBecause).toBe("contested");
    const lax = await seedTenant(store.superUrl, { settings: { arbitration: "last-writer" } });
    await (await new TestAgent(database, lax).begin()).send(...tickets(lax));
    expect((await database.ledger.loadTable(lax.tenantId)).entries[0]?.user?.name).toBe("ben");
  });
});

describe("corroboration of tickets", () => {
  const scheduledTask = (of: SeededTenant) => {
    const ticket = { class: "B", family: "event-log", rule: "event:4768" } as const;
    const read = { class: "C", family: "event-log", rule: "event:4624-3" } as const;
    const after = (ms: number) => ({ at: clock.now() + ms, receivedAt: clock.now() + ms });
    return [
      aLogon(of, { ...after(0), user: "ana", ...ticket }),
      aLogon(of, { ...after(20_000), user: "ana", ...read }),
      aLogon(of, { ...after(240_000), user: "task", ...ticket }),
    ];
  };
  const whoIsThere = async (of: SeededTenant) =>
    (await database.ledger.loadTable(of.tenantId)).entries[0]?.user?.name;

  it("is obeyed where the customer asks for it, whatever the order, and only shown elsewhere", async () => {
    const strict = await seedTenant(store.superUrl, { settings: { corroboration: "on" } });
    await (await new TestAgent(database, strict).begin()).send(...scheduledTask(strict).reverse());
    await agent.send(...scheduledTask(tenant));
    expect([await whoIsThere(strict), await whoIsThere(tenant)]).toEqual(["ana", "task"]);
  });
});

describe("an item that cannot be taken", () => {
  it("becomes a dead letter with its reason, and the others go through", async () => {
    const items: LedgerItem[] = [
      ...agent.number([logon()], 1),
      {
        seq: 2,
        kind: "unreadable",
        reason: "schema: ip is missing",
        item: { kind: "observation", junk: true },
      },
      ...agent.number([logon({ addressSpaceId: "0a000000-0000-4000-8000-00000000000a", ip: "10.0.0.2" })], 3),
      ...agent.number([logon({ at: 9_000_000_000_000_000, ip: "10.0.0.3" })], 4),
      ...agent.number([logon({ user: "nul\0", ip: "10.0.0.4" })], 5),
      ...agent.number([logon({ user: "half\uD800", ip: "10.0.0.5" })], 6),
      ...agent.number([{ ...logon(), ip: "::ffff:10.0.0.6" as never }], 7),
      ...agent.number([logon({ lifetimeMs: 2 * 86_400_000, ip: "10.0.0.7" })], 8),
      ...agent.number([logon({ principal: null, ip: "10.0.0.8" })], 9),
      ...agent.number([logon({ effectiveAt: clock.now() + 60_000, ip: "10.0.0.9" })], 10),
      ...agent.number([someFacts({ asOf: 5 })], 11),
      ...agent.number([logon({ ip: "10.0.0.12" })], 12),
    ];
    expect(await agent.commit(items)).toMatchObject({
      kind: "committed",
      ack: 12,
      deadLetters: 10,
      revision: 2,
    });
    expect(await feed()).toEqual(["1 10.0.0.1 ana", "2 10.0.0.12 ana"]);
    expect((await letters()).map((letter) => `${letter.seq} ${letter.reason.split(":")[0]}`)).toEqual([
      "2 schema",
      "3 address space",
      "4 effectiveAt",
      "5 text",
      "6 text",
      "7 ip",
      "8 lifetimeMs",
      "9 principal",
      "10 effectiveAt",
      "11 asOf",
    ]);
  });

  it("is found among hundreds when only the database refuses it", async () => {
    const things = Array.from({ length: 300 }, (_, i) => logon({ ip: `10.1.${i >> 8}.${i & 255}` }));
    things[137] = logon({ recordId: TOO_LONG_FOR_AN_INDEX, ip: "10.9.9.9" });
    const outcome = await agent.send(...things);
    expect(outcome).toMatchObject({ ack: 300, deadLetters: 1, revision: 299 });
    const [letter] = await letters();
    expect(letter).toMatchObject({ seq: 138n, reason: expect.stringContaining("database: ") });
    expect(await feed()).toHaveLength(299);
  });

  it("takes no revision with it when it is refused after changes were numbered", async () => {
    const outcome = await agent.send(
      logon({ ip: "10.0.0.2", user: "ben" }),
      someFacts({ asOf: clock.now(), name: TOO_LONG_FOR_AN_INDEX, aliases: ["corp\\ana"], key: "s-1" }),
      logon(),
      logon({ ip: "10.0.0.3", user: "cho" }),
    );
    expect(outcome).toMatchObject({ ack: 4, deadLetters: 1, revision: 2 });
    expect(await feed()).toEqual(["1 10.0.0.2 ben", "2 10.0.0.3 cho"]);
  });

  it("is kept when the same identity comes with another content, and the first content stands", async () => {
    const record = logon({ recordId: "dc1/4711" });
    await agent.send(record);
    expect(await agent.send({ ...record, principal: { name: "mallory", domain: "corp" } })).toMatchObject({
      deadLetters: 1,
      changed: false,
    });
    expect(
      await agent.send(
        logon({ recordId: "dc1/4712", ip: "10.0.0.2" }),
        logon({ recordId: "dc1/4712", ip: "10.0.0.3" }),
      ),
    ).toMatchObject({
      deadLetters: 1,
    });
    expect(await feed()).toEqual(["1 10.0.0.1 ana", "2 10.0.0.2 ana"]);
    expect((await letters()).map((letter) => letter.reason)).toEqual([
      "id: observation dc1/4711#0 is known with another content",
      "id: observation dc1/4712#0 is known with another content",
    ]);
  });
});

describe("principal facts", () => {
  it("name the groups of a session that was there before they were known, and of one that comes later", async () => {
    await agent.send(logon());
    expect(await agent.send(someFacts({ asOf: clock.now(), groups: ["Staff", "VPN"] }))).toMatchObject({
      changed: true,
      revision: 2,
    });
    await agent.send(logon({ ip: "10.0.0.2", principal: { upn: "ana@corp.example" } }));
    const { entries } = await database.ledger.loadTable(tenant.tenantId);
    expect(
      entries.map((entry) => [entry.ip, entry.user?.principalKey, entry.user?.domain, entry.user?.groups]),
    ).toEqual([
      ["10.0.0.1", "s-1-5-21-1-2-3-ana", "corp.example", ["Staff", "VPN"]],
      ["10.0.0.2", "s-1-5-21-1-2-3-ana", "corp.example", ["Staff", "VPN"]],
    ]);
  });

  it("change a session once for a change of groups, and not for the same groups again or older ones", async () => {
    const at = clock.now();
    await agent.send(logon(), someFacts({ asOf: at }));
    expect(await agent.send(someFacts({ asOf: at + 1000, groups: ["Admins"] }))).toMatchObject({
      changed: true,
      revision: 2,
    });
    expect(await agent.send(someFacts({ asOf: at + 2000, groups: ["Admins"] }))).toMatchObject({
      changed: false,
      observed: true,
    });
    expect(await agent.send(someFacts({ asOf: at + 500, groups: ["Old"] }))).toMatchObject({
      changed: false,
      observed: false,
    });
    // Newer than the first change, older than the repeat: the repeat's time decides.
    expect(await agent.send(someFacts({ asOf: at + 1500, groups: ["Between"] }))).toMatchObject({
      changed: false,
      observed: false,
    });
  });

  it("end the sessions of a person who is disabled", async () => {
    await agent.send(logon(), someFacts({ asOf: clock.now() }));
    await agent.send(someFacts({ asOf: clock.now() + 1000, enabled: false }));
    expect(await feed(1)).toEqual(["2 10.0.0.1 disabled"]);
  });

  it("make one person of two spellings: a logoff by one ends a logon by the other", async () => {
    const at = clock.now();
    await agent.send(logon({ at, principal: { name: "ana", domain: "CORP" } }));
    await agent.send(logoff({ at: at + 1000, principal: { upn: "ana@corp.example" } }));
    expect((await feed()).at(-1)).toBe("1 10.0.0.1 ana");
    await agent.send(someFacts({ asOf: at + 2000 }));
    expect((await feed()).at(-1)).toBe("2 10.0.0.1 ended");
  });

  it("forget a spelling that their principal no longer has, in both directions", async () => {
    await agent.send(logon(), someFacts({ asOf: clock.now() }));
    const renamed = someFacts({
      asOf: clock.now() + 1000,
      key: "s-1-5-21-1-2-3-ana",
      name: "anna",
      aliases: ["s-1-5-21-1-2-3-ana", "corp\\anna"],
    });
    await agent.send(renamed);
    const nameAt = async () => (await database.ledger.loadTable(tenant.tenantId)).entries[0]?.user?.name;
    // "corp\ana" is nobody's spelling now: the name stands as the source wrote it.
    expect(await nameAt()).toBe("ana");
    await agent.send(
      someFacts({
        asOf: clock.now() + 2000,
        name: "anna",
        key: "s-1-5-21-1-2-3-ana",
        aliases: ["corp\\ana"],
      }),
    );
    expect(await nameAt()).toBe("anna");
    const rows = await database.withTenant(tenant.tenantId, ({ tx }) => tx.principalAlias.findMany());
    expect(rows.map((row) => row.alias).sort()).toEqual(["corp\\ana", "s-1-5-21-1-2-3-ana"]);
  });

  it("do not let a logoff by a spelling of two principals end the session of one", async () => {
    const at = clock.now();
    await agent.send(someFacts({ asOf: at, aliases: ["corp\\ana", "a@x"] }));
    await agent.send(someFacts({ asOf: at, name: "andy", key: "s-2", aliases: ["corp\\andy", "a@x"] }));
    await agent.send(logon({ at }));
    await agent.send(logoff({ at: at + 1000, principal: { upn: "a@x" } }));
    expect((await feed()).at(-1)).toBe("1 10.0.0.1 ana");
  });

  it("stop naming anybody when two principals claim the same spelling", async () => {
    await agent.send(logon(), someFacts({ asOf: clock.now() }));
    await agent.send(
      someFacts({ asOf: clock.now(), name: "anna", key: "s-2", aliases: ["s-2", "corp\\ana", "corp\\anna"] }),
    );
    const [entry] = (await database.ledger.loadTable(tenant.tenantId)).entries;
    expect(entry?.user).toMatchObject({ principalKey: "corp\\ana", groups: [] });
  });
});

describe("two agents at once", () => {
  it("on the same addresses, with a sweep between, neither wait for ever nor leave a hole in the revisions", async () => {
    const other = await new TestAgent(database, tenant, tenant.secondAgentId).begin();
    const work = async (sender: TestAgent, user: string, order: 1 | -1) => {
      for (let round = 0; round < 25; round += 1) {
        const things = Array.from({ length: 20 }, (_, i) =>
          logon({ user, ip: `10.0.1.${i + 1}`, at: clock.now() + round }),
        );
        await sender.send(
          ...(order === 1 ? things : things.reverse()),
          someFacts({ asOf: clock.now() + round, name: user, groups: [`g${round}`] }),
        );
      }
    };
    const sweeps = async () => {
      for (let round = 0; round < 20; round += 1) await database.ledger.sweep(tenant.tenantId, clock.now());
    };
    await Promise.all([work(agent, "ana", 1), work(other, "ben", -1), sweeps()]);
    const revisions = (await feed()).map((line) => Number(line.split(" ")[0]));
    expect(revisions).toEqual(revisions.map((_, index) => index + 1));
    const table = await database.ledger.loadTable(tenant.tenantId);
    expect(table.revision).toBe(revisions.length);
    expect(table.entries).toHaveLength(20);
    expect(table.entries.every((entry) => entry.ip !== ip("10.0.0.1"))).toBe(true);
  });
});
