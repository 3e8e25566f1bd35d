import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJobFile } from "../jobs/read-jobs.ts";
import { openTenant } from "../tenant.ts";
import {
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "../testing/installation.ts";

let installation: TestInstallation;
let practice: TestPractice;
let customer = "";
let tenantId = "";

beforeAll(async () => {
  installation = await createInstallation();
  practice = await installation.aPractice();
  ({ slug: customer } = await practice.api.customers.add({ name: "Meridian" }));
  tenantId = await tenantIdOf(installation, practice.id, customer);
  for (let i = 0; i < 9; i += 1) {
    installation.clock.set(installation.clock.now() + 1000);
    await practice.api.sites.add({ customer, name: `Site ${i}` });
  }
});
afterAll(() => installation?.close());

describe("the audit log", () => {
  it("is paged newest first, without an entry left out or told twice", async () => {
    const numbers: number[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof practice.api.audit.list>> = await practice.api.audit.list({
        customer,
        limit: 3,
        cursor,
      });
      numbers.push(...page.items.map((entry) => entry.n));
      cursor = page.next;
    } while (cursor !== null);
    expect(numbers).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it("is filtered by the server: who, what, which object, when", async () => {
    const all = await practice.api.audit.list({ customer });
    const third = all.items.at(-3);
    const count = async (filter: object) =>
      (await practice.api.audit.list({ customer, ...filter })).items.length;
    expect(await count({ action: "site." })).toBe(9);
    expect(await count({ action: "site.add" })).toBe(9);
    expect(await count({ action: "customer.add" })).toBe(1);
    expect(await count({ actor: "NORTH" })).toBe(10);
    expect(await count({ actor: "nobody" })).toBe(0);
    expect(await count({ objectId: third?.object.id })).toBe(1);
    expect(await count({ to: third?.at })).toBe(3);
    expect(await count({ from: third?.at })).toBe(8);
    expect(await count({ result: "refused" })).toBe(0);
  });

  it("is exported by a job, and the export is an entry itself", async () => {
    const { jobId } = await practice.api.audit.export({ customer, format: "csv" });
    expect(installation.queues.enqueued.at(-1)).toMatchObject({
      name: "audit-export",
      payload: { tenantId, jobId, format: "csv", from: null, to: null },
    });
    expect((await practice.api.jobs.get({ customer, id: jobId })).state).toBe("queued");
    expect((await practice.api.audit.list({ customer, limit: 1 })).items[0]?.action).toBe("audit.export");
  });

  it("gives the exported file to those only who may export, and only until it expires", async () => {
    const { jobId } = await practice.api.audit.export({ customer });
    const fileFor = async (role: string) => {
      const principal = await practice.principal({ role, customerId: null });
      const signedIn = {
        services: installation.services,
        principal,
        requestId: "r",
        sourceIp: null,
        tenants: new Map(),
        recheck: async () => principal,
      };
      const opened = await openTenant(signedIn, customer, "job:read");
      if (opened.kind !== "open") return opened.kind;
      return (await readJobFile(opened.context, jobId)).kind;
    };
    expect(await fileFor("auditor")).toBe("not-ready");
    const expiresAt = new Date(installation.clock.now() + 60_000);
    await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.job.update({
        where: { tenantId_id: { tenantId, id: jobId } },
        data: { state: "done", result: Buffer.from("{}"), resultName: "audit.jsonl", expiresAt },
      }),
    );
    expect(await Promise.all(["auditor", "helpdesk", "customer-viewer", "installer"].map(fileFor))).toEqual([
      "file",
      "not-found",
      "not-found",
      "forbidden",
    ]);
    installation.clock.set(expiresAt.getTime());
    expect(await fileFor("auditor")).toBe("not-found");
  });

  it("says so when the queue does not take the export", async () => {
    const broken = await createInstallation();
    try {
      const other = await broken.aPractice();
      const { slug } = await other.api.customers.add({ name: "Meridian" });
      broken.queues.breakDown();
      await expect(other.api.audit.export({ customer: slug })).rejects.toMatchObject({
        code: "INTERNAL_SERVER_ERROR",
      });
      expect((await other.api.jobs.list({ customer: slug })).items).toMatchObject([{ state: "failed" }]);
    } finally {
      await broken.close();
    }
  });
});
