import { open } from "@rollcall/pki";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storedSealed } from "../directories/sealed-password.ts";
import {
  anAgentAt,
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "../testing/installation.ts";
import { aReport, reportHealth } from "../testing/reports.ts";

let installation: TestInstallation;
let practice: TestPractice;
let number = 0;

beforeAll(async () => {
  installation = await createInstallation();
  practice = await installation.aPractice();
});
afterAll(() => installation?.close());

const TARGET = { url: "https://192.0.2.1:8443", user: "rollcall", password: "the Web API's password" };

async function aFirewall(options: { readonly withAgent?: boolean } = {}) {
  const { slug: customer, siteId } = await practice.api.customers.add({ name: `pushed-${++number}` });
  const tenantId = await tenantIdOf(installation, practice.id, customer);
  const agent = options.withAgent === false ? null : await anAgentAt(installation, { tenantId, siteId });
  const { id } = await practice.api.points.add({ customer, name: "HQ-FW1", siteId });
  const stored = () =>
    installation.database.withTenant(tenantId, ({ tx }) =>
      tx.enforcementPoint.findUniqueOrThrow({
        where: { tenantId_id: { tenantId, id } },
        include: { pushSecret: true },
      }),
    );
  return { customer, siteId, tenantId, agent, id, stored };
}

describe("a firewall that is posted to", () => {
  it("by its site's agents has its password sealed to them, where nobody else can open it", async () => {
    const { customer, tenantId, agent, id, stored } = await aFirewall();
    const point = await practice.api.points.setPush({ customer, id, push: TARGET });
    expect(point.push).toMatchObject({ url: TARGET.url, user: "rollcall", from: "agent", caPem: null });
    expect(point.pushedFrom).toBe("agent");
    expect(JSON.stringify(point)).not.toContain(TARGET.password);
    const { pushCipher, pushSecret } = await stored();
    expect(pushCipher).toBeNull();
    const [sealed, ...others] = storedSealed(pushSecret?.sealed);
    expect(others).toEqual([]);
    const opened = await open(sealed?.ciphertext ?? "", {
      tenantId,
      agentId: agent?.id ?? "",
      privateKey: agent?.sealingPrivateKey ?? "",
    });
    expect(opened).toMatchObject({ kind: "opened", plaintext: TARGET.password });
  });

  it("by the cloud, an explicit choice, has it encrypted for the cloud and sealed to nobody", async () => {
    const { customer, tenantId, id, stored } = await aFirewall();
    await practice.api.points.setPush({ customer, id, push: TARGET });
    await practice.api.points.setPush({ customer, id, push: { ...TARGET, from: "cloud" } });
    const { pushCipher, pushSecretId } = await stored();
    expect(pushSecretId).toBeNull();
    const place = { tenantId, table: "enforcement_point", column: "push_cipher", row: id };
    expect(installation.keys.decryptForTenant(pushCipher ?? "", place)).toBe(TARGET.password);
    const secrets = await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.sealedSecret.count({ where: { tenantId } }),
    );
    expect(secrets).toBe(0);
    await expect(
      practice.api.points.setPush({
        customer,
        id,
        push: { ...TARGET, url: "http://192.0.2.1:8080", from: "cloud" },
      }),
    ).rejects.toMatchObject({ cause: { reason: "clear-from-cloud" } });
  });

  it("asks for the password again where it would go to another server, for another account or by another way", async () => {
    const { customer, id } = await aFirewall();
    await practice.api.points.setPush({ customer, id, push: TARGET });
    const { password: _, ...kept } = TARGET;
    const slower = await practice.api.points.setPush({
      customer,
      id,
      push: { ...kept, maxPostsPerSecond: 2 },
    });
    expect(slower.push?.maxPostsPerSecond).toBe(2);
    for (const moved of [
      { url: "https://192.0.2.2:8443" },
      { user: "another" },
      { from: "cloud" as const },
      { caPem: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----" },
    ])
      await expect(
        practice.api.points.setPush({ customer, id, push: { ...kept, ...moved } }),
      ).rejects.toMatchObject({ cause: { reason: "password-needed" } });
  });

  it("needs a site, an agent there, and an address without a password in it", async () => {
    const { customer, id } = await aFirewall({ withAgent: false });
    const nowhere = await practice.api.points.add({ customer, name: "Nowhere" });
    const reasonOf = (of: string) =>
      practice.api.points.setPush({ customer, id: of, push: TARGET }).then(
        () => "set",
        (error) => error.cause.reason,
      );
    expect([await reasonOf(id), await reasonOf(nowhere.id)]).toEqual(["no-agent", "no-site"]);
    for (const url of ["https://u:p@192.0.2.1/", "https://192.0.2.1/api", "ftp://192.0.2.1", "192.0.2.1"])
      await expect(
        practice.api.points.setPush({ customer, id, push: { ...TARGET, url } }),
      ).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });

  it("cannot move to another site with a password that is sealed here", async () => {
    const { customer, id } = await aFirewall();
    await practice.api.points.setPush({ customer, id, push: TARGET });
    await expect(
      practice.api.points.update({ customer, id, changes: { siteId: null } }),
    ).rejects.toMatchObject({ cause: { reason: "pushed-at-site" } });
  });

  it("asks again once push is switched off, and nothing of the password is left", async () => {
    const { customer, tenantId, id, stored } = await aFirewall();
    await practice.api.points.setPush({ customer, id, push: TARGET });
    const point = await practice.api.points.setPush({ customer, id, push: null });
    expect([point.push, point.pushedFrom]).toEqual([null, null]);
    expect(await stored()).toMatchObject({ push: null, pushSecret: null, pushCipher: null });
    const { items } = await practice.api.audit.list({ customer });
    expect(items[0]).toMatchObject({ action: "point.push.stop" });
    expect(JSON.stringify(items)).not.toContain(TARGET.password);
    await practice.api.points.setPush({ customer, id, push: TARGET });
    await practice.api.points.remove({ customer, id });
    const left = await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.sealedSecret.count({ where: { tenantId } }),
    );
    expect(left).toBe(0);
  });

  it("is as healthy as its posts, and shows those that it refused", async () => {
    const { customer, tenantId, agent, id } = await aFirewall();
    await practice.api.points.setPush({ customer, id, push: TARGET });
    expect((await practice.api.points.get({ customer, id })).health.state).toBe("never");
    const now = installation.clock.now();
    const pushes = [
      {
        enforcementPointId: id,
        state: "refused" as const,
        sentence: "It called a post malformed (400).",
        lastPostAt: now - 1000,
        lastOkAt: now - 60_000,
        posts: 7,
        entries: 40,
        failures: 1,
        refusedPosts: [{ at: now - 1000, status: 400, sentence: "Invalid timestamp" }],
        pending: 3,
      },
    ];
    await reportHealth(installation, { tenantId, agentId: agent?.id ?? "" }, aReport(now, { pushes }));
    const point = await practice.api.points.get({ customer, id });
    expect(point.health).toMatchObject({ state: "bad", sentence: "It called a post malformed (400)." });
    expect(point.push?.states).toMatchObject([
      { name: "lon-a", posts: 7, pending: 3, refusedPosts: [{ status: 400, at: new Date(now - 1000) }] },
    ]);
  });
});

describe("a firewall that the cloud posts to", () => {
  it("is as healthy as the gateway says, and is told everything anew when somebody asks for that", async () => {
    const { customer, tenantId, id } = await aFirewall();
    await expect(practice.api.points.resyncPush({ customer, id })).rejects.toMatchObject({
      cause: { reason: "not-by-cloud" },
    });
    await practice.api.points.setPush({ customer, id, push: { ...TARGET, from: "cloud" } });
    const now = installation.clock.now();
    await practice.api.points.resyncPush({ customer, id });
    const where = { tenantId_enforcementPointId: { tenantId, enforcementPointId: id } };
    const progress = await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.pushProgress.findUniqueOrThrow({ where }),
    );
    expect(progress.resyncAskedAt?.getTime()).toBe(now);
    const state = {
      enforcementPointId: id,
      state: "broken",
      sentence: "It was not reached.",
      lastPostAt: now,
      lastOkAt: null,
      posts: 1,
      entries: 0,
      failures: 1,
      refusedPosts: [],
      pending: 4,
    };
    await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.pushProgress.update({ where, data: { state, stateAt: new Date(now) } }),
    );
    const point = await practice.api.points.get({ customer, id });
    expect(point.health).toMatchObject({ state: "bad", sentence: "It was not reached." });
    expect(point.push?.states).toMatchObject([{ responder: "cloud", name: "Cloud", pending: 4 }]);
    expect((await practice.api.customers.overview({ customer })).chain.links).toContainEqual(
      expect.objectContaining({ link: "firewall", state: "bad" }),
    );
  });
});

describe("a firewall that learns", () => {
  it("does so for the hours that were given, shows where it has come to, and can be stopped", async () => {
    const { customer, tenantId, agent, id } = await aFirewall();
    const now = installation.clock.now();
    const started = await practice.api.points.learn({ customer, id, hours: 4 });
    expect(started.learnUntil?.getTime()).toBe(now + 4 * 3_600_000);
    const learning = [
      {
        enforcementPointId: id,
        profile: "userfw-xml",
        state: "understood" as const,
        since: now,
        tried: ["json-superset", "userfw-xml"],
      },
    ];
    await reportHealth(installation, { tenantId, agentId: agent?.id ?? "" }, aReport(now, { learning }));
    expect((await practice.api.points.get({ customer, id })).learning).toEqual([
      {
        agent: "lon-a",
        profile: "userfw-xml",
        state: "understood",
        since: new Date(now),
        tried: ["json-superset", "userfw-xml"],
      },
    ]);
    expect((await practice.api.points.learn({ customer, id, hours: 0 })).learnUntil).toBeNull();
    const { items } = await practice.api.audit.list({ customer });
    expect(items.slice(0, 2).map(({ action }) => action)).toEqual(["point.learn.stop", "point.learn.start"]);
  });

  it("has not learnt for ever: after its hours it shows none", async () => {
    const { customer, id } = await aFirewall();
    await practice.api.points.learn({ customer, id, hours: 1 });
    installation.clock.set(installation.clock.now() + 3_600_000);
    expect((await practice.api.points.get({ customer, id })).learnUntil).toBeNull();
  });

  it("is answered by profiles that exist only", async () => {
    const { customer, id } = await aFirewall();
    for (const profile of ["no-such-profile", "0e039a13-92be-456a-aa65-8ecb06368d75"])
      await expect(practice.api.points.update({ customer, id, changes: { profile } })).rejects.toMatchObject({
        cause: { reason: "no-profile" },
      });
  });
});
