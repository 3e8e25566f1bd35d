import { createDatabaseForTest, type TestDatabase } from "@rollcall/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyChain } from "../../../../tools/audit-verify/src/verify-chain.ts";
import { createDatabase, type Database } from "../database.ts";
import { asAdministrator, type SeededTenant, seedTenant } from "../testing/index.ts";
import type { AuditInput } from "./write-audit.ts";

let store: TestDatabase;
let database: Database;

beforeAll(async () => {
  store = await createDatabaseForTest();
  database = createDatabase({ url: store.appUrl, maxConnections: 24, node: "test" });
});
afterAll(() => database.close());

function anEntry(changes: Partial<AuditInput> = {}): AuditInput {
  return {
    actor: { kind: "user", id: "u1", name: "Ana", viaProvider: true },
    action: "syslog.update",
    object: { kind: "syslog-source", id: "s1", name: "VPN" },
    result: "done",
    sourceIp: "192.0.2.7",
    requestId: "r1",
    detail: {
      before: { lifetimeMinutes: 480 },
      after: { lifetimeMinutes: 60, senders: ["10.0.0.1"] },
      reason: null,
    },
    ...changes,
  };
}

async function write(tenant: SeededTenant, ...entries: AuditInput[]): Promise<void> {
  await database.withTenant(tenant.tenantId, async (handle) => {
    for (const entry of entries) handle.audit(entry);
  });
}

/** The chain as a customer gets it. */
async function exported(tenant: SeededTenant): Promise<string[]> {
  const lines: string[] = [];
  for (let after = 0; ; ) {
    const page = await database.auditReader.page(tenant.tenantId, after, 500);
    for (const entry of page) lines.push(JSON.stringify(entry));
    const last = page.at(-1);
    if (!last) return lines;
    after = last.n;
  }
}

/** What somebody with the administrator's password can do, triggers off. */
async function tamper(tenant: SeededTenant, statement: string): Promise<void> {
  await asAdministrator(store.superUrl, async (client) => {
    await client.query("SET session_replication_role = replica");
    await client.query(statement.replaceAll(":tenant", `'${tenant.tenantId}'`));
  });
}

describe("the audit chain", () => {
  it("is what the customer's own program finds intact", async () => {
    const tenant = await seedTenant(store.superUrl);
    await write(
      tenant,
      anEntry(),
      anEntry({
        actor: { kind: "system", id: null, name: "Rollcall" },
        sourceIp: null,
        requestId: null,
        detail: undefined,
      }),
    );
    await write(tenant, anEntry({ result: "refused" }));
    const head = await database.auditReader.head(tenant.tenantId);
    expect(head?.n).toBe(3);
    const verdict = await verifyChain(await exported(tenant), { anchor: head?.hash ?? "" });
    expect(verdict).toMatchObject({ findings: [], entries: 3, erased: 0, lastHash: head?.hash });
  });

  it("holds for any text that a person may type", async () => {
    const tenant = await seedTenant(store.superUrl);
    const anyText = fc.string({ unit: "binary", maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ name: anyText, object: anyText, value: fc.jsonValue(), key: anyText }), {
          minLength: 1,
          maxLength: 5,
        }),
        async (texts) => {
          await write(
            tenant,
            ...texts.map(({ name, object, value, key }) =>
              anEntry({
                actor: { kind: "user", id: name, name },
                object: { kind: "o", id: object, name: object },
                detail: { after: { [key]: value }, reason: name },
              }),
            ),
          );
        },
      ),
      { numRuns: 60 },
    );
    expect((await verifyChain(await exported(tenant))).findings).toEqual([]);
  });

  it("neither forks nor leaves a gap under 200 writers at once", async () => {
    const tenant = await seedTenant(store.superUrl);
    const writers = Array.from({ length: 200 }, (_, i) =>
      write(tenant, anEntry({ requestId: `writer-${i}` }), anEntry({ requestId: `writer-${i}` })),
    );
    await Promise.all(writers);
    const verdict = await verifyChain(await exported(tenant));
    expect(verdict).toMatchObject({ findings: [], entries: 400, firstN: 1, lastN: 400 });
  });

  it("does not let a writer choose his number or his hash", async () => {
    const tenant = await seedTenant(store.superUrl);
    await write(tenant, anEntry());
    await database.withTenant(tenant.tenantId, ({ tx }) =>
      tx.auditEntry.create({
        data: {
          tenantId: tenant.tenantId,
          n: 77n,
          at: new Date(),
          actorKind: "user",
          actorName: "Mallory",
          node: "x",
          action: "x",
          objectKind: "x",
          objectId: "x",
          objectName: "x",
          result: "done",
          detailCommit: "x",
          prevHash: "f".repeat(64),
          hash: "f".repeat(64),
        },
      }),
    );
    expect((await database.auditReader.head(tenant.tenantId))?.n).toBe(2);
    expect((await verifyChain(await exported(tenant))).findings).toEqual([]);
  });

  it("cannot be changed, not even by the owner of the table", async () => {
    const tenant = await seedTenant(store.superUrl);
    await write(tenant, anEntry());
    for (const url of [store.appUrl, store.ownerUrl, store.superUrl])
      await asAdministrator(url, async (client) => {
        await client.query("SELECT set_config('app.tenant', $1, false)", [tenant.tenantId]);
        for (const statement of [
          "UPDATE audit_entry SET action = 'nothing'",
          "DELETE FROM audit_entry",
          "TRUNCATE audit_entry CASCADE",
          "UPDATE audit_detail SET detail = '{}'",
          "TRUNCATE audit_detail",
        ])
          await expect(client.query(statement), statement).rejects.toMatchObject({ code: "42501" });
      });
    expect((await verifyChain(await exported(tenant))).findings).toEqual([]);
  });

  it("still holds after the details of a person were erased", async () => {
    const tenant = await seedTenant(store.superUrl);
    await write(tenant, anEntry(), anEntry(), anEntry());
    await database.withTenant(tenant.tenantId, ({ tx }) =>
      tx.auditDetail.delete({ where: { tenantId_n: { tenantId: tenant.tenantId, n: 2n } } }),
    );
    const lines = await exported(tenant);
    expect(await verifyChain(lines)).toMatchObject({ findings: [], erased: 1 });
    expect(lines[1]).toContain('"salt":null,"detail":null');
  });

  it("shows what somebody with the administrator's password did to it", async () => {
    const acts: [string, string, number][] = [
      ["edit", "UPDATE audit_entry SET action = 'syslog.remove' WHERE tenant_id = :tenant AND n = 5", 5],
      ["edit of a detail", "UPDATE audit_detail SET detail = '{}' WHERE tenant_id = :tenant AND n = 5", 5],
      ["delete", "DELETE FROM audit_entry WHERE tenant_id = :tenant AND n = 5", 6],
      [
        "insert",
        `UPDATE audit_entry SET n = n + 100 WHERE tenant_id = :tenant AND n > 5;
         INSERT INTO audit_entry SELECT (json_populate_record(e, '{"n": 6, "action": "syslog.add"}')).* FROM audit_entry e WHERE tenant_id = :tenant AND n = 5`,
        6,
      ],
      [
        "reorder",
        `UPDATE audit_entry SET n = 999 WHERE tenant_id = :tenant AND n = 5; UPDATE audit_entry SET n = 5 WHERE tenant_id = :tenant AND n = 6;
         UPDATE audit_entry SET n = 6 WHERE tenant_id = :tenant AND n = 999`,
        5,
      ],
    ];
    for (const [what, statement, line] of acts) {
      const tenant = await seedTenant(store.superUrl);
      await write(tenant, ...Array.from({ length: 9 }, (_, i) => anEntry({ requestId: `r${i}` })));
      await tamper(tenant, statement);
      const { findings } = await verifyChain(await exported(tenant));
      expect(findings.length, what).toBeGreaterThan(0);
      expect([line, line - 1], what).toContain(findings[0]?.line);
    }
  });

  it("shows a cut end only to somebody who kept the anchor", async () => {
    const tenant = await seedTenant(store.superUrl);
    await write(tenant, anEntry(), anEntry(), anEntry());
    const head = await database.auditReader.head(tenant.tenantId);
    await tamper(tenant, "DELETE FROM audit_entry WHERE tenant_id = :tenant AND n = 3");
    const lines = await exported(tenant);
    expect((await verifyChain(lines)).findings).toEqual([]);
    expect((await verifyChain(lines, { anchor: head?.hash ?? "" })).findings).toHaveLength(1);
  });

  it("gives the numbers of a time, for a part of it", async () => {
    const tenant = await seedTenant(store.superUrl);
    const { range } = database.auditReader;
    expect(await range(tenant.tenantId, null, null)).toBeNull();
    await write(tenant, anEntry(), anEntry());
    expect(await range(tenant.tenantId, null, null)).toEqual({ first: 1, last: 2 });
    expect(await range(tenant.tenantId, Date.now() + 60_000, null)).toBeNull();
    expect(await range(tenant.tenantId, null, Date.now() - 60_000)).toBeNull();
  });
});
