import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "../testing/installation.ts";

let installation: TestInstallation;
let practice: TestPractice;
let number = 0;

beforeAll(async () => {
  installation = await createInstallation();
  practice = await installation.aPractice();
});
afterAll(() => installation?.close());

async function aCustomer() {
  const { slug: customer } = await practice.api.customers.add({ name: `marked-${++number}` });
  return { customer, tenantId: await tenantIdOf(installation, practice.id, customer) };
}

describe("a mark of an address", () => {
  it("goes to the agents, is audited with what it was, and can be taken back", async () => {
    const { customer, tenantId } = await aCustomer();
    const added = await practice.api.marks.add({
      customer,
      range: "10.20.9.0/24",
      mark: "multi-user",
      mode: "pseudo-user",
      pseudoUser: { name: "kiosk" },
    });
    expect(added).toMatchObject({
      addressSpace: { name: "Default" },
      pseudoUser: { domain: "", name: "kiosk", groups: [] },
    });
    const changed = await practice.api.marks.update({
      customer,
      id: added.id,
      changes: { mode: "suppress", note: "terminal servers" },
    });
    expect(changed).toMatchObject({ mode: "suppress", pseudoUser: null, note: "terminal servers" });
    await practice.api.marks.remove({ customer, id: added.id });
    expect((await practice.api.marks.list({ customer })).items).toEqual([]);
    const { items } = await practice.api.audit.list({ customer });
    expect(items.slice(0, 3).map(({ action }) => action)).toEqual(["mark.remove", "mark.update", "mark.add"]);
    expect(installation.bell.rung.filter((topic) => topic === `config:${tenantId}`)).toHaveLength(3);
  });

  it("stands once for a range, however the range is spelt", async () => {
    const { customer } = await aCustomer();
    await practice.api.marks.add({ customer, range: "10.20.9.0/24", mark: "nat" });
    const again = practice.api.marks.add({ customer, range: "10.20.9.0-10.20.9.255", mark: "nat" });
    await expect(again).rejects.toMatchObject({
      code: "UNPROCESSABLE_CONTENT",
      cause: { fields: { range: ["There is a mark for 10.20.9.0/24 already."] } },
    });
  });

  it("that names somebody says who", async () => {
    const { customer } = await aCustomer();
    const nobody = practice.api.marks.add({ customer, range: "10.20.9.1", mark: "nat", mode: "pseudo-user" });
    await expect(nobody).rejects.toMatchObject({ cause: { fields: { pseudoUser: [expect.any(String)] } } });
  });
});
