import { certificateSha256, verifySecret } from "@rollcall/pki";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  anAgentAt,
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "../testing/installation.ts";
import { aContact, aReport, reportHealth, writeContact } from "../testing/reports.ts";

let installation: TestInstallation;
let practice: TestPractice;
let number = 0;

beforeAll(async () => {
  installation = await createInstallation();
  practice = await installation.aPractice();
});
afterAll(() => installation?.close());

async function aCustomer(name = `customer-${++number}`) {
  const { slug: customer, siteId } = await practice.api.customers.add({ name });
  return { customer, siteId, tenantId: await tenantIdOf(installation, practice.id, customer) };
}

/** Whether a gateway would let this secret in now. */
async function isLetIn(tenantId: string, pointId: string, secret: string | null): Promise<boolean> {
  if (secret === null) return false;
  const now = new Date(installation.clock.now());
  const valid = await installation.database.withTenant(tenantId, ({ tx }) =>
    tx.enforcementSecret.findMany({
      where: {
        tenantId,
        enforcementPointId: pointId,
        revokedAt: null,
        OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
      },
    }),
  );
  return valid.some(({ verifier }) => verifySecret(secret, verifier));
}

describe("an enforcement point", () => {
  it("gets a client id that Junos takes, and a secret that is shown once", async () => {
    const { customer, tenantId } = await aCustomer();
    const added = await practice.api.points.add({ customer, name: "Zürich / HQ-FW1" });
    expect(added.clientId).toBe(`srx-${customer}-zurich-hq-fw1`);
    expect(added.clientSecret).toMatch(/^[A-Za-z0-9]{43}$/);
    expect(await isLetIn(tenantId, added.id, added.clientSecret)).toBe(true);
    const shown = [
      await practice.api.points.get({ customer, id: added.id }),
      await practice.api.points.list({ customer }),
      await practice.api.points.junos({ customer, id: added.id }),
      await practice.api.audit.list({ customer }),
    ];
    expect(JSON.stringify(shown)).not.toContain(added.clientSecret);
  });

  it("has a client id that no other practice's firewall has, without a word about that", async () => {
    const other = await installation.aPractice();
    await other.api.customers.add({ name: "Twin", slug: "twin" });
    await practice.api.customers.add({ name: "Twin", slug: "twin" });
    const ours = await practice.api.points.add({ customer: "twin", name: "FW" });
    const theirs = await other.api.points.add({ customer: "twin", name: "FW" });
    expect(ours.clientId).toBe("srx-twin-fw");
    expect(theirs.clientId).toMatch(/^srx-twin-fw-[0-9a-f]{6}$/);
    expect((await installation.database.findClient(theirs.clientId))?.enforcementPointId).toBe(theirs.id);
  });

  it("keeps a long name within what Junos takes", async () => {
    const { customer } = await aCustomer(`A very long customer name ${"x".repeat(60)}`);
    const { clientId } = await practice.api.points.add({ customer, name: `Firewall ${"y".repeat(80)}` });
    expect(clientId).toMatch(/^[A-Za-z0-9-]{3,64}$/);
  });

  it("can be asked with the old secret for 24 h after a rotation, and then with the new one only", async () => {
    const { customer, tenantId } = await aCustomer();
    const { id, clientSecret: old } = await practice.api.points.add({ customer, name: "FW" });
    const { clientSecret: fresh, oldValidUntil } = await practice.api.points.rotateSecret({ customer, id });
    expect(oldValidUntil?.getTime()).toBe(installation.clock.now() + 24 * 3_600_000);
    expect([await isLetIn(tenantId, id, old), await isLetIn(tenantId, id, fresh ?? "")]).toEqual([
      true,
      true,
    ]);
    const states = (await practice.api.points.get({ customer, id })).secrets.map((secret) => secret.state);
    expect(states.sort()).toEqual(["current", "overlapping"]);
    installation.clock.set(installation.clock.now() + 24 * 3_600_000);
    expect([await isLetIn(tenantId, id, old), await isLetIn(tenantId, id, fresh ?? "")]).toEqual([
      false,
      true,
    ]);
  });

  it("never has more than two secrets that are let in", async () => {
    const { customer, tenantId } = await aCustomer();
    const { id, clientSecret: first } = await practice.api.points.add({ customer, name: "FW" });
    const second = await practice.api.points.rotateSecret({ customer, id });
    const third = await practice.api.points.rotateSecret({ customer, id });
    expect(await isLetIn(tenantId, id, first)).toBe(false);
    expect(await isLetIn(tenantId, id, second.clientSecret ?? "")).toBe(true);
    expect(await isLetIn(tenantId, id, third.clientSecret ?? "")).toBe(true);
  });

  it("can lose its old secret at once: by a rotation without overlap, or by revoking it, tokens included", async () => {
    const { customer, tenantId } = await aCustomer();
    const { id, clientSecret: first } = await practice.api.points.add({ customer, name: "FW" });
    const firstId = (await practice.api.points.get({ customer, id })).secrets[0]?.id ?? "";
    await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.enforcementToken.create({
        data: {
          tenantId,
          tokenHash: "hash",
          enforcementPointId: id,
          secretId: firstId,
          sourceIp: "10.20.0.1",
          expiresAt: new Date(installation.clock.now() + 1000),
        },
      }),
    );
    const second = await practice.api.points.rotateSecret({ customer, id, overlapHours: 0 });
    expect(await isLetIn(tenantId, id, first)).toBe(false);
    const tokens = await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.enforcementToken.count({ where: { tenantId } }),
    );
    expect(tokens).toBe(0);
    await expect(practice.api.points.revokeSecret({ customer, id, secretId: firstId })).rejects.toMatchObject(
      { cause: { reason: "already-ended" } },
    );
    await practice.api.points.revokeSecret({ customer, id, secretId: second.secretId });
    expect(await isLetIn(tenantId, id, second.clientSecret ?? "")).toBe(false);
  });

  it("takes a secret that a person chose, keeps it with a slow hash, and gives it back to nobody", async () => {
    const { customer, tenantId } = await aCustomer();
    const { id, clientSecret: made } = await practice.api.points.add({ customer, name: "FW" });
    const chosen = "Kp7-vast-Orchard-39!";
    const rotated = await practice.api.points.rotateSecret({ customer, id, chosen });
    expect(rotated.clientSecret).toBeNull();
    const { secrets } = await practice.api.points.get({ customer, id });
    expect(secrets.map(({ origin, state }) => [origin, state])).toEqual(
      expect.arrayContaining([
        ["chosen", "current"],
        ["made", "overlapping"],
      ]),
    );
    expect(await isLetIn(tenantId, id, made)).toBe(true);
    const [kept] = await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.enforcementSecret.findMany({ where: { tenantId, origin: "chosen" } }),
    );
    expect(kept?.verifier).toMatch(/^\$argon2id\$/);
  });

  it("is added with a secret that a person chose, which stands in no answer and no record; a weak one adds nothing", async () => {
    const { customer, tenantId } = await aCustomer();
    const chosen = "Kp7-vast-Orchard-39!";
    const added = await practice.api.points.add({ customer, name: "FW", chosen });
    expect(added.clientSecret).toBeNull();
    const { secrets } = await practice.api.points.get({ customer, id: added.id });
    expect(secrets.map(({ origin, state }) => [origin, state])).toEqual([["chosen", "current"]]);
    const [kept] = await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.enforcementSecret.findMany({ where: { tenantId } }),
    );
    expect(kept?.verifier).toMatch(/^\$argon2id\$/);
    const shown = [
      added,
      await practice.api.points.list({ customer }),
      await practice.api.audit.list({ customer }),
    ];
    expect(JSON.stringify(shown)).not.toContain(chosen);
    await expect(
      practice.api.points.add({ customer, name: "FW2", chosen: "ababababababababab" }),
    ).rejects.toMatchObject({ code: "UNPROCESSABLE_CONTENT" });
    expect((await practice.api.points.list({ customer })).items.map(({ name }) => name)).toEqual(["FW"]);
  });

  it("takes no chosen secret that could be guessed, or that Junos could not take", async () => {
    const { customer } = await aCustomer();
    const { id } = await practice.api.points.add({ customer, name: "FW" });
    const codeOf = (chosen: string) =>
      practice.api.points.rotateSecret({ customer, id, chosen }).then(
        () => "taken",
        (error) => error.code,
      );
    const long = "x1-".repeat(50);
    expect([await codeOf("fifteen-letters"), await codeOf(long)]).toEqual(["BAD_REQUEST", "BAD_REQUEST"]);
    for (const weak of ["ababababababababab", "with a space in it"])
      expect([weak, await codeOf(weak)]).toEqual([weak, "UNPROCESSABLE_CONTENT"]);
  });

  it("tells who told it what and when, to those who may see people", async () => {
    const { customer, siteId, tenantId } = await aCustomer();
    const { id } = await practice.api.points.add({ customer, name: "HQ-FW1" });
    const agent = await anAgentAt(installation, { tenantId, siteId });
    const now = installation.clock.now();
    await reportHealth(installation, { tenantId, agentId: agent.id }, aReport(now));
    const told = {
      at: now - 3_000,
      ip: "10.20.31.77",
      user: "ana",
      domain: "meridian.example",
      groups: ["Finance"],
      how: "batch" as const,
    };
    const asked = {
      lastTokenAt: now - 60_000,
      lastBatchAt: now - 3_000,
      batches: 5,
      entriesSent: 1,
      told: [told],
    };
    await writeContact(installation, { tenantId, responder: agent.id }, aContact(id, asked));
    await writeContact(
      installation,
      { tenantId, responder: "cloud" },
      aContact(id, { refused: 2, lastRefusal: "wrong secret" }),
    );
    const point = await practice.api.points.get({ customer, id });
    expect(point.health).toMatchObject({ state: "ok", sentence: "HQ-FW1 asked 3 s ago." });
    expect(point.contacts.map(({ name, told: all, refused }) => [name, all.length, refused])).toEqual(
      expect.arrayContaining([
        ["lon-a", 1, 0],
        ["Cloud", 0, 2],
      ]),
    );
    const installer = installation.as(await practice.principal({ role: "installer", customerId: tenantId }));
    expect(JSON.stringify(await installer.points.get({ customer, id }))).not.toContain("ana");
    expect((await installer.setup.get({ customer })).firstTold).toBeNull();
    expect((await practice.api.setup.get({ customer })).firstTold).toMatchObject({
      firewall: "HQ-FW1",
      user: "ana",
    });
  });

  it("is not answered any more once it is gone: client id, tokens, contacts", async () => {
    const { customer, tenantId } = await aCustomer();
    const { id, clientId } = await practice.api.points.add({ customer, name: "FW" });
    await writeContact(installation, { tenantId, responder: "cloud" }, aContact(id));
    await practice.api.points.remove({ customer, id });
    expect(await installation.database.findClient(clientId)).toBeNull();
    await expect(practice.api.points.get({ customer, id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("its Junos lines", () => {
  it("name the site's agent first and the cloud second, and the CA to trust", async () => {
    const { customer, siteId, tenantId } = await aCustomer();
    const agent = await anAgentAt(installation, { tenantId, siteId });
    await reportHealth(installation, { tenantId, agentId: agent.id }, aReport(installation.clock.now()));
    await practice.api.agents.setFirewallNames({ customer, id: agent.id, names: ["agent.meridian.example"] });
    const { id, clientId } = await practice.api.points.add({ customer, name: "FW", siteId });
    const junos = await practice.api.points.junos({ customer, id });
    expect(junos.servers).toEqual({
      primary: {
        label: "lon-a",
        address: "agent.meridian.example",
        port: 8444,
        clientId,
        caProfile: "ROLLCALL",
      },
      secondary: {
        label: "Cloud",
        address: "cloud.example",
        port: 8444,
        clientId,
        caProfile: "ROLLCALL_CLOUD",
      },
    });
    const lines = junos.blocks.flatMap((block) => block.lines);
    expect(lines).toContain(
      "set services user-identification identity-management connection secondary address cloud.example",
    );
    expect(junos.blocks.find((block) => block.id === "secrets")).toMatchObject({ copied: false });
  });

  it("have an agent checked by the customer's own CA and the cloud by the installation's", async () => {
    const { customer, siteId, tenantId } = await aCustomer();
    const agent = await anAgentAt(installation, { tenantId, siteId });
    await reportHealth(installation, { tenantId, agentId: agent.id }, aReport(installation.clock.now()));
    await practice.api.agents.setFirewallNames({ customer, id: agent.id, names: ["agent.meridian.example"] });
    const { srxCaCertPem } = await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.customer.findUniqueOrThrow({ where: { id: tenantId }, select: { srxCaCertPem: true } }),
    );
    const { id } = await practice.api.points.add({ customer, name: "FW", junos: { caProfile: "MERIDIAN" } });
    const junos = await practice.api.points.junos({ customer, id });
    const clouds = installation.keys.firewall.certPem;
    expect(junos.cas).toEqual([
      {
        profile: "MERIDIAN",
        pem: srxCaCertPem,
        sha256: certificateSha256(srxCaCertPem),
        fileName: "MERIDIAN.pem",
        servers: ["lon-a"],
      },
      {
        profile: "MERIDIAN_CLOUD",
        pem: clouds,
        sha256: certificateSha256(clouds),
        fileName: "MERIDIAN_CLOUD.pem",
        servers: ["Cloud"],
      },
    ]);
    expect(srxCaCertPem).not.toBe(clouds);
    const lines = junos.blocks.flatMap((block) => block.lines);
    const connection = "set services user-identification identity-management connection";
    expect(lines).toContain(`${connection} primary ca-profile MERIDIAN`);
    expect(lines).toContain(`${connection} secondary ca-profile MERIDIAN_CLOUD`);
  });

  it("name the cloud's CA alone where no agent answers, and still give scripts the customer's own", async () => {
    const { customer } = await aCustomer();
    const { id } = await practice.api.points.add({ customer, name: "FW" });
    const { servers, cas, ca, blocks } = await practice.api.points.junos({ customer, id });
    expect(servers?.primary).toMatchObject({ label: "Cloud", caProfile: "ROLLCALL_CLOUD" });
    expect(cas).toMatchObject([{ profile: "ROLLCALL_CLOUD", pem: installation.keys.firewall.certPem }]);
    expect(ca).toMatchObject({ fileName: "ROLLCALL.pem", pem: expect.stringContaining("BEGIN CERTIFICATE") });
    expect(blocks.find((block) => block.id === "certificate-file")?.lines).toEqual([
      "request security pki ca-certificate load ca-profile ROLLCALL_CLOUD filename /var/tmp/ROLLCALL_CLOUD.pem",
    ]);
  });

  it("are refused while agent and cloud listen on different ports", async () => {
    const { customer, siteId, tenantId } = await aCustomer();
    const agent = await anAgentAt(installation, { tenantId, siteId });
    const listeners = [{ name: "firewalls", address: "10.20.0.5:443", state: "ok" as const, sentence: "" }];
    await reportHealth(
      installation,
      { tenantId, agentId: agent.id },
      aReport(installation.clock.now(), { listeners }),
    );
    const { id } = await practice.api.points.add({ customer, name: "FW" });
    const junos = await practice.api.points.junos({ customer, id });
    expect(junos.blocks).toEqual([]);
    expect(junos.problems[0]).toMatchObject({ severity: "refused", field: "secondary.port" });
  });

  it("leave a mark when they are copied: how many, with the secret or without", async () => {
    const { customer } = await aCustomer();
    const { id } = await practice.api.points.add({ customer, name: "FW" });
    await practice.api.points.junosCopied({ customer, id, lines: 14, withSecret: true });
    const [entry] = (await practice.api.audit.list({ customer, action: "point.junos.copy" })).items;
    expect(entry).toMatchObject({ object: { id, name: "FW" }, after: { lines: 14, withSecret: true } });
  });
});
