import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { type OnboardingPayload, renderOnboardingFile } from "@rollcall/agent-protocol";
import { aLogon } from "@rollcall/identity-core/testing";
import {
  makeChosenSecretVerifier,
  makeSecretVerifier,
  newClientSecret,
  seal,
  signOnboarding,
} from "@rollcall/pki";
import { freePort, withTempDir } from "@rollcall/testkit";
import { listen } from "@rollcall/webapi-server/listen";
import { WebApi } from "@rollcall/webapi-server/web-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type RunningGateway,
  StandInAgent,
  startInstallation,
  type TestCustomer,
  type TestInstallation,
} from "../../gateway/src/testing/index.ts";
import { AgentProcess, freePorts, PlainFirewall } from "./testing/agent-process.ts";
import { runAgent } from "./testing/cli-lab.ts";

const SEQUENCES = [
  { ordinal: 1, kind: "begin", trigger: "LOGIN" },
  { ordinal: 2, kind: "end", trigger: "LOGOUT" },
].map((sequence) => ({
  ...sequence,
  patterns: [
    { attribute: "user", pattern: "user=(\\S+)", returnCount: 1, normalise: "none", optional: false },
    { attribute: "ip", pattern: "ip=(\\S+)", returnCount: 1, normalise: "none", optional: false },
  ],
  positiveSamples: [],
  negativeSamples: [],
}));

interface Lab {
  readonly agent: AgentProcess;
  readonly customer: TestCustomer;
  readonly agentId: string;
  readonly atAgent: PlainFirewall;
  readonly atCloud: PlainFirewall;
  say(...lines: string[]): Promise<void>;
}

let installation: TestInstallation;
let gateway: RunningGateway;
let agentPort: number;
let firewallPort: number;

async function startGateway(): Promise<void> {
  gateway = await installation.gateway({
    agentListen: { host: "127.0.0.1", port: agentPort },
    firewallListen: { host: "127.0.0.1", port: firewallPort },
    agentUrl: `https://127.0.0.1:${agentPort}`,
  });
}

beforeAll(async () => {
  installation = await startInstallation();
  agentPort = await freePort();
  firewallPort = await freePort();
  await startGateway();
});
afterAll(async () => {
  await gateway.stop();
  await installation.stop();
});

/** The gateway in a process of its own, on the ports that the agents know: for what only a signal can do. */
async function gatewayProcess() {
  await gateway.stop();
  const statusPort = await freePort();
  const child = spawn(process.execPath, [path.resolve(import.meta.dirname, "../../gateway/src/main.ts")], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: installation.testDatabase.appUrl,
      ROLLCALL_KEYS_DIR: installation.keys.folder,
      ROLLCALL_GATEWAY_AGENT_LISTEN: `127.0.0.1:${agentPort}`,
      ROLLCALL_GATEWAY_FIREWALL_LISTEN: `127.0.0.1:${firewallPort}`,
      ROLLCALL_GATEWAY_STATUS_LISTEN: `127.0.0.1:${statusPort}`,
      ROLLCALL_GATEWAY_AGENT_URL: `https://127.0.0.1:${agentPort}`,
    },
    stdio: "ignore",
  });
  await holds("the gateway's process is ready", () =>
    fetch(`http://127.0.0.1:${statusPort}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return {
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    async end() {
      const ended = once(child, "exit");
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      await ended;
      await startGateway();
    },
  };
}

/** A customer whose portal has a syslog source and a firewall, and an agent enrolled by the command line. */
function withLab(work: (lab: Lab) => Promise<void>): Promise<void> {
  return withTempDir(async (folder) => {
    const customer = await installation.customer();
    const { tenantId, syslogSourceId, directoryId } = customer;
    await installation.database.withTenant(tenantId, async ({ tx }) => {
      await tx.syslogSource.update({
        where: { tenantId_id: { tenantId, id: syslogSourceId } },
        data: { senders: ["127.0.0.1"], defaultDomain: "corp.example" },
      });
      await tx.directory.update({
        where: { tenantId_id: { tenantId, id: directoryId } },
        data: { enabled: false },
      });
      for (const sequence of SEQUENCES)
        await tx.syslogSequence.create({ data: { tenantId, syslogSourceId, ...sequence } });
    });
    const state = path.join(folder, "state");
    const file = path.join(folder, "onboarding.json");
    writeFileSync(file, signed(await installation.onboarding(customer, { agentName: "lon-a" })));
    const enrolled = await runAgent(["--state-dir", state, "enroll", file]);
    expect([enrolled.code, enrolled.err]).toEqual([0, expect.stringContaining("Enrolled as lon-a")]);
    const { id: agentId } = await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.agent.findFirstOrThrow({ where: { tenantId, name: "lon-a" } }),
    );
    const { srxCaCertPem } = await installation.database.withTenant(tenantId, async ({ tx }) => {
      await tx.agent.update({
        where: { tenantId_id: { tenantId, id: agentId } },
        data: { firewallNames: ["127.0.0.1"] },
      });
      return tx.customer.findUniqueOrThrow({ where: { id: tenantId } });
    });
    await change(customer, async () => undefined);

    const agent = new AgentProcess(state, await freePorts());
    await agent.start();
    const firewall = { clientId: customer.clientId, secret: customer.clientSecret };
    const atAgent = new PlainFirewall(agent.ports.firewall, srxCaCertPem, firewall);
    const atCloud = new PlainFirewall(firewallPort, installation.keys.firewall.certPem, firewall);
    try {
      await holds(
        "the portal's certificate is in use",
        async () => (await agent.status()).firewallCertificate?.origin === "portal",
      );
      await work({
        agent,
        customer,
        agentId,
        atAgent,
        atCloud,
        say: (...lines) => sendUdp(agent.ports.syslog, lines),
      });
    } finally {
      await agent.stop();
      await atAgent.close();
      await atCloud.close();
    }
  });
}

function signed(payload: OnboardingPayload): string {
  const url = `https://127.0.0.1:${agentPort}`;
  return renderOnboardingFile(
    signOnboarding({ ...payload, endpoints: { enrol: url, stream: url } }, installation.keys.fileKey),
  );
}

/** Changes the customer's rows as the portal does: with another version, and a ring. */
async function change(customer: TestCustomer, work: (tenantId: string) => Promise<unknown>): Promise<number> {
  const { tenantId } = customer;
  await work(tenantId);
  const { configVersion } = await installation.database.withTenant(tenantId, ({ tx }) =>
    tx.customer.update({ where: { id: tenantId }, data: { configVersion: { increment: 1 } } }),
  );
  await installation.bell.ring(`config:${tenantId}`);
  return configVersion;
}

function sendUdp(port: number, lines: readonly string[]): Promise<void> {
  const socket = createSocket("udp4");
  return Promise.all(
    lines.map(
      (line) =>
        new Promise<void>((resolve, reject) =>
          socket.send(`<13>${line}`, port, "127.0.0.1", (error) => (error ? reject(error) : resolve())),
        ),
    ),
  ).then(() => void socket.close());
}

async function holds(what: string, look: () => Promise<boolean>, withinMs = 20_000): Promise<void> {
  const until = Date.now() + withinMs;
  while (!(await look())) {
    if (Date.now() > until) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

async function see(firewall: PlainFirewall): Promise<Record<string, string>> {
  if ((await firewall.poll()) === 401) {
    expect(await firewall.logOn()).toBe(200);
    await firewall.poll();
  }
  return Object.fromEntries([...firewall.table].sort());
}

async function bothSee(
  { atAgent, atCloud }: Pick<Lab, "atAgent" | "atCloud">,
  wanted: Record<string, string>,
  withinMs?: number,
): Promise<void> {
  const text = JSON.stringify(Object.fromEntries(Object.entries(wanted).sort()));
  const look = async () =>
    JSON.stringify(await see(atAgent)) === text && JSON.stringify(await see(atCloud)) === text;
  await holds(`both firewalls see ${text}`, look, withinMs).catch(async (error: unknown) => {
    expect({ agent: await see(atAgent), cloud: await see(atCloud) }).toEqual({
      agent: wanted,
      cloud: wanted,
    });
    throw error;
  });
}

describe("an agent of the portal", () => {
  it("tells a firewall at the agent and one at the cloud the same, through a cloud that stops and an agent that is killed", () =>
    withLab(async (lab) => {
      const { agent, atAgent, say } = lab;
      await say("LOGIN user=ana ip=10.20.0.1", "LOGIN user=ben ip=10.20.0.2");
      await bothSee(lab, { "10.20.0.1": "ana", "10.20.0.2": "ben" });

      await gateway.stop();
      await say("LOGIN user=cho ip=10.20.0.3", "LOGOUT user=ana ip=10.20.0.1");
      await holds(
        "the firewall at the agent goes on",
        async () =>
          JSON.stringify(await see(atAgent)) === JSON.stringify({ "10.20.0.2": "ben", "10.20.0.3": "cho" }),
      );
      await holds(
        "the agent says that the portal is away",
        async () => (await agent.status()).portal.state === "unreachable",
      );
      expect(await agent.status()).toMatchObject({ state: "degraded", spool: { pending: 2 } });

      await agent.kill();
      await agent.start();
      await say("LOGIN user=dan ip=10.20.0.4");
      await startGateway();
      await bothSee(lab, { "10.20.0.2": "ben", "10.20.0.3": "cho", "10.20.0.4": "dan" }, 90_000);
      await holds("everything is acknowledged", async () => (await agent.status()).spool.pending === 0);

      const { tenantId } = lab.customer;
      const history = await installation.database.withTenant(
        tenantId,
        ({ tx }) => tx.$queryRaw<{ n: bigint }[]>`SELECT count(*) AS n FROM session_history`,
      );
      expect(Number(history[0]?.n)).toBe(5);
    }));

  it("is level with the cloud again within 15 s, however long the cloud hung with its connections open", () =>
    withLab(async (lab) => {
      const { agent, atAgent, say } = lab;
      const process = await gatewayProcess();
      try {
        await say("LOGIN user=ana ip=10.20.0.1");
        await bothSee(lab, { "10.20.0.1": "ana" });
        process.freeze();
        const frozenAt = Date.now();
        await say("LOGIN user=ben ip=10.20.0.2");
        await holds("the firewall at the agent goes on", async () => "10.20.0.2" in (await see(atAgent)));
        await holds(
          "the agent says that the portal is away",
          async () => (await agent.status()).portal.state === "unreachable",
          30_000,
        );
        // Long enough for its patience to have grown as far as it does.
        await holds("the cloud hung for 45 s", async () => Date.now() - frozenAt > 45_000, 60_000);
        process.thaw();
        await bothSee(lab, { "10.20.0.1": "ana", "10.20.0.2": "ben" }, 15_000);
      } finally {
        await process.end();
      }
    }));

  it("takes up a change of the portal without a restart, refuses one it cannot use, and keeps the last good one over a restart", () =>
    withLab(async (lab) => {
      const { agent, customer, say, agentId } = lab;
      const before = await agent.status();
      const version = await change(customer, (tenantId) =>
        installation.database.withTenant(tenantId, ({ tx }) =>
          tx.filter.create({ data: { tenantId, kind: "principal-exclude", value: "^svc-" } }),
        ),
      );
      await holds(
        "the change is in force",
        async () => (await agent.status()).configuration.version === version,
      );
      await say("LOGIN user=svc-backup ip=10.20.0.9", "LOGIN user=ana ip=10.20.0.1");
      await bothSee(lab, { "10.20.0.1": "ana" });
      expect((await agent.status()).startedAt).toBe(before.startedAt);

      const bad = await change(customer, (tenantId) =>
        installation.database.withTenant(tenantId, ({ tx }) =>
          tx.filter.create({ data: { tenantId, kind: "ip-exclude", value: "somewhere" } }),
        ),
      );
      await holds(
        "the agent says why it refused",
        async () => (await agent.status()).configuration.refused?.version === bad,
      );
      const row = () =>
        installation.database.withTenant(customer.tenantId, ({ tx }) =>
          tx.agent.findUniqueOrThrow({
            where: { tenantId_id: { tenantId: customer.tenantId, id: agentId } },
          }),
        );
      await holds("the portal knows it too", async () => (await row()).refusedConfigVersion === bad);
      expect(await row()).toMatchObject({
        appliedConfigVersion: version,
        refusedReason: expect.stringContaining('"somewhere" is no address'),
      });

      await gateway.stop();
      await agent.kill();
      await agent.start();
      expect((await agent.status()).configuration).toMatchObject({ version, origin: "portal" });
      await say("LOGIN user=svc-other ip=10.20.0.8", "LOGIN user=ben ip=10.20.0.2");
      await holds(
        "the filter still holds",
        async () => (await agent.status()).suppressed && (await agent.status()).people.known === 2,
      );
      await startGateway();
    }));

  it("takes both of two secrets while they rotate, and answers nobody with a revoked one 5 s later, on a connection that stays open", () =>
    withLab(async ({ agent, customer, atAgent }) => {
      const { tenantId, pointId } = customer;
      expect(await atAgent.logOn()).toBe(200);
      const rounds: number[] = [];
      for (let round = 0; round < 10; round += 1) {
        // A chosen one now and then: its verifier is of the other kind, and its tokens end with it all the same.
        const secret = newClientSecret();
        const verifier =
          round % 2 === 0 ? makeSecretVerifier(secret) : await makeChosenSecretVerifier(secret);
        const id = randomUUID();
        await change(customer, () =>
          installation.database.withTenant(tenantId, ({ tx }) =>
            tx.enforcementSecret.create({ data: { tenantId, id, enforcementPointId: pointId, verifier } }),
          ),
        );
        const rotated = new PlainFirewall(agent.ports.firewall, atAgent.caPem, {
          clientId: customer.clientId,
          secret,
        });
        await holds("the new secret is taken", async () => (await rotated.logOn()) === 200);
        expect([await rotated.poll(), await atAgent.poll()]).toEqual([200, 200]);
        await change(customer, () =>
          installation.database.withTenant(tenantId, ({ tx }) =>
            tx.enforcementSecret.update({
              where: { tenantId_id: { tenantId, id } },
              data: { revokedAt: new Date() },
            }),
          ),
        );
        const revokedAt = performance.now();
        await holds("the revoked one is refused", async () => (await rotated.poll()) === 401);
        rounds.push(performance.now() - revokedAt);
        expect([await rotated.logOn(), await atAgent.poll()]).toEqual([401, 200]);
        await rotated.close();
      }
      console.info(`revocation at the agent, 10 rounds: ${rounds.map((ms) => ms.toFixed(0)).join(", ")} ms`);
      expect(Math.max(...rounds)).toBeLessThan(5000);
    }));

  it("answers the portal's questions: tests a source, looks an address up, tails lines", () =>
    withLab(async ({ customer, agentId, say }) => {
      const { tenantId, syslogSourceId } = customer;
      await say("LOGIN user=ana ip=10.20.0.1", "something else");
      const ask = async (command: { readonly kind: string } & Record<string, unknown>) => {
        const { id } = await installation.database.withTenant(tenantId, ({ tx }) =>
          tx.agentCommand.create({
            data: {
              tenantId,
              agentId,
              kind: command.kind,
              command: command as object,
              deadline: new Date(Date.now() + 15_000),
            },
          }),
        );
        await installation.bell.ring(`commands:${tenantId}`);
        const row = () =>
          installation.database.withTenant(tenantId, ({ tx }) =>
            tx.agentCommand.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } }),
          );
        await holds(
          "it is answered",
          async () => !["queued", "sent", "running"].includes((await row()).state),
        );
        return row();
      };
      expect(await ask({ kind: "look-up-address", ip: "10.20.0.1" })).toMatchObject({
        state: "done",
        result: { entry: { user: { name: "ana" } } },
      });
      expect(
        await ask({ kind: "tail", sourceId: syslogSourceId, lines: 10, seconds: 1, unmatchedOnly: true }),
      ).toMatchObject({ state: "done", result: { lines: [{ line: "something else", matched: false }] } });
      expect(
        await ask({ kind: "test-source", sourceKind: "syslog", sourceId: syslogSourceId }),
      ).toMatchObject({
        state: "done",
        result: {
          checks: [
            { name: "listener", ok: true },
            { name: "lines", ok: true },
            { name: "rules", ok: true },
            expect.anything(),
          ],
        },
      });
      expect(await ask({ kind: "format-disk" })).toMatchObject({ state: "refused" });
    }));

  it("hears by the downlink what another agent saw, tells its firewall, and sends nothing of it up again", () =>
    withLab(async (lab) => {
      const { agent, customer, atAgent, atCloud } = lab;
      const other = await StandInAgent.enrol(
        gateway.agentUrl,
        JSON.parse(signed(await installation.onboarding(customer, { agentName: "lon-b" }))).payload,
      );
      await other.open();
      const { epoch, first } = other.take(1);
      const observation = aLogon({
        user: "eve",
        at: Date.now(),
        ip: "10.20.0.7",
        space: customer.addressSpaceId,
        source: customer.syslogSourceId,
        id: `other-${Date.now()}`,
      });
      await other.send({
        v: 1,
        epoch,
        first,
        last: first,
        count: 1,
        tSent: Date.now(),
        items: [{ seq: first, kind: "observation", observation }],
      });
      await bothSee({ atAgent, atCloud }, { "10.20.0.7": "eve" });
      expect((await agent.status()).spool).toMatchObject({ nextSeq: 1 });
      other.close();
    }));

  it("ends, at the agent and in the cloud, the sessions of an account that the portal says is a service account", () =>
    withLab(async (lab) => {
      const { customer, say } = lab;
      await say("LOGIN user=svc-backup ip=10.20.0.1", "LOGIN user=ana ip=10.20.0.2");
      await bothSee(lab, { "10.20.0.1": "svc-backup", "10.20.0.2": "ana" });
      await change(customer, (tenantId) =>
        installation.database.withTenant(tenantId, ({ tx }) =>
          tx.filter.create({
            data: { tenantId, kind: "principal-exclude", value: "^corp\\.example\\\\svc-backup$", note: "" },
          }),
        ),
      );
      await bothSee(lab, { "10.20.0.2": "ana" });
    }));

  it("posts to a firewall that the portal gives it, after a restart too, and stops at once when it is no longer chosen", () =>
    withLab(async ({ agent, customer, agentId, atAgent, say }) => {
      const api = new WebApi({ user: "rollcall", password: "p", clients: ["127.0.0.1"] });
      const server = await listen(api, { host: "127.0.0.1", port: 0, tls: null });
      const held = async (...wanted: string[]) => {
        const told = () => api.table.rows().map(({ ip, user }) => `${ip} ${user}`);
        await holds(`${wanted} are told`, async () => JSON.stringify(told()) === JSON.stringify(wanted));
      };
      try {
        await change(customer, async (tenantId) => {
          const { database } = installation;
          const where = { tenantId_id: { tenantId, id: agentId } };
          const row = await database.withTenant(tenantId, ({ tx }) => tx.agent.findUniqueOrThrow({ where }));
          const ciphertext = await seal("p", { tenantId, agentId, publicKey: row.sealingPublicKey });
          await database.withTenant(tenantId, async ({ tx }) => {
            const { siteId, pointId } = customer;
            const sealed = [{ agentId, ciphertext }];
            const secret = await tx.sealedSecret.create({ data: { tenantId, siteId, name: "push", sealed } });
            await tx.enforcementPoint.update({
              where: { tenantId_id: { tenantId, id: pointId } },
              data: {
                siteId,
                push: { url: server.url, user: "rollcall", maxPostsPerSecond: 50 },
                pushSecretId: secret.id,
              },
            });
          });
        });
        await say("LOGIN user=ana ip=10.20.0.1");
        await held("10.20.0.1 ana");
        await agent.stop();
        await agent.start();
        await say("LOGIN user=ben ip=10.20.0.2");
        await held("10.20.0.1 ana", "10.20.0.2 ben");
        await change(customer, (tenantId) =>
          installation.database.withTenant(tenantId, ({ tx }) =>
            tx.sealedSecret.updateMany({ where: { name: "push" }, data: { sealed: [] } }),
          ),
        );
        await holds("it posts no more", async () => (await agent.status()).pushes.length === 0);
        const before = api.posts.length;
        await say("LOGOUT user=ana ip=10.20.0.1");
        await holds("ana has left", async () => !("10.20.0.1" in (await see(atAgent))));
        expect(api.posts.length).toBe(before);
      } finally {
        await server.close();
      }
    }));

  it("says how it is: health, firewalls that asked, unknown senders", () =>
    withLab(async ({ customer, agentId, atAgent, say }) => {
      await say("LOGIN user=ana ip=10.20.0.1");
      await see(atAgent);
      const { tenantId, pointId } = customer;
      const health = async () => {
        const row = await installation.database.withTenant(tenantId, ({ tx }) =>
          tx.agent.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id: agentId } } }),
        );
        return row.health as {
          sessions: number;
          firewalls: { enforcementPointId: string; batches: number; told: { user: string }[] }[];
        } | null;
      };
      await holds("the report names the firewall and what it was told", async () => {
        const contact = (await health())?.firewalls.find((one) => one.enforcementPointId === pointId);
        await see(atAgent);
        return contact?.told[0]?.user === "ana";
      });
      expect(await health()).toMatchObject({
        sessions: 1,
        listeners: [{ state: "ok" }, { state: "ok" }, { state: "ok" }],
        store: { state: "ok" },
      });
    }));

  it("is told that it was revoked, says so, and goes on answering its site", () =>
    withLab(async ({ agent, customer, agentId, atAgent, say }) => {
      await say("LOGIN user=ana ip=10.20.0.1");
      await holds("it is answered", async () => (await see(atAgent))["10.20.0.1"] === "ana");
      const { tenantId } = customer;
      await installation.database.withTenant(tenantId, ({ tx }) =>
        tx.agent.update({ where: { tenantId_id: { tenantId, id: agentId } }, data: { state: "revoked" } }),
      );
      await holds(
        "the agent says that it is refused",
        async () => (await agent.status()).portal.state === "refused",
      );
      expect((await agent.status()).portal.sentence).toContain("revoked");
      expect(await see(atAgent)).toEqual({ "10.20.0.1": "ana" });
    }));
});
