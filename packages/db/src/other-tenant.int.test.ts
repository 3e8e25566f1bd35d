import { createDatabaseForTest, type TestDatabase } from "@rollcall/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "./database.ts";
import { asAdministrator, type SeededTenant, seedEveryTable, seedTenant } from "./testing/index.ts";

/** What one tenant can do to another's rows, table by table, as the role that the apps use. */
let store: TestDatabase;
let database: Database;
let own: SeededTenant;
let other: SeededTenant;
let app: pg.Client;
let tables: string[];

beforeAll(async () => {
  store = await createDatabaseForTest();
  own = await seedTenant(store.superUrl);
  other = await seedTenant(store.superUrl);
  for (const ids of [own, other]) await seedEveryTable(store.superUrl, ids);
  database = createDatabase({ url: store.appUrl, maxConnections: 4 });
  app = new pg.Client({ connectionString: store.appUrl });
  await app.connect();
  tables = await asAdministrator(store.superUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'tenant_id' ORDER BY 1`,
    );
    return rows.map((row) => row.name);
  });
});
afterAll(async () => {
  await app.end();
  await database.close();
});

/** Runs statements as the app within a tenant and rolls back; the outcome is a row count or an SQLSTATE. */
async function attempt(
  tenantId: string | null,
  text: string,
  values: unknown[] = [],
): Promise<number | string> {
  await app.query("BEGIN");
  try {
    if (tenantId !== null) await app.query("SELECT set_config('app.tenant', $1, true)", [tenantId]);
    return (await app.query(text, values)).rowCount ?? 0;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await app.query("ROLLBACK");
  }
}

const NO_RIGHT = "42501";

describe("another tenant's rows", () => {
  it("stand in every table, so that this suite means something", async () => {
    expect(tables.length).toBeGreaterThanOrEqual(27);
    await asAdministrator(store.superUrl, async (client) => {
      for (const table of tables) {
        const { rowCount } = await client.query(`SELECT 1 FROM ${table} WHERE tenant_id = $1`, [
          other.tenantId,
        ]);
        expect(rowCount, table).toBeGreaterThan(0);
      }
    });
  });

  it("cannot be read, and one's own can", async () => {
    for (const table of tables) {
      expect(
        await attempt(own.tenantId, `SELECT 1 FROM ${table} WHERE tenant_id = $1`, [other.tenantId]),
        table,
      ).toBe(0);
      expect(
        await attempt(own.tenantId, `SELECT 1 FROM ${table} WHERE tenant_id <> $1`, [own.tenantId]),
        table,
      ).toBe(0);
      expect(await attempt(own.tenantId, `SELECT 1 FROM ${table}`), table).toBeGreaterThan(0);
    }
    expect(await attempt(own.tenantId, "SELECT 1 FROM customer")).toBe(1);
    expect(await attempt(own.tenantId, "SELECT 1 FROM customer WHERE id = $1", [other.tenantId])).toBe(0);
  });

  it("are not there for anybody who named no tenant", async () => {
    for (const table of [...tables, "customer"])
      expect(await attempt(null, `SELECT 1 FROM ${table}`), table).toBe(0);
    // After a transaction the setting is '' and not absent: it must not become an error either.
    await attempt(own.tenantId, "SELECT 1");
    for (const table of [...tables, "customer"])
      expect(await attempt(null, `SELECT 1 FROM ${table}`), table).toBe(0);
  });

  it("cannot be changed, moved or deleted, and stay as they were", async () => {
    const before = await fingerprint(other.tenantId);
    for (const table of tables) {
      const changed = await attempt(
        own.tenantId,
        `UPDATE ${table} SET tenant_id = tenant_id WHERE tenant_id = $1`,
        [other.tenantId],
      );
      expect([0, NO_RIGHT], `update ${table}`).toContain(changed);
      const taken = await attempt(own.tenantId, `UPDATE ${table} SET tenant_id = $1`, [other.tenantId]);
      expect([NO_RIGHT, "23503"], `give away ${table}`).toContain(taken);
      const deleted = await attempt(own.tenantId, `DELETE FROM ${table} WHERE tenant_id = $1`, [
        other.tenantId,
      ]);
      expect([0, NO_RIGHT], `delete ${table}`).toContain(deleted);
    }
    expect(
      await attempt(own.tenantId, "UPDATE customer SET name = 'mine' WHERE id = $1", [other.tenantId]),
    ).toBe(0);
    expect(await attempt(own.tenantId, "DELETE FROM customer WHERE id = $1", [other.tenantId])).toBe(
      NO_RIGHT,
    );
    expect(await fingerprint(other.tenantId)).toEqual(before);
  });

  it("cannot be added to", async () => {
    for (const table of tables) {
      const row = await rowOf(table, other.tenantId);
      const inserted = await attempt(
        own.tenantId,
        `INSERT INTO ${table} SELECT * FROM json_populate_record(NULL::${table}, $1)`,
        [row],
      );
      expect(inserted, table).toBe(NO_RIGHT);
    }
  });

  it("cannot become the parent of one's own rows", async () => {
    const children = await asAdministrator(store.superUrl, async (client) => {
      const { rows } = await client.query<{ child: string; name: string; column: string }>(
        `SELECT k.conrelid::regclass::text AS child, k.conname AS name, a.attname AS column
         FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey)
         WHERE k.contype = 'f' AND k.confrelid <> 'customer'::regclass AND a.attname <> 'tenant_id' AND k.conparentid = 0
           AND EXISTS (SELECT 1 FROM pg_attribute t WHERE t.attrelid = k.conrelid AND t.attname = 'tenant_id')`,
      );
      return rows;
    });
    expect(children.length).toBeGreaterThan(15);
    for (const { child, name, column } of children) {
      const foreign = JSON.parse(await rowOf(child, other.tenantId)) as Record<string, unknown>;
      const mine = JSON.parse(await rowOf(child, own.tenantId)) as Record<string, unknown>;
      // One's own row, new, but under the other tenant's parent.
      for (const key of ["id", "serial", "client_id", "token_hash", "lane", "n"])
        if (key in mine && key !== column)
          mine[key] =
            key === "n"
              ? 99
              : key === "id" && typeof mine.id === "string" && mine.id.length === 36
                ? crypto.randomUUID()
                : `${key}-new`;
      if ("name" in mine) mine.name = "new";
      if ("ordinal" in mine) mine.ordinal = 99;
      mine[column] = foreign[column];
      const same = mine[column] === JSON.parse(await rowOf(child, own.tenantId))[column];
      if (same) continue;
      // Of these a site has one: a second would be refused for that alone, so the one there is is moved.
      const isOnePerSite = child === "wef_receiver" || child === "pc_probe";
      const outcome = isOnePerSite
        ? await attempt(own.tenantId, `UPDATE ${child} SET ${column} = $1`, [mine[column]])
        : await attempt(
            own.tenantId,
            `INSERT INTO ${child} SELECT * FROM json_populate_record(NULL::${child}, $1)`,
            [JSON.stringify(mine)],
          );
      expect(outcome, `${name} (${column})`).toBe("23503");
    }
  });

  it("cannot be found by the names that show one row: only the row that was named is seen, and cannot be changed", async () => {
    expect(await database.findClient(other.clientId)).toEqual({
      tenantId: other.tenantId,
      enforcementPointId: other.enforcementPointId,
    });
    expect(await database.findClient("nobody")).toBeNull();
    expect(await database.findClient("")).toBeNull();
    const seen = await database.withClientLookup(other.clientId, async ({ tx }) => [
      await tx.clientDirectory.count(),
      await tx.enforcementPoint.count(),
      (await tx.clientDirectory.updateMany({ data: { enforcementPointId: own.enforcementPointId } })).count,
      (await tx.clientDirectory.deleteMany()).count,
    ]);
    expect(seen).toEqual([1, 0, 0, 0]);
    expect(await database.findToken("h")).not.toBeNull();
    expect(await database.findToken("")).toBeNull();
  });
});

describe("a tenant-bound handle", () => {
  it("shows a practice its customers and none of their rows, until it enters one of its own", async () => {
    const seen = await database.withPractice(own.practiceId, async ({ tx, enterTenant }) => {
      const customers = (await tx.customer.findMany()).map((customer) => customer.id);
      const before = await tx.site.count();
      const foreign = await enterTenant(other.tenantId);
      const entered = await enterTenant(own.tenantId);
      return {
        customers,
        before,
        foreign,
        after: (await entered?.tx.site.findMany())?.map((site) => site.tenantId),
      };
    });
    expect(seen).toEqual({ customers: [own.tenantId], before: 0, foreign: null, after: [own.tenantId] });
  });

  it("writes what was audited in a customer that a practice entered into that customer's chain", async () => {
    const head = await database.auditReader.head(own.tenantId);
    await database.withPractice(own.practiceId, async ({ enterTenant }) => {
      const entered = await enterTenant(own.tenantId);
      entered?.audit({
        actor: { kind: "system", id: null, name: "test" },
        action: "test.enter",
        object: { kind: "o", id: "1", name: "o" },
        result: "done",
      });
    });
    expect((await database.auditReader.head(own.tenantId))?.n).toBe((head?.n ?? 0) + 1);
  });

  it("refuses a tenant id that is none", async () => {
    for (const id of ["", "x", "' OR 1=1 --", `${own.tenantId} `])
      await expect(database.withTenant(id, async () => 1)).rejects.toThrow(/must be a UUID/);
    await expect(database.ledger.loadTable("x")).rejects.toThrow(/must be a UUID/);
  });

  it("serves 50 tenants over few connections, with aborted and timed-out work between, and mixes up none", async () => {
    const tenants = await Promise.all(Array.from({ length: 50 }, () => seedTenant(store.superUrl)));
    const narrow = createDatabase({ url: store.appUrl, maxConnections: 4 });
    let mixed = 0;
    let answered = 0;
    const one = async (index: number) => {
      const tenant = tenants[index % tenants.length];
      if (!tenant) return;
      const how = index % 7;
      await narrow
        .withTenant(tenant.tenantId, async ({ tx }) => {
          if (how === 3) throw new Error("given up");
          if (how === 5) await tx.$queryRaw`SELECT 1 / 0`;
          const sites = await tx.site.findMany({ select: { tenantId: true, id: true } });
          answered += 1;
          if (sites.length !== 1 || sites[0]?.tenantId !== tenant.tenantId || sites[0].id !== tenant.siteId)
            mixed += 1;
          if (how === 6) throw new Error("given up late");
        })
        .catch(() => {});
      if (index % 3 === 0) {
        const page = await narrow.ledger.readFeed(tenant.tenantId, 0, 1);
        if (page.kind !== "page" || page.entries.length > 0) mixed += 1;
      }
    };
    for (let from = 0; from < 2000; from += 50)
      await Promise.all(Array.from({ length: 50 }, (_, i) => one(from + i)));
    // The connections that served them are used again, by nobody's tenant.
    const left = await Promise.all(
      Array.from({ length: 8 }, () => narrow.withPractice(own.practiceId, ({ tx }) => tx.site.count())),
    );
    expect(left).toEqual(left.map(() => 0));
    await narrow.close();
    expect(mixed).toBe(0);
    expect(answered).toBeGreaterThan(1000);
  });

  it("leaves nothing of a unit of work that failed, its audit entry included", async () => {
    const head = await database.auditReader.head(own.tenantId);
    await expect(
      database.withTenant(own.tenantId, async (handle) => {
        await handle.tx.filter.create({
          data: { tenantId: own.tenantId, kind: "ip-exclude", value: "192.0.2.0/24" },
        });
        handle.audit({
          actor: { kind: "system", id: null, name: "test" },
          action: "filter.add",
          object: { kind: "filter", id: "1", name: "f" },
          result: "done",
        });
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    expect(await database.auditReader.head(own.tenantId)).toEqual(head);
    expect(
      await database.withTenant(own.tenantId, ({ tx }) =>
        tx.filter.count({ where: { value: "192.0.2.0/24" } }),
      ),
    ).toBe(0);
  });

  it("lists the tenants of all practices, but not deleted ones", async () => {
    const gone = await seedTenant(store.superUrl);
    await asAdministrator(store.superUrl, (client) =>
      client.query("UPDATE customer SET deleted_at = now() WHERE id = $1", [gone.tenantId]),
    );
    const ids = await database.tenantIds();
    expect(ids).toContain(own.tenantId);
    expect(ids).toContain(other.tenantId);
    expect(ids).not.toContain(gone.tenantId);
  });
});

describe("a grant", () => {
  it("cannot let a person into a customer of another practice", async () => {
    const person = await database.signIns.createPerson({
      practiceId: own.practiceId,
      email: "eve@example.test",
      name: "Eve",
      passwordHash: null,
    });
    await expect(
      database.signIns.grant({
        practiceId: own.practiceId,
        userId: person.id,
        role: "owner",
        customerId: other.tenantId,
      }),
    ).rejects.toThrow();
    await expect(
      database.signIns.grant({
        practiceId: other.practiceId,
        userId: person.id,
        role: "owner",
        customerId: null,
      }),
    ).rejects.toThrow();
  });

  it("over one customer goes with the customer, instead of becoming a grant over all", async () => {
    const gone = await seedTenant(store.superUrl);
    const person = await database.signIns.createPerson({
      practiceId: gone.practiceId,
      email: "joe@example.test",
      name: "Joe",
      passwordHash: null,
    });
    await database.signIns.grant({
      practiceId: gone.practiceId,
      userId: person.id,
      role: "customer-owner",
      customerId: gone.tenantId,
    });
    await asAdministrator(store.superUrl, async (client) => {
      for (const table of ["client_directory", "enforcement_point", "agent", "site", "address_space"])
        await client.query(`DELETE FROM ${table} WHERE tenant_id = $1`, [gone.tenantId]);
      await client.query("DELETE FROM customer WHERE id = $1", [gone.tenantId]);
    });
    expect(await database.signIns.grantsOf(person.id)).toEqual([]);
  });
});

async function rowOf(table: string, tenantId: string): Promise<string> {
  return asAdministrator(store.superUrl, async (client) => {
    const { rows } = await client.query<{ row: unknown }>(
      `SELECT row_to_json(t) AS row FROM ${table} t WHERE tenant_id = $1 LIMIT 1`,
      [tenantId],
    );
    return JSON.stringify(rows[0]?.row);
  });
}

async function fingerprint(tenantId: string): Promise<Record<string, unknown>> {
  return asAdministrator(store.superUrl, async (client) => {
    const prints: Record<string, unknown> = {};
    for (const table of tables) {
      const { rows } = await client.query(
        `SELECT count(*) AS count, md5(string_agg(t::text, '|' ORDER BY t::text)) AS hash FROM ${table} t WHERE tenant_id = $1`,
        [tenantId],
      );
      prints[table] = rows[0];
    }
    return prints;
  });
}
