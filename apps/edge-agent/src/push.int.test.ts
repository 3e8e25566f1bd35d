import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { createAuthority, issueServerCertificate } from "@rollcall/pki";
import { withTempDir } from "@rollcall/testkit";
import { type Listening, listen } from "@rollcall/webapi-server/listen";
import { WebApi } from "@rollcall/webapi-server/web-api";
import { checkWithXmllint, hasXmllint } from "@rollcall/webapi-server/xmllint";
import { request } from "undici";
import { describe, expect, it } from "vitest";
import { AgentProcess, freePorts, writeSite } from "./testing/agent-process.ts";
import { runAgent } from "./testing/cli-lab.ts";

const PASSWORD = "only-the-firewall-knows";

interface Lab {
  readonly agent: AgentProcess;
  readonly api: WebApi;
  readonly server: Listening;
  held(): string[];
  say(...lines: string[]): Promise<void>;
}

/** A real agent, and a strict Web API behind TLS whose posts xmllint reads too. */
function withAgent(work: (lab: Lab) => Promise<void>): Promise<void> {
  return withTempDir(async (folder) => {
    const now = Date.now();
    const authority = await createAuthority({ commonName: "Firewall CA", kind: "p256", now });
    const tls = await issueServerCertificate({ authority, kind: "p256", names: ["127.0.0.1"], now });
    const api = new WebApi({
      user: "rollcall",
      password: PASSWORD,
      clients: ["127.0.0.1"],
      ...(hasXmllint() ? { alsoCheck: checkWithXmllint } : {}),
    });
    const server = await listen(api, { host: "127.0.0.1", port: 0, tls });
    writeFileSync(path.join(folder, "push-password"), PASSWORD, { mode: 0o600 });
    const site = writeSite(
      folder,
      `  - id: pushed
    name: Branch-FW
    clientId: branch-fw
    verifiers: []
    addressSpaceIds: [main]
    excludeIp: [10.9.0.0/16]
    push:
      url: ${server.url}
      user: rollcall
      password: { file: push-password }
      caPem: ${JSON.stringify(authority.certPem)}
`,
    );
    const agent = new AgentProcess(path.join(folder, "state"), await freePorts(), ["--config", site.file]);
    await agent.start();
    const socket = createSocket("udp4");
    try {
      await work({
        agent,
        api,
        server,
        held: () => api.table.rows().map(({ ip, domain, user }) => `${ip} ${domain}\\${user}`),
        async say(...lines) {
          for (const line of lines)
            await new Promise<void>((resolve, reject) =>
              socket.send(line, agent.ports.syslog, "127.0.0.1", (error) =>
                error ? reject(error) : resolve(),
              ),
            );
        },
      });
      expect(agent.log + agent.out).not.toContain(PASSWORD);
      expect(api.posts.filter(({ status }) => status === 400)).toEqual([]);
    } finally {
      socket.close();
      await agent.stop();
      await server.close();
    }
  });
}

const until = (look: () => unknown) => expect.poll(look, { timeout: 10_000, interval: 20 });

describe("an agent with a firewall that is posted to", () => {
  it("tells it over checked TLS of logons and logoffs, goes on after a kill, and says so to a person and to metrics", () =>
    withAgent(async ({ agent, api, held, say }) => {
      await say(
        "<13>LOGIN user=Ana ip=10.1.2.3",
        "<13>LOGIN user=ben ip=10.1.2.4",
        "<13>LOGIN user=cho ip=10.9.0.1",
      );
      await until(held).toEqual(["10.1.2.3 corp.example\\ana", "10.1.2.4 corp.example\\ben"]);
      await until(async () => (await agent.status()).pushes).toMatchObject([
        { enforcementPointId: "pushed", name: "Branch-FW", state: "ok", entries: 2, failures: 0 },
      ]);
      await agent.kill();
      await agent.start();
      const before = api.posts.length;
      await say("<13>LOGOUT user=Ana ip=10.1.2.3");
      await until(held).toEqual(["10.1.2.4 corp.example\\ben"]);
      expect(api.posts.slice(before).map(({ ips }) => ips)).toEqual([["10.1.2.3"]]);
      const to = ["--status-listen", `127.0.0.1:${agent.ports.status}`];
      const status = await runAgent(["status", ...to]);
      expect(status.out).toMatch(/Branch-FW +ok +posted \d+ s ago; The firewall is told of every change\./);
      const metrics = await request(`http://127.0.0.1:${agent.ports.status}/metrics`);
      expect(await metrics.body.text()).toMatch(/push_up\{enforcement_point="pushed"\} 1/);
      const config = await runAgent(["--state-dir", agent.stateDir, "config", "show", ...to]);
      expect(config.out).not.toContain("push-password");
    }));

  it("says what is wrong while the password is refused or nobody listens, and catches up", () =>
    withAgent(async ({ agent, api, held, say, server }) => {
      api.mode = { kind: "busy", retryAfterSeconds: 1 };
      await say("<13>LOGIN user=ana ip=10.1.2.3");
      await until(async () => (await agent.status()).pushes[0]?.state).toBe("waiting");
      api.mode = { kind: "ok" };
      await until(held).toEqual(["10.1.2.3 corp.example\\ana"]);
      api.mode = { kind: "unauthorized" };
      await say("<13>LOGIN user=ben ip=10.1.2.4");
      await until(async () => {
        const { state, sentence, next } = await agent.status();
        return [state, sentence, next];
      }).toEqual([
        "degraded",
        "Branch-FW takes no posts",
        expect.stringContaining("refuses the Web API user or its password"),
      ]);
      expect(server.connections()).toBe(1);
    }));
});
