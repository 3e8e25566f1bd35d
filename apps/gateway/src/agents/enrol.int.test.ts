import { createPublicKey, randomUUID, X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import {
  createAuthority,
  issueServerCertificate,
  makeCsr,
  newPrivateKeyPem,
  signAgentCertificate,
} from "@rollcall/pki";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  askNonce,
  DeviceClient,
  type Enrolled,
  enrolmentOf,
  type RunningGateway,
  StandInAgent,
  startInstallation,
  type TestCustomer,
  type TestInstallation,
} from "../testing/index.ts";

let site: TestInstallation;
let gateway: RunningGateway;
let customer: TestCustomer;
let stranger: DeviceClient;
let skewMs = 0;

beforeEach(() => {
  stranger?.close();
  stranger = new DeviceClient({ url: gateway.agentUrl, caPem: site.keys.issuing.certPem });
});
beforeAll(async () => {
  site = await startInstallation();
  gateway = await site.gateway({ now: () => Date.now() + skewMs });
  customer = await site.customer();
});
afterAll(async () => {
  stranger?.close();
  await site?.stop();
});

const newName = () => `agent-${randomUUID().slice(0, 8)}`;

async function audits(tenantId: string): Promise<string[]> {
  const page = await site.database.auditReader.page(tenantId, 0, 1000);
  return page.map((entry) => `${entry.action} ${entry.objectId} ${entry.result}`);
}

const tokenRow = (tenantId: string, id: string) =>
  site.database.withTenant(tenantId, ({ tx }) =>
    tx.enrolmentToken.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } }),
  );

describe("enrolment", () => {
  it("turns a file into an agent with a certificate of its own, within three seconds, and writes it down", async () => {
    const payload = await site.onboarding(customer, { agentName: newName() });
    const startedAt = performance.now();
    const agent = await StandInAgent.enrol(gateway.agentUrl, payload);
    expect(performance.now() - startedAt).toBeLessThan(3000);
    const cert = new X509Certificate(agent.enrolled.certificatePem);
    expect(cert.subjectAltName).toBe(
      `URI:spiffe://rollcall/tenant/${customer.tenantId}/agent/${agent.enrolled.agentId}`,
    );
    const token = await tokenRow(customer.tenantId, payload.token.id);
    expect(token).toMatchObject({ agentId: agent.enrolled.agentId, lastRefusal: null });
    expect(token.usedAt).not.toBeNull();
    expect(await audits(customer.tenantId)).toContain(`agent.enrol ${agent.enrolled.agentId} done`);
    expect((await agent.client.get("/v1/config")).status).toBe(200);
    agent.close();
  });

  it("notes that the file was read as soon as a nonce is asked with its token, and tells nobody whether there is one", async () => {
    const payload = await site.onboarding(customer, { agentName: newName() });
    const known = await stranger.get(`/v1/enrol/nonce?token=${payload.token.id}&tenant=${customer.tenantId}`);
    const unknown = await stranger.get(`/v1/enrol/nonce?token=0123456789ABCDEF&tenant=${randomUUID()}`);
    expect(Object.keys(known.body ?? {})).toEqual(Object.keys(unknown.body ?? {}));
    expect([known.status, unknown.status]).toEqual([200, 200]);
    expect((await tokenRow(customer.tenantId, payload.token.id)).fileReadAt).not.toBeNull();
  });

  it("gives the same certificate again to the key that lost its reply, and refuses any other key", async () => {
    const payload = await site.onboarding(customer, { agentName: newName() });
    const first = await enrolmentOf(payload, await askNonce(stranger, payload));
    const reply = await stranger.post("/v1/enrol", first.request);
    const again = await stranger.post("/v1/enrol", first.request);
    expect([reply.status, again.status]).toEqual([200, 200]);
    expect(again.body?.agentId).toBe(reply.body?.agentId);
    const serial = (answer: typeof reply) =>
      new X509Certificate(String(answer.body?.certificatePem)).serialNumber;
    expect(serial(again)).toBe(serial(reply));
    const thief = await enrolmentOf(payload, await askNonce(stranger, payload));
    expect((await stranger.post("/v1/enrol", thief.request)).status).toBe(403);
    expect((await tokenRow(customer.tenantId, payload.token.id)).lastRefusal).toContain("used already");
    expect(await audits(customer.tenantId)).toContain(`agent.enrol ${payload.token.id} refused`);
  });

  it("gives exactly one certificate when twenty machines use one file at once", async () => {
    const payload = await site.onboarding(customer, { agentName: newName() });
    const nonce = await askNonce(stranger, payload);
    const tries = await Promise.all(Array.from({ length: 20 }, () => enrolmentOf(payload, nonce)));
    const answers = await Promise.all(tries.map(({ request }) => stranger.post("/v1/enrol", request)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    const rows = await site.database.withTenant(customer.tenantId, ({ tx }) =>
      tx.agentCertificate.count({
        where: { tenantId: customer.tenantId, agent: { name: payload.agent.name } },
      }),
    );
    expect(rows).toBe(1);
  });

  it("answers every refusal with one and the same body, and tells the portal each reason", async () => {
    const { tenantId } = customer;
    const other = await site.customer();
    const soon = new Date(Date.now() + 1000);
    const expired = await site.onboarding(customer, { agentName: newName(), notAfter: soon });
    const revoked = await site.onboarding(customer, { agentName: newName() });
    const used = await site.onboarding(customer, { agentName: newName() });
    const foreign = await site.onboarding(other, { agentName: newName() });
    const twin = await site.onboarding(customer, { agentName: used.agent.name });
    const proofless = await site.onboarding(customer, { agentName: newName() });
    const stale = await site.onboarding(customer, { agentName: newName() });
    (await StandInAgent.enrol(gateway.agentUrl, used)).close();
    await site.database.withTenant(tenantId, async ({ tx }) => {
      await tx.enrolmentToken.update({
        where: { tenantId_id: { tenantId, id: revoked.token.id } },
        data: { revokedAt: new Date() },
      });
      await tx.enrolmentToken.update({
        where: { tenantId_id: { tenantId, id: expired.token.id } },
        data: { notAfter: new Date(Date.now() - 1000) },
      });
    });
    const nonce = await askNonce(stranger, used);
    const request = async (payload: typeof used, more: object = {}) => ({
      ...(await enrolmentOf(payload, nonce)).request,
      ...more,
    });
    const wrong = await request(proofless);
    const answers = [
      await stranger.post("/v1/enrol", await request(expired)),
      await stranger.post("/v1/enrol", await request(revoked)),
      await stranger.post("/v1/enrol", await request(used)),
      await stranger.post("/v1/enrol", await request(twin)),
      await stranger.post("/v1/enrol", await request(foreign, { tenantId })),
      await stranger.post("/v1/enrol", await request(foreign, { tenantId: randomUUID() })),
      await stranger.post("/v1/enrol", { ...wrong, proof: `A${wrong.proof.slice(1)}` }),
      await stranger.post("/v1/enrol", (await enrolmentOf(stale, `${nonce.slice(0, -2)}AA`)).request),
      await stranger.post(
        "/v1/enrol",
        (await enrolmentOf({ ...stale, trust: { ...stale.trust, ca_sha256: "0".repeat(64) } }, nonce))
          .request,
      ),
    ];
    expect(new Set(answers.map((answer) => `${answer.status} ${answer.text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(403);
    const said = async (payload: typeof used) =>
      (await tokenRow(tenantId, payload.token.id)).lastRefusal ?? "";
    expect(await said(expired)).toContain("expired");
    expect(await said(revoked)).toContain("withdrawn");
    expect(await said(used)).toContain("used already");
    expect(await said(twin)).toContain("name");
    expect(await said(proofless)).toContain("secret did not match");
    expect(await said(stale)).toContain("another installation");
    const written = await audits(tenantId);
    for (const payload of [expired, revoked, used, twin, proofless, stale])
      expect(written).toContain(`agent.enrol ${payload.token.id} refused`);
    expect(written).toContain(`agent.enrol ${foreign.token.id} refused`);
    expect((await tokenRow(other.tenantId, foreign.token.id)).usedAt).toBeNull();
    expect((await tokenRow(tenantId, twin.token.id)).usedSpki).toBeNull();
  });

  it("refuses a request that is no honest one of a P-256 key, and one of a mebibyte unread", async () => {
    const payload = await site.onboarding(customer, { agentName: newName() });
    const nonce = await askNonce(stranger, payload);
    const good = await enrolmentOf(payload, nonce);
    const rsaCsr = await makeCsr(await newPrivateKeyPem("rsa2048"));
    const rsa = await enrolmentOf(payload, nonce, { csrPem: rsaCsr });
    const bodies = [
      rsa.request,
      {
        ...good.request,
        csrPem: `${good.request.csrPem.slice(0, 120)}AAAA${good.request.csrPem.slice(124)}`,
      },
      { ...good.request, sealingPublicKey: "AAAA" },
      { ...good.request, v: 2 },
      { ...good.request, tenantId: "not-a-tenant" },
      {},
    ];
    for (const body of bodies) expect((await stranger.post("/v1/enrol", body)).status).toBe(400);
    const huge = await stranger
      .post("/v1/enrol", { ...good.request, csrPem: "A".repeat(1_048_576) })
      .catch(() => null);
    if (huge) expect(huge.status).toBe(413);
    expect((await tokenRow(customer.tenantId, payload.token.id)).usedAt).toBeNull();
  });

  it("lets a machine take the name of a revoked agent, which keeps its history under another", async () => {
    const name = newName();
    const first = await StandInAgent.enrol(
      gateway.agentUrl,
      await site.onboarding(customer, { agentName: name }),
    );
    await site.database.withTenant(customer.tenantId, ({ tx }) =>
      tx.agent.update({
        where: { tenantId_id: { tenantId: customer.tenantId, id: first.enrolled.agentId } },
        data: { state: "revoked" },
      }),
    );
    const second = await StandInAgent.enrol(
      gateway.agentUrl,
      await site.onboarding(customer, { agentName: name }),
    );
    expect(second.enrolled.agentId).not.toBe(first.enrolled.agentId);
    first.close();
    second.close();
  });

  it("gives an agent that is enrolled again its old place with a new key, and puts the old machine out", async () => {
    const before = await StandInAgent.enrol(
      gateway.agentUrl,
      await site.onboarding(customer, { agentName: newName() }),
    );
    await before.open();
    const payload = await site.onboarding(customer, { agentName: newName() });
    const { tenantId } = customer;
    const { agentId } = before.enrolled;
    await site.database.withTenant(tenantId, ({ tx }) =>
      tx.enrolmentToken.update({
        where: { tenantId_id: { tenantId, id: payload.token.id } },
        data: { purpose: "reenrol", agentId },
      }),
    );
    const after = await StandInAgent.enrol(gateway.agentUrl, payload);
    expect(after.enrolled.agentId).toBe(agentId);
    await after.open();
    expect(after.epoch).toBe(2);
    await expect
      .poll(
        () =>
          before.client.get("/v1/config").then(
            (answer) => answer.body?.code,
            () => "closed",
          ),
        { timeout: 5000 },
      )
      .toBe("agent-revoked");
    expect(await audits(tenantId)).toContain(`agent.reenrol ${agentId} done`);
    before.close();
    after.close();
  });
});

describe("the agents' door", () => {
  async function tryWith(certificatePem: string, privateKeyPem: string): Promise<number> {
    const client = new DeviceClient({
      url: gateway.agentUrl,
      caPem: site.keys.issuing.certPem,
      certificatePem,
      privateKeyPem,
    });
    try {
      return (await client.get("/v1/config")).status;
    } catch {
      return 0;
    } finally {
      client.close();
    }
  }

  function askOnce(
    enrolled: Enrolled,
    keeper: { session?: Buffer },
  ): Promise<{ isResumed: boolean; status: string }> {
    return new Promise((resolve, reject) => {
      const { caPem: ca, certificatePem: cert, privateKeyPem: key } = enrolled;
      const port = Number(new URL(gateway.agentUrl).port);
      let text = "";
      const socket = connect({ host: "127.0.0.1", port, ca, cert, key, session: keeper.session });
      socket.on("secureConnect", () =>
        socket.write("GET /v1/config HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n"),
      );
      socket.on("session", (session) => {
        keeper.session = session;
      });
      socket.on("data", (data: Buffer) => {
        text += data.toString("utf8");
      });
      socket.on("end", () =>
        resolve({ isResumed: socket.isSessionReused(), status: text.split("\r\n")[0] ?? "" }),
      );
      socket.on("error", reject);
    });
  }

  it("gives no configuration to a certificate that is expired, early, for servers, of another authority, unknown, or another's", async () => {
    const payload = await site.onboarding(customer, { agentName: newName() });
    const agent = await StandInAgent.enrol(gateway.agentUrl, payload);
    const key = await newPrivateKeyPem("p256");
    const publicKeyPem = createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
    const ids = { tenantId: customer.tenantId, agentId: agent.enrolled.agentId };
    const { issuing } = site.keys;
    const now = Date.now();
    const sign = (more: { now?: number; authority?: typeof issuing; agentId?: string }) =>
      signAgentCertificate({ authority: issuing, publicKeyPem, now, ...ids, ...more });
    const foreignCa = await createAuthority({ commonName: "Rollcall issuing CA", kind: "p256", now });
    const server = await issueServerCertificate({
      authority: issuing,
      kind: "p256",
      names: ["agent.example"],
      now,
    });

    expect(await tryWith((await sign({ now: now - 30 * 86_400_000 })).certPem, key), "expired").toBe(401);
    expect(await tryWith((await sign({ now: now + 86_400_000 })).certPem, key), "not yet valid").toBe(0);
    expect(await tryWith(server.certPem, server.keyPem), "for servers").toBe(0);
    expect(await tryWith((await sign({ authority: foreignCa })).certPem, key), "other authority").toBe(0);
    expect(await tryWith((await sign({})).certPem, key), "no row").toBe(403);
    const expired = new DeviceClient({
      url: gateway.agentUrl,
      caPem: issuing.certPem,
      certificatePem: (await sign({ now: now - 30 * 86_400_000, authority: foreignCa })).certPem,
      privateKeyPem: key,
    });
    await expect(expired.post("/v1/renew", { v: 1, csrPem: await makeCsr(key) })).rejects.toThrow();
    expired.close();

    const issued = await sign({ agentId: customer.otherAgentId });
    await site.database.withTenant(customer.tenantId, ({ tx }) =>
      tx.agentCertificate.create({
        data: {
          ...ids,
          serial: issued.serial,
          spkiSha256: issued.spkiSha256,
          generation: 9,
          state: "active",
          notBefore: new Date(issued.notBefore),
          notAfter: new Date(issued.notAfter),
        },
      }),
    );
    expect(await tryWith(issued.certPem, key), "name and row differ").toBe(403);
    expect((await stranger.get("/v1/config")).status, "none").toBe(401);
    agent.close();
  });

  it("puts a revoked agent out within five seconds, also in the middle of a wait", async () => {
    const agent = await StandInAgent.enrol(
      gateway.agentUrl,
      await site.onboarding(customer, { agentName: newName() }),
    );
    const have = (await agent.client.get("/v1/config")).body?.version;
    const waiting = agent.client.get(`/v1/config?have=${have}&wait=60`).then(
      () => "answered",
      () => "closed",
    );
    const { tenantId } = customer;
    await site.database.withTenant(tenantId, ({ tx }) =>
      tx.agent.update({
        where: { tenantId_id: { tenantId, id: agent.enrolled.agentId } },
        data: { state: "revoked" },
      }),
    );
    const revokedAt = performance.now();
    expect(await waiting).toBe("closed");
    expect(performance.now() - revokedAt).toBeLessThan(5000);
    expect(await agent.client.get("/v1/config")).toMatchObject({
      status: 403,
      body: { code: "agent-revoked" },
    });
    agent.close();
  });

  it("renews with a new key, takes the new certificate at its first use, and refuses the old one from then on", async () => {
    const agent = await StandInAgent.enrol(
      gateway.agentUrl,
      await site.onboarding(customer, { agentName: newName() }),
    );
    const key = await newPrivateKeyPem("p256");
    const lost = await agent.client.post("/v1/renew", { v: 1, csrPem: await makeCsr(key) });
    const renewed = await agent.client.post("/v1/renew", { v: 1, csrPem: await makeCsr(key) });
    expect([lost.status, renewed.status]).toEqual([200, 200]);
    expect((await agent.client.get("/v1/config")).status).toBe(200);
    expect(await tryWith(String(lost.body?.certificatePem), key), "superseded before its use").toBe(403);
    expect(await tryWith(String(renewed.body?.certificatePem), key)).toBe(200);
    expect(await agent.client.get("/v1/config")).toMatchObject({
      status: 401,
      body: { code: "certificate-retired" },
    });
    const same = await agent.client.post("/v1/renew", {
      v: 1,
      csrPem: await makeCsr(agent.enrolled.privateKeyPem),
    });
    expect(same.status).toBe(401);
    agent.close();
  });

  it("knows an agent that comes back with a resumed TLS session, and checks it as before", async () => {
    const agent = await StandInAgent.enrol(
      gateway.agentUrl,
      await site.onboarding(customer, { agentName: newName() }),
    );
    const keeper: { session?: Buffer } = {};
    const ask = () => askOnce(agent.enrolled, keeper);
    expect(await ask()).toEqual({ isResumed: false, status: "HTTP/1.1 200 OK" });
    expect(await ask()).toEqual({ isResumed: true, status: "HTTP/1.1 200 OK" });
    await site.database.withTenant(customer.tenantId, ({ tx }) =>
      tx.agent.update({
        where: { tenantId_id: { tenantId: customer.tenantId, id: agent.enrolled.agentId } },
        data: { state: "revoked" },
      }),
    );
    await expect.poll(async () => (await ask()).status, { timeout: 5000 }).toBe("HTTP/1.1 403 Forbidden");
    agent.close();
  });

  it("locks an agent whose retired certificate is used when nothing can be in flight any more: two machines hold it", async () => {
    const agent = await StandInAgent.enrol(
      gateway.agentUrl,
      await site.onboarding(customer, { agentName: newName() }),
    );
    const key = await newPrivateKeyPem("p256");
    const renewed = await agent.client.post("/v1/renew", { v: 1, csrPem: await makeCsr(key) });
    expect(await tryWith(String(renewed.body?.certificatePem), key)).toBe(200);
    skewMs = 11 * 60_000;
    try {
      expect(await agent.client.get("/v1/config")).toMatchObject({
        status: 403,
        body: { code: "agent-locked" },
      });
      expect(await tryWith(String(renewed.body?.certificatePem), key)).toBe(403);
    } finally {
      skewMs = 0;
    }
    expect(await audits(customer.tenantId)).toContain(`agent.lock ${agent.enrolled.agentId} done`);
    agent.close();
  });

  it("renews a certificate that expired up to ninety days ago, and none that is older", async () => {
    const agent = await StandInAgent.enrol(
      gateway.agentUrl,
      await site.onboarding(customer, { agentName: newName() }),
    );
    const csrPem = await makeCsr(await newPrivateKeyPem("p256"));
    const after = async (days: number) => {
      skewMs = days * 86_400_000;
      const client = new DeviceClient({ url: gateway.agentUrl, ...agent.enrolled });
      try {
        return (await client.post("/v1/renew", { v: 1, csrPem })).status;
      } finally {
        client.close();
        skewMs = 0;
      }
    };
    expect([await after(8), await after(90), await after(98)]).toEqual([200, 200, 403]);
    agent.close();
  });
});
