import { BUILT_IN_PROFILES } from "@rollcall/srx-protocol";
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
  const { slug: customer } = await practice.api.customers.add({ name: `answered-${++number}` });
  return { customer, tenantId: await tenantIdOf(installation, practice.id, customer) };
}

/** A built-in profile as somebody would start from it. */
async function aText(customer: string, id = "insight-v1"): Promise<string> {
  return (await practice.api.profiles.get({ customer, id })).text;
}

describe("profiles", () => {
  it("that come with the product are there at once, each with a sentence and sample exchanges", async () => {
    const { customer } = await aCustomer();
    const { items } = await practice.api.profiles.list({ customer });
    expect(items.map(({ id, isBuiltIn }) => [id, isBuiltIn])).toEqual(
      BUILT_IN_PROFILES.map(({ id }) => [id, true]),
    );
    const { reading } = await practice.api.profiles.get({ customer, id: "userfw-xml" });
    if (reading.kind !== "read") throw new Error("a built-in profile reads");
    expect(reading.exchanges.find(({ name }) => name === "first-batch")?.response).toContain(
      "<userfw-entries",
    );
  });

  it("of the customer's own can be started from a built-in one, chosen, and not removed while a firewall is answered by it", async () => {
    const { customer, tenantId } = await aCustomer();
    const outcome = await practice.api.profiles.add({
      customer,
      name: "Branch",
      text: await aText(customer),
    });
    if (outcome.kind !== "saved") throw new Error("a built-in profile's text is a profile");
    const { id } = outcome.profile;
    const point = await practice.api.points.add({ customer, name: "HQ-FW1", profile: id });
    expect(await practice.api.points.get({ customer, id: point.id })).toMatchObject({
      profile: id,
      profileName: "Branch",
    });
    await expect(practice.api.profiles.remove({ customer, id })).rejects.toMatchObject({
      code: "CONFLICT",
      message: "It answers HQ-FW1. Choose another profile there first.",
    });
    await practice.api.points.update({ customer, id: point.id, changes: { profile: "json-superset" } });
    await practice.api.profiles.remove({ customer, id });
    expect((await practice.api.profiles.list({ customer })).items.every(({ isBuiltIn }) => isBuiltIn)).toBe(
      true,
    );
    expect(installation.bell.rung).toContain(`config:${tenantId}`);
  });

  it("that do not read are not kept: each fault says where", async () => {
    const { customer } = await aCustomer();
    const text = (await aText(customer)).replace('"roleChange": "resend-logon"', '"roleChange": 7');
    const previewed = await practice.api.profiles.preview({ customer, text });
    expect(previewed).toMatchObject({ kind: "refused", faults: [{ path: "body.roleChange" }] });
    expect(await practice.api.profiles.add({ customer, name: "Bad", text })).toEqual(previewed);
    expect(await practice.api.profiles.preview({ customer, text: "{" })).toMatchObject({
      kind: "refused",
      faults: [{ sentence: expect.stringContaining("JSON") }],
    });
    await expect(practice.api.profiles.preview({ customer, text: " ".repeat(65_537) })).rejects.toMatchObject(
      { code: "BAD_REQUEST" },
    );
  });

  it("take over a change at every agent, and keep what they were in the audit log", async () => {
    const { customer } = await aCustomer();
    const added = await practice.api.profiles.add({ customer, name: "Branch", text: await aText(customer) });
    if (added.kind !== "saved") throw new Error("a built-in profile's text is a profile");
    const { id } = added.profile;
    const rungBefore = installation.bell.rung.length;
    const text = await aText(customer, "userfw-xml");
    const outcome = await practice.api.profiles.update({ customer, id, changes: { text, note: "XML now" } });
    expect(outcome).toMatchObject({ kind: "saved", profile: { text, note: "XML now" } });
    const rungAfter = installation.bell.rung.length;
    expect(rungAfter).toBeGreaterThan(rungBefore);
    await practice.api.profiles.update({ customer, id, changes: { text } });
    expect(installation.bell.rung.length).toBe(rungAfter);
    const [entry] = (await practice.api.audit.list({ customer })).items;
    expect(entry).toMatchObject({ action: "profile.update", object: { name: "Branch" } });
  });

  it("have names that can be told apart, also from the built-in ones", async () => {
    const { customer } = await aCustomer();
    const text = await aText(customer);
    await practice.api.profiles.add({ customer, name: "Branch", text });
    for (const name of ["branch", "JSON-Superset"])
      await expect(practice.api.profiles.add({ customer, name, text })).rejects.toMatchObject({
        cause: { reason: "name-taken" },
      });
  });
});
