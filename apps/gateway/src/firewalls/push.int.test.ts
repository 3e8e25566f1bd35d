import { randomUUID } from "node:crypto";
import { aBatch, anObservation } from "@rollcall/agent-protocol/testing";
import { createErrorReporter, silentLogger } from "@rollcall/observability";
import { createAuthority, issueServerCertificate } from "@rollcall/pki";
import { promisesOfMemory } from "@rollcall/srx-push/testing";
import { type Listening, listen } from "@rollcall/webapi-server/listen";
import { WebApi } from "@rollcall/webapi-server/web-api";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DeviceRings } from "../process/device-rings.ts";
import {
  type RunningGateway,
  StandInAgent,
  startInstallation,
  type TestCustomer,
  type TestInstallation,
} from "../testing/index.ts";
import { PushDesk } from "./push-desk.ts";
import { PushLeases } from "./push-lease.ts";
import { createDatabaseMemory } from "./push-memory.ts";

let site: TestInstallation;
let caPem: string;
let tls: { certPem: string; keyPem: string };
beforeAll(async () => {
  site = await startInstallation();
  const now = Date.now();
  const authority = await createAuthority({ commonName: "Firewall CA", kind: "p256", now });
  caPem = authority.certPem;
  tls = await issueServerCertificate({ authority, kind: "p256", names: ["127.0.0.1"], now });
});
afterAll(() => site?.stop());

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

let customer: TestCustomer;
let api: WebApi;
let server: Listening;
beforeEach(async () => {
  customer = await site.customer();
  api = new WebApi({ user: "rollcall", password: "p", clients: ["127.0.0.1"] });
  server = await listen(api, { host: "127.0.0.1", port: 0, tls });
  ends.push(() => server.close());
});

const onLoopback = (ip: string) => ip === "127.0.0.1";
async function gatewayWith(
  options: Parameters<TestInstallation["gateway"]>[0] = {},
): Promise<RunningGateway> {
  const gateway = await site.gateway({ mayPostTo: onLoopback, ...options });
  ends.push(() => gateway.stop());
  return gateway;
}

/** As the portal saves it. */
async function postToFirewall(of: { url?: string } = {}): Promise<void> {
  const { tenantId, pointId } = customer;
  const place = { tenantId, table: "enforcement_point", column: "push_cipher", row: pointId };
  await site.database.withTenant(tenantId, ({ tx }) =>
    tx.enforcementPoint.update({
      where: { tenantId_id: { tenantId, id: pointId } },
      data: {
        push: { url: of.url ?? server.url, user: "rollcall", caPem, maxPostsPerSecond: 50 },
        pushFrom: "cloud",
        pushCipher: site.keys.encryptForTenant("p", place),
      },
    }),
  );
  site.bell.ring(`config:${tenantId}`);
}

async function saw(gateway: RunningGateway, ...users: string[]): Promise<StandInAgent> {
  const agentName = `agent-${randomUUID().slice(0, 8)}`;
  const agent = await StandInAgent.enrol(gateway.agentUrl, await site.onboarding(customer, { agentName }));
  await agent.open();
  ends.push(() => agent.close());
  const { syslogSourceId: sourceId, addressSpaceId } = customer;
  const items = users.map((name, n) => ({
    observation: anObservation({
      sourceId,
      addressSpaceId,
      ip: `10.20.3.${n + 1}`,
      effectiveAt: Date.now(),
      principal: { name, domain: "corp.example" },
    }),
  }));
  await agent.send(aBatch(items, agent.take(items.length)));
  return agent;
}

const held = () => api.table.rows().map(({ ip, user }) => `${ip} ${user}`);
const until = (look: () => unknown) => expect.poll(look, { timeout: 15_000, interval: 50 });
const state = () =>
  site.database.withTenant(customer.tenantId, async ({ tx }) => {
    const row = await tx.pushProgress.findFirst({ where: { tenantId: customer.tenantId } });
    return row?.state;
  });

describe("a firewall that the cloud posts to", () => {
  it("is told of whom agents see, is told anew on demand, and its page says how it goes", async () => {
    const gateway = await gatewayWith();
    await postToFirewall();
    await saw(gateway, "ana", "ben");
    await until(held).toEqual(["10.20.3.1 ana", "10.20.3.2 ben"]);
    await until(state).toMatchObject({ state: "ok", enforcementPointId: customer.pointId, failures: 0 });
    api.table.clear();
    const { tenantId, pointId } = customer;
    await site.database.withTenant(tenantId, ({ tx }) =>
      tx.pushProgress.update({
        where: { tenantId_enforcementPointId: { tenantId, enforcementPointId: pointId } },
        data: { resyncAskedAt: new Date() },
      }),
    );
    await until(held).toEqual(["10.20.3.1 ana", "10.20.3.2 ben"]);
  });

  it("is posted to by the next gateway when one stops, without being told everything again", async () => {
    const first = await gatewayWith();
    await postToFirewall();
    const agent = await saw(first, "ana");
    await until(held).toEqual(["10.20.3.1 ana"]);
    await until(state).toMatchObject({ state: "ok" });
    agent.close();
    await first.stop();
    const before = api.posts.length;
    await saw(await gatewayWith(), "ana", "ben");
    await until(held).toEqual(["10.20.3.1 ana", "10.20.3.2 ben"]);
    expect(api.posts.slice(before).flatMap(({ ips }) => ips)).toEqual(["10.20.3.2"]);
  });

  it("is posted to by one gateway at a time: a lease ends when it is given back and with its connection", async () => {
    const databaseUrl = site.testDatabase.appUrl;
    const [one, two] = [0, 0].map(() => new PushLeases({ databaseUrl, onLost: () => undefined }));
    if (one === undefined || two === undefined) throw new Error("no leases");
    ends.push(() => Promise.all([one.close(), two.close()]));
    const { pointId } = customer;
    expect([await one.take(pointId), await one.take(pointId), await two.take(pointId)]).toEqual([
      true,
      true,
      false,
    ]);
    await one.release(pointId);
    expect([await two.take(pointId), await one.take(pointId)]).toEqual([true, false]);
    await two.close();
    await until(() => one.take(pointId)).toBe(true);
  });

  it("is not posted to where the installation does not allow it, nor in clear, and the page says why", async () => {
    await gatewayWith({ mayPostTo: () => false });
    await postToFirewall();
    await until(state).toMatchObject({ sentence: expect.stringContaining("may not be posted to") });
    expect(api.posts).toEqual([]);
    await postToFirewall({ url: server.url.replace("https:", "http:") });
    await until(state).toMatchObject({ state: "refused", sentence: expect.stringContaining("only https") });
  });

  it("is followed while another customer's firewalls cannot be read, and those are once they can", async () => {
    await postToFirewall();
    const theirs = { ...customer };
    customer = await site.customer();
    await postToFirewall();
    let isShut = true;
    const withTenant: typeof site.database.withTenant = (tenantId, ...rest) =>
      isShut && tenantId === theirs.tenantId
        ? Promise.reject(new Error("shut"))
        : site.database.withTenant(tenantId, ...rest);
    const followed: string[] = [];
    const reported: unknown[] = [];
    const rings = new DeviceRings(site.bell);
    ends.push(() => rings.stop());
    const desk = new PushDesk({
      database: {
        ...site.database,
        withTenant,
        tenantIds: async () => [theirs.tenantId, customer.tenantId],
      },
      rings,
      cipher: site.keys,
      points: {
        find(pointId) {
          followed.push(pointId);
          return null;
        },
      },
      sourceFor: () => Promise.reject(new Error("nothing is posted here")),
      leases: { take: async () => true, release: async () => undefined },
      mayPostTo: onLoopback,
      now: () => 0,
      log: silentLogger,
      report(error, context) {
        reported.push(context.fields);
        return createErrorReporter({ log: silentLogger })(error, context);
      },
    });
    await desk.look();
    expect([followed, reported]).toEqual([[customer.pointId], [{ tenantId: theirs.tenantId }]]);
    isShut = false;
    followed.length = 0;
    await desk.look();
    expect(followed.toSorted()).toEqual([theirs.pointId, customer.pointId].toSorted());
  });
});

let firewalls: Promise<ReadonlyMap<string, TestCustomer>> | null = null;
promisesOfMemory("the database in which the cloud remembers what firewalls were told", async () => {
  firewalls ??= (async () => {
    const made = new Map<string, TestCustomer>();
    for (const id of ["a", "b", "c", "d"]) made.set(id, await site.customer());
    return made;
  })();
  const known = await firewalls;
  const memoryOf = (id: string) => {
    const firewall = known.get(id);
    if (firewall === undefined) throw new Error(`no firewall ${id}`);
    return createDatabaseMemory(site.database, firewall.tenantId, firewall.pointId);
  };
  return { memoryOf, reopened: async () => memoryOf };
});
