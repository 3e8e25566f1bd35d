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
  const { slug: customer } = await practice.api.customers.add({ name: `hosts-${++number}` });
  return { customer, tenantId: await tenantIdOf(installation, practice.id, customer) };
}

describe("a mark of computers by their place in the directory", () => {
  it("goes to the agents, is audited with what it was, and can be taken back", async () => {
    const { customer, tenantId } = await aCustomer();
    const added = await practice.api.hostMarks.add({
      customer,
      under: "OU=Session hosts,DC=corp,DC=example",
      remoteDesktopOnly: true,
      mode: "pseudo-user",
      pseudoUser: { name: "rds-users" },
    });
    expect(added).toMatchObject({ remoteDesktopOnly: true, pseudoUser: { domain: "", name: "rds-users" } });
    const changed = await practice.api.hostMarks.update({
      customer,
      id: added.id,
      changes: { mode: "suppress", note: "the farm" },
    });
    expect(changed).toMatchObject({ mode: "suppress", pseudoUser: null, note: "the farm" });
    expect((await practice.api.hostMarks.list({ customer })).items).toEqual([changed]);
    await practice.api.hostMarks.remove({ customer, id: added.id });
    expect((await practice.api.hostMarks.list({ customer })).items).toEqual([]);
    const { items } = await practice.api.audit.list({ customer });
    expect(items.slice(0, 3).map(({ action }) => action)).toEqual([
      "host-mark.remove",
      "host-mark.update",
      "host-mark.add",
    ]);
    expect(installation.bell.rung.filter((topic) => topic === `config:${tenantId}`)).toHaveLength(3);
  });

  it("stands once for a place, however it is spelt, and again for its remote desktop hosts alone", async () => {
    const { customer } = await aCustomer();
    await practice.api.hostMarks.add({ customer, under: "OU=RDS,DC=corp,DC=example" });
    const again = practice.api.hostMarks.add({ customer, under: "ou=rds, dc=CORP, dc=example" });
    await expect(again).rejects.toMatchObject({
      code: "UNPROCESSABLE_CONTENT",
      cause: { fields: { under: ["There is a mark for OU=RDS,DC=corp,DC=example already."] } },
    });
    const narrower = { customer, under: "OU=RDS,DC=corp,DC=example", remoteDesktopOnly: true };
    await expect(practice.api.hostMarks.add(narrower)).resolves.toMatchObject({ remoteDesktopOnly: true });
  });

  it.each(["Session hosts", "corp.example/Session hosts", ""])(
    "is none for %j, and says what is",
    async (under) => {
      const { customer } = await aCustomer();
      await expect(practice.api.hostMarks.add({ customer, under })).rejects.toThrow(/distinguished name/);
    },
  );

  it("that names somebody says who", async () => {
    const { customer } = await aCustomer();
    const nobody = practice.api.hostMarks.add({ customer, under: "OU=RDS,DC=corp", mode: "pseudo-user" });
    await expect(nobody).rejects.toMatchObject({ cause: { fields: { pseudoUser: [expect.any(String)] } } });
  });
});
