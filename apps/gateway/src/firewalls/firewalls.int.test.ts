import { randomUUID } from "node:crypto";
import { aBatch, anObservation, aPrincipal } from "@rollcall/agent-protocol/testing";
import { Secret } from "@rollcall/config";
import { makeSecretVerifier, newClientSecret } from "@rollcall/pki";
import { hasRedis, startRedis } from "@rollcall/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SecondGatewayError } from "../process/only-gateway.ts";
import {
  type RunningGateway,
  StandInAgent,
  StandInFirewall,
  startInstallation,
  type TestCustomer,
  type TestInstallation,
} from "../testing/index.ts";

let site: TestInstallation;
let gateway: RunningGateway;
let customer: TestCustomer;
let agent: StandInAgent;
let firewall: StandInFirewall;

beforeAll(async () => {
  site = await startInstallation();
  gateway = await site.gateway();
});
afterAll(() => site?.stop());
beforeEach(async () => {
  customer = await site.customer();
  agent = await StandInAgent.enrol(gateway.agentUrl, await site.onboarding(customer));
  await agent.open();
  firewall = new StandInFirewall(gateway.firewallUrl, site.keys.firewall.certPem);
  return () => {
    agent.close();
    firewall.close();
  };
});

const logon = (of: Parameters<typeof anObservation>[0] = {}, whose: TestCustomer = customer) => ({
  observation: anObservation({ sourceId: whose.syslogSourceId, addressSpaceId: whose.addressSpaceId, ...of }),
});
const person = (name: string) => ({
  principal: aPrincipal({
    directoryId: customer.directoryId,
    key: `s-1-5-${name}`,
    name,
    aliases: [`corp\\${name}`],
    upn: `${name}@corp.example`,
  }),
});

async function untilPolled(wanted: (entries: string[]) => boolean, reader = firewall): Promise<number> {
  const startedAt = performance.now();
  await expect.poll(async () => wanted(await reader.poll()), { timeout: 5000, interval: 50 }).toBe(true);
  return performance.now() - startedAt;
}

describe("a firewall that asks the cloud", () => {
  it("is told within a second of what an agent's batch changed, groups included, and of its end", async () => {
    await firewall.askToken(customer.clientId, customer.clientSecret);
    expect(await firewall.poll()).toEqual([]);
    const at = Date.now();
    await agent.send(aBatch([person("ana"), logon({ effectiveAt: at })], agent.take(2)));
    expect(await untilPolled((entries) => entries.includes("10.20.3.7 ana logon"))).toBeLessThan(1000);
    const one = await firewall.ask("/user_query/v2/ip/10.20.3.7");
    expect(one).toMatchObject({ status: 200 });
    expect(one.text).toContain("vpn-users");
    expect(one.text).toContain("corp.example");
    const end = logon({ verb: "end", effectiveAt: at + 1, endScope: { principal: "named", family: "same" } });
    await agent.send(aBatch([end], agent.take(1)));
    expect(
      await untilPolled((entries) => entries.some((e) => e.startsWith("10.20.3.7 ") && e.endsWith("logoff"))),
    ).toBeLessThan(1000);
    expect((await firewall.ask("/user_query/v2/ip/10.20.3.7")).text).not.toContain("ana");
  });

  it("is brought forward even when the bell was not heard", async () => {
    await firewall.askToken(customer.clientId, customer.clientSecret);
    await firewall.poll();
    const { tenantId } = customer;
    const first = agent.take(1);
    await site.database.ledger.commitBatch({
      tenantId,
      agentId: agent.enrolled.agentId,
      lane: "live",
      epoch: first.epoch,
      first: 1,
      last: 1,
      items: [{ seq: 1, kind: "observation", observation: logon().observation as never }],
    });
    expect(await untilPolled((entries) => entries.length === 1)).toBeLessThan(2500);
  });

  it("is told of a session that has run out though no worker runs", async () => {
    await firewall.askToken(customer.clientId, customer.clientSecret);
    await agent.send(aBatch([logon({ effectiveAt: Date.now(), lifetimeMs: 1500 })], agent.take(1)));
    await untilPolled((entries) => entries.includes("10.20.3.7 ana logon"));
    await expect
      .poll(async () => (await firewall.ask("/user_query/v2/ip/10.20.3.7")).text, {
        timeout: 14_000,
        interval: 250,
      })
      .not.toContain("ana");
  });

  it("gets no token with a wrong secret, for an unknown client, or while it is turned off; and no word why", async () => {
    const answers = [
      await firewall.askToken(customer.clientId, newClientSecret()),
      await firewall.askToken(`client-${randomUUID()}`, customer.clientSecret),
    ];
    const { tenantId, pointId } = customer;
    await site.database.withTenant(tenantId, ({ tx }) =>
      tx.enforcementPoint.update({
        where: { tenantId_id: { tenantId, id: pointId } },
        data: { enabled: false },
      }),
    );
    answers.push(await firewall.askToken(customer.clientId, customer.clientSecret));
    expect(new Set(answers.map((answer) => `${answer.status} ${answer.text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
  });

  it("is out within five seconds when its secret is revoked, though its token has not expired, and not a moment before", async () => {
    const { tenantId, pointId } = customer;
    await firewall.askToken(customer.clientId, customer.clientSecret);
    const second = newClientSecret();
    await site.database.withTenant(tenantId, ({ tx }) =>
      tx.enforcementSecret.create({
        data: { tenantId, enforcementPointId: pointId, verifier: makeSecretVerifier(second) },
      }),
    );
    const rotated = new StandInFirewall(gateway.firewallUrl, site.keys.firewall.certPem);
    await rotated.askToken(customer.clientId, second);
    await Promise.all([firewall.poll(), rotated.poll()]);
    await site.database.withTenant(tenantId, async ({ tx }) => {
      const oldest = await tx.enforcementSecret.findFirstOrThrow({
        where: { tenantId },
        orderBy: { createdAt: "asc" },
      });
      await tx.enforcementSecret.update({
        where: { tenantId_id: { tenantId, id: oldest.id } },
        data: { revokedAt: new Date() },
      });
    });
    const revokedAt = performance.now();
    await expect
      .poll(
        () =>
          firewall.poll().then(
            () => "served",
            () => "refused",
          ),
        { timeout: 6000, interval: 100 },
      )
      .toBe("refused");
    expect(performance.now() - revokedAt).toBeLessThan(5000);
    expect((await firewall.ask("/user_query/v2/users/endpoints?begintime=0")).status).toBe(401);
    await rotated.poll();
    rotated.close();
  });

  it("sees nothing of another customer, whatever it asks", async () => {
    const theirs = await site.customer();
    const theirAgent = await StandInAgent.enrol(gateway.agentUrl, await site.onboarding(theirs));
    await theirAgent.open();
    await theirAgent.send(aBatch([logon({ ip: "10.20.7.7" }, theirs)], theirAgent.take(1)));
    await firewall.askToken(customer.clientId, customer.clientSecret);
    expect(await firewall.poll()).toEqual([]);
    expect((await firewall.ask("/user_query/v2/ip/10.20.7.7")).text).not.toContain("ana");
    const other = new StandInFirewall(gateway.firewallUrl, site.keys.firewall.certPem);
    await other.askToken(theirs.clientId, theirs.clientSecret);
    other.cookie = firewall.cookie;
    expect(await other.poll()).toEqual(["10.20.7.7 ana logon"]);
    theirAgent.close();
    other.close();
  });

  it("is written down: what it was told, by the cloud, and when the customer was first answered", async () => {
    const { tenantId, pointId } = customer;
    await agent.send(aBatch([logon()], agent.take(1)));
    await firewall.askToken(customer.clientId, customer.clientSecret);
    await untilPolled((entries) => entries.length === 1);
    const row = () =>
      site.database.withTenant(tenantId, async ({ tx }) => ({
        contact: (
          await tx.enforcementContact.findFirst({
            where: { tenantId, enforcementPointId: pointId, responder: "cloud" },
          })
        )?.contact,
        customer: await tx.customer.findUniqueOrThrow({ where: { id: tenantId } }),
      }));
    await expect
      .poll(async () => (await row()).contact, { timeout: 5000, interval: 100 })
      .toMatchObject({ tokens: 1, told: [{ ip: "10.20.3.7", user: "ana", how: "batch" }] });
    expect((await row()).customer.firstAnsweredAt).not.toBeNull();
  });

  it("keeps its token over a restart of the gateway: only the hash of it is stored", async () => {
    await agent.send(aBatch([logon()], agent.take(1)));
    await firewall.askToken(customer.clientId, customer.clientSecret);
    await untilPolled((entries) => entries.length === 1);
    const rows = await site.database.withTenant(customer.tenantId, ({ tx }) =>
      tx.enforcementToken.findMany(),
    );
    expect(JSON.stringify(rows)).not.toContain(firewall.token);
    await gateway.stop();
    gateway = await site.gateway();
    const again = new StandInFirewall(
      gateway.firewallUrl,
      site.keys.firewall.certPem,
      firewall.client.localAddress,
    );
    again.token = firewall.token;
    again.cookie = firewall.cookie;
    expect(await again.poll()).toEqual([]);
    const thief = new StandInFirewall(gateway.firewallUrl, site.keys.firewall.certPem);
    thief.token = firewall.token;
    await expect(thief.poll()).rejects.toThrow("401");
    again.close();
    thief.close();
  });
});

describe("two gateways", () => {
  it("are refused without Redis, in one sentence", async () => {
    await expect(site.gateway({ gateways: 2 })).rejects.toThrow("several gateways need Redis");
    await expect(site.gateway()).rejects.toThrow(SecondGatewayError);
  }, 60_000);

  const mayRun = hasRedis() || process.env.CI !== undefined;
  if (!mayRun)
    console.warn(
      "skipped: two gateways on Redis, because no redis-server is installed (apt-get install redis-server)",
    );
  it.skipIf(!mayRun)(
    "with Redis serve one firewall by turns: one token, one cookie, no full resend",
    async () => {
      const redis = await startRedis();
      await gateway.stop();
      const redisUrl = new Secret(redis.url);
      const [one, two] = [
        await site.gateway({ redisUrl, gateways: 2 }),
        await site.gateway({ redisUrl, gateways: 2 }),
      ];
      try {
        const sender = new StandInAgent(one.agentUrl, agent.enrolled);
        await sender.open();
        const at = new StandInFirewall(one.firewallUrl, site.keys.firewall.certPem);
        await at.askToken(customer.clientId, customer.clientSecret);
        await sender.send(aBatch([logon({ ip: "10.20.1.1" })], sender.take(1)));
        await untilPolled((entries) => entries.length === 1, at);
        const also = new StandInFirewall(two.firewallUrl, site.keys.firewall.certPem, at.client.localAddress);
        also.token = at.token;
        also.cookie = at.cookie;
        expect(await also.poll()).toEqual([]);
        await sender.send(aBatch([logon({ ip: "10.20.1.2" })], sender.take(1)));
        const seen: string[] = [];
        await untilPolled((entries) => seen.push(...entries) === 1, also);
        expect(seen).toEqual(["10.20.1.2 ana logon"]);
        const asked = new StandInAgent(two.agentUrl, agent.enrolled);
        const version = (await asked.client.get("/v1/config")).body?.version;
        expect(version).toBeTypeOf("number");
        for (const client of [sender, at, also, asked]) client.close();
      } finally {
        await one.stop();
        await two.stop();
        gateway = await site.gateway();
        await redis.stop();
      }
    },
    60_000,
  );
});

describe("a firewall with a profile of its customer's own", () => {
  const setPoint = (data: { profile?: string; learnUntil?: Date }) =>
    site.database.withTenant(customer.tenantId, ({ tx }) =>
      tx.enforcementPoint.update({
        where: { tenantId_id: { tenantId: customer.tenantId, id: customer.pointId } },
        data,
      }),
    );

  it("is answered as the document says", async () => {
    const fields = [
      { of: "ip", as: ["addr"] },
      { of: "user", as: ["who"] },
      { of: "online", as: ["there"] },
    ];
    const { id } = await site.database.withTenant(customer.tenantId, ({ tx }) =>
      tx.srxProfile.create({
        data: {
          tenantId: customer.tenantId,
          name: "Ours",
          document: { body: { kind: "json", listKey: "rows", fields } },
        },
      }),
    );
    await setPoint({ profile: id });
    await firewall.askToken(customer.clientId, customer.clientSecret);
    await agent.send(aBatch([logon()], agent.take(1)));
    await expect
      .poll(async () => (await firewall.ask("/user_query/v2/ip/10.20.3.7")).text, { timeout: 5000 })
      .toBe('{"rows":[{"addr":"10.20.3.7","who":"ana","there":true}]}');
  });

  it.each([
    ["is not there", async () => randomUUID(), "there is no such profile"],
    [
      "cannot be read",
      async () => {
        const { id } = await site.database.withTenant(customer.tenantId, ({ tx }) =>
          tx.srxProfile.create({
            data: { tenantId: customer.tenantId, name: "Theirs", document: { body: { kind: "runes" } } },
          }),
        );
        return id;
      },
      "body",
    ],
  ])("that %s is answered with the first, and that is said once", async (_, profileId, reason) => {
    const profile = await profileId();
    await setPoint({ profile });
    for (let time = 0; time < 3; time++) await firewall.askToken(customer.clientId, customer.clientSecret);
    expect((await firewall.ask("/user_query/v2/users/endpoints?begintime=0&entry_count=200")).text).toMatch(
      /^\{/,
    );
    const said = site.lines.filter((line) => line.includes(profile));
    expect(said).toEqual([expect.stringContaining(customer.pointId)]);
    expect(said[0]).toContain(reason);
    expect(said[0]).toContain('answered with \\"json-superset\\"');
  });

  it("that is being learnt is tried with the next when it does not understand, and its page says so", async () => {
    await setPoint({ learnUntil: new Date(Date.now() + 3_600_000) });
    await firewall.askToken(customer.clientId, customer.clientSecret);
    const first = "/user_query/v2/users/endpoints?begintime=0&entry_count=200";
    const kinds: string[] = [];
    for (let poll = 0; poll < 3; poll++) kinds.push((await firewall.ask(first)).text.slice(0, 1));
    expect(kinds).toEqual(["{", "{", "<"]);
    await expect
      .poll(
        async () => {
          const rows = await site.database.withTenant(customer.tenantId, ({ tx }) =>
            tx.enforcementContact.findMany({ where: { tenantId: customer.tenantId } }),
          );
          return rows[0]?.contact;
        },
        { timeout: 5000 },
      )
      .toMatchObject({ learning: { profile: "userfw-xml", state: "trying" } });
  });
});

describe("a firewall that reports a person to the cloud", () => {
  const mayReport = (ranges: string[]) =>
    site.database.withTenant(customer.tenantId, ({ tx }) =>
      tx.enforcementPoint.update({
        where: { tenantId_id: { tenantId: customer.tenantId, id: customer.pointId } },
        data: { mayReport: ranges },
      }),
    );

  it("gets the entry in the answer, and so does every agent; and it is gone when the firewall says so", async () => {
    await mayReport(["10.90.0.0/16"]);
    await firewall.askToken(customer.clientId, customer.clientSecret);
    await agent.send(
      aBatch([person("carol"), logon({ principal: { name: "carol", domain: "corp" } })], agent.take(2)),
    );
    await untilPolled((entries) => entries.includes("10.20.3.7 carol logon"));

    const answer = await firewall.ask("/user_query/v2/user?ip=10.90.0.1&id=CORP%5Ccarol");
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body?.report_entries).toMatchObject([
      {
        ip: "10.90.0.1",
        user: "carol",
        operation: "logon",
        source: "Rollcall SRX push",
        roles: ["staff", "vpn-users"],
      },
    ]);
    const heard = await agent.client.get("/v1/downlink?after=0");
    expect(heard.text).toContain("srx-push:captive-portal");

    const left = await firewall.ask("/user_query/v2/user?ip=10.90.0.1&id=CORP%5Ccarol&state=disconnect");
    expect(left.body?.report_entries).toEqual([]);
    expect(await untilPolled((entries) => entries.includes("10.90.0.1 carol logoff"))).toBeLessThan(1000);
  });

  it("is answered without groups, and told on its page, for an address it may not report for", async () => {
    await mayReport(["10.90.0.0/16"]);
    await firewall.askToken(customer.clientId, customer.clientSecret);
    const answer = await firewall.ask("/user_query/v2/user?ip=10.20.3.7&id=mallory");
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({ report_entries: [] });
    expect((await firewall.ask("/user_query/v2/ip/10.20.3.7")).text).not.toContain("mallory");
    await expect
      .poll(async () => (await pageOf()).lastRefusal, { timeout: 5000 })
      .toContain("a report of a user at 10.20.3.7, for which it may not report");
  });

  it("does not name whom a filter of the customer keeps back", async () => {
    await mayReport(["10.90.0.0/16"]);
    await site.database.withTenant(customer.tenantId, ({ tx }) =>
      tx.filter.create({ data: { tenantId: customer.tenantId, kind: "principal-exclude", value: "^svc-" } }),
    );
    await firewall.askToken(customer.clientId, customer.clientSecret);
    const answer = await firewall.ask("/user_query/v2/user?ip=10.90.0.2&id=SVC-backup");
    expect(answer.body).toEqual({ report_entries: [] });
  });

  it("names nobody at an address that the customer has marked as shared", async () => {
    await mayReport(["10.90.0.0/16"]);
    await site.database.withTenant(customer.tenantId, ({ tx }) =>
      tx.addressMark.create({
        data: {
          tenantId: customer.tenantId,
          addressSpaceId: customer.addressSpaceId,
          range: "10.90.0.3",
          mark: "nat",
        },
      }),
    );
    await firewall.askToken(customer.clientId, customer.clientSecret);
    const answer = await firewall.ask("/user_query/v2/user?ip=10.90.0.3&id=carol");
    expect(answer.body).toEqual({ report_entries: [] });
    expect((await firewall.ask("/user_query/v2/ip/10.90.0.3")).text).not.toContain("carol");
  });

  it("names nobody where agents saw a computer that is a shared host by its place in the directory", async () => {
    await mayReport(["10.20.0.0/16"]);
    const hostMarkId = randomUUID();
    await site.database.withTenant(customer.tenantId, ({ tx }) =>
      tx.hostMark.create({
        data: { tenantId: customer.tenantId, id: hostMarkId, under: "OU=RDS,DC=corp,DC=example" },
      }),
    );
    const host = (name: string, ip: string, of: object) => [
      {
        principal: {
          ...person(`${name}`).principal,
          kind: "device" as const,
          aliases: [`corp\\${name}`],
          ...of,
        },
      },
      logon({
        kind: "device",
        ip,
        principal: { domain: "corp", name },
        effectiveAt: Date.now(),
        id: `${name}#0`,
        recordId: name,
      }),
    ];
    await agent.send(
      aBatch(
        [...host("rds1", "10.20.90.4", { hostMarkId }), ...host("pc7", "10.20.90.5", {})],
        agent.take(4),
      ),
    );
    await firewall.askToken(customer.clientId, customer.clientSecret);
    expect((await firewall.ask("/user_query/v2/user?ip=10.20.90.4&id=carol")).body).toEqual({
      report_entries: [],
    });
    await firewall.ask("/user_query/v2/user?ip=10.20.90.5&id=carol");
    expect((await firewall.ask("/user_query/v2/ip/10.20.90.4")).text).not.toContain("carol");
    expect((await firewall.ask("/user_query/v2/ip/10.20.90.5")).text).toContain("carol");
  });

  async function pageOf() {
    const rows = await site.database.withTenant(customer.tenantId, ({ tx }) =>
      tx.enforcementContact.findMany({ where: { tenantId: customer.tenantId } }),
    );
    return (rows[0]?.contact ?? {}) as { batches?: number; lastRefusal?: string };
  }
});
