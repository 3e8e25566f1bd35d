import { createDatabaseForTest } from "@rollcall/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/**
 * The database's own catalogue is held to the rules of tenancy, so that a new table cannot slip in without them.
 * Tables that belong to no tenant stand here by name, each with its reason.
 */
const NOT_TENANT_OWNED: Readonly<Record<string, string>> = {
  practice: "stands above tenants: the managed service provider itself",
  portal_user: "a person belongs to a practice and is looked up by e-mail before anything is known",
  sign_in: "found by the hash of the browser's token alone",
  sign_in_failure: "counts under an e-mail address or network of somebody not yet known",
  membership: "says which tenants a person may enter, so it is read before a tenant is entered",
  _prisma_migrations: "the list of migrations; the apps may not even read it",
};
/** Unique keys that do not begin with the tenant, and why that tells nobody about another one. */
const GLOBAL_KEYS: Readonly<Record<string, string>> = {
  client_directory_pkey: "client ids are random and made by us; the table exists to find the tenant of one",
  customer_pkey: "a customer's id is the tenant's id",
  customer_practice_id_slug_key: "a practice names its own customers",
  customer_id_practice_id_key: "target of a foreign key that keeps a grant within its practice",
};

let client: pg.Client;

beforeAll(async () => {
  const database = await createDatabaseForTest();
  client = new pg.Client({ connectionString: database.superUrl });
  await client.connect();
});
afterAll(() => client.end());

async function names(sql: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(sql);
  return rows.map((row) => row.name).sort();
}

const TABLES = `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('public', 'history') AND c.relkind IN ('r', 'p')`;
const HAS_TENANT = `(c.relname = 'customer' OR EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))`;

describe("the catalogue", () => {
  it("has a tenant in every table but the named exceptions", async () => {
    const without = await names(`SELECT c.relname AS name ${TABLES} AND NOT ${HAS_TENANT}`);
    expect(without).toEqual(Object.keys(NOT_TENANT_OWNED).sort());
  });

  it("enables and forces row-level security on every table of a tenant, with a policy for reading and writing", async () => {
    const owned = await names(`SELECT c.relname AS name ${TABLES} AND ${HAS_TENANT}`);
    expect(owned.length).toBeGreaterThan(28);
    const lax = await names(
      `SELECT c.relname AS name ${TABLES} AND ${HAS_TENANT} AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`,
    );
    expect(lax).toEqual([]);
    const withoutPolicy = await names(
      `SELECT c.relname AS name ${TABLES} AND ${HAS_TENANT} AND NOT EXISTS (
         SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant' AND p.polcmd = '*' AND p.polwithcheck IS NOT NULL)`,
    );
    expect(withoutPolicy).toEqual([]);
    const odd = await client.query(
      `SELECT p.polname, c.relname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
       WHERE p.polname <> 'tenant' OR pg_get_expr(p.polqual, p.polrelid) NOT LIKE '%NULLIF(current_setting(''app.tenant''::text, true), ''''::text))::uuid%'`,
    );
    expect(odd.rows.toSorted((a, b) => a.polname.localeCompare(b.polname))).toEqual([
      { polname: "named_client", relname: "client_directory" },
      { polname: "named_token", relname: "enforcement_token" },
    ]);
  });

  it("begins an index of every tenant's table with the tenant, and every unique key", async () => {
    const INDEXES = `FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
      WHERE n.nspname IN ('public', 'history')`;
    const led = new Set(
      await names(`SELECT DISTINCT c.relname AS name ${INDEXES} AND a.attname = 'tenant_id'`),
    );
    const owned = await names(
      `SELECT c.relname AS name ${TABLES} AND ${HAS_TENANT} AND c.relname NOT IN ('customer', 'client_directory')`,
    );
    expect(owned.filter((table) => !led.has(table))).toEqual([]);
    const global = await names(
      `SELECT x.relname AS name ${INDEXES} AND i.indisunique AND a.attname <> 'tenant_id' AND ${HAS_TENANT}`,
    );
    expect(global).toEqual(Object.keys(GLOBAL_KEYS).sort());
  });

  it("carries the tenant in every foreign key between tables of a tenant", async () => {
    const loose = await names(
      `SELECT k.conname AS name FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
       WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
         AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
         AND NOT EXISTS (
           SELECT 1 FROM unnest(k.conkey, k.confkey) AS pair(own, foreign_one)
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = pair.own
             JOIN pg_attribute b ON b.attrelid = f.oid AND b.attnum = pair.foreign_one
           WHERE a.attname = 'tenant_id' AND b.attname = CASE f.relname WHEN 'customer' THEN 'id' ELSE 'tenant_id' END)`,
    );
    expect(loose).toEqual([]);
  });

  it("gives the apps a role that owns nothing and cannot pass a policy", async () => {
    const { rows } = await client.query(
      "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname IN ('rollcall_app', 'rollcall_owner')",
    );
    const no = {
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
    };
    expect(rows).toEqual([no, no]);
    for (const catalogue of ["pg_class c", "pg_proc c", "pg_namespace c", "pg_type c"]) {
      const owner = catalogue.startsWith("pg_class")
        ? "relowner"
        : catalogue.startsWith("pg_proc")
          ? "proowner"
          : catalogue.startsWith("pg_namespace")
            ? "nspowner"
            : "typowner";
      const { rows: owned } = await client.query(
        `SELECT count(*)::int AS count FROM ${catalogue} WHERE c.${owner} = 'rollcall_app'::regrole`,
      );
      expect(owned, catalogue).toEqual([{ count: 0 }]);
    }
    expect(
      await names(
        "SELECT roleid::regrole::text AS name FROM pg_auth_members WHERE member = 'rollcall_app'::regrole",
      ),
    ).toEqual([]);
  });

  it("has no view, no materialised view and no SECURITY DEFINER function, which would run past the policies", async () => {
    expect(
      await names(`SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('public', 'history', 'bullmq') AND c.relkind IN ('v', 'm', 'f')`),
    ).toEqual([]);
    expect(
      await names(`SELECT p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname IN ('public', 'history', 'bullmq') AND p.prosecdef`),
    ).toEqual([]);
  });

  it("keeps the apps away from partitions, migrations and what is append-only", async () => {
    const may = async (privilege: string, table: string) =>
      (
        await client.query<{ yes: boolean }>("SELECT has_table_privilege('rollcall_app', $1, $2) AS yes", [
          table,
          privilege,
        ])
      ).rows[0]?.yes;
    expect(
      (await client.query("SELECT has_schema_privilege('rollcall_app', 'history', 'USAGE') AS yes")).rows,
    ).toEqual([{ yes: false }]);
    expect(
      (await client.query("SELECT has_schema_privilege('rollcall_app', 'public', 'CREATE') AS yes")).rows,
    ).toEqual([{ yes: false }]);
    expect(await may("SELECT", "_prisma_migrations")).toBe(false);
    for (const privilege of ["UPDATE", "DELETE", "TRUNCATE"])
      expect(await may(privilege, "audit_entry"), privilege).toBe(false);
    for (const privilege of ["UPDATE", "TRUNCATE"])
      expect(await may(privilege, "audit_detail"), privilege).toBe(false);
    for (const privilege of ["TRUNCATE", "REFERENCES", "TRIGGER"])
      expect(
        await names(
          `SELECT c.relname AS name ${TABLES} AND has_table_privilege('rollcall_app', c.oid, '${privilege}')`,
        ),
        privilege,
      ).toEqual([]);
  });

  it("has a partition for this month and the next two years, and one for all other times", async () => {
    const partitions = await names(
      "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'session_history'::regclass",
    );
    const inTwoYears = new Date(Date.UTC(new Date().getUTCFullYear() + 2, new Date().getUTCMonth(), 1));
    const month = (at: Date) =>
      `session_history_${at.getUTCFullYear()}_${String(at.getUTCMonth() + 1).padStart(2, "0")}`;
    expect(partitions).toContain(month(new Date()));
    expect(partitions).toContain(month(inTwoYears));
    expect(partitions).toContain("session_history_other");
  });
});
