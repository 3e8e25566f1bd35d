import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { stringify } from "node:querystring";
import { freePort, withTempDir } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { encodeProxyHeader } from "./firewall/legacy/proxy-header.ts";
import { AgentProcess, freePorts, type SyslogSite, writeSite } from "./testing/agent-process.ts";

const DAY_MS = 86_400_000;

interface Lab {
  readonly agent: AgentProcess;
  readonly site: SyslogSite;
  readonly port: number;
}

async function withAgent(
  legacy: { readonly until: number; readonly sources: readonly string[] } | null,
  work: (lab: Lab) => Promise<void>,
  more: readonly string[] = [],
): Promise<void> {
  await withTempDir(async (folder) => {
    const port = await freePort();
    const site = writeSite(
      folder,
      legacy === null
        ? ""
        : `firewallListener: { legacy: { until: ${legacy.until}, port: ${port}, sources: [${legacy.sources.join(", ")}] } }\n`,
    );
    const agent = new AgentProcess(path.join(folder, "state"), await freePorts(), [
      "--config",
      site.file,
      ...more,
    ]);
    await agent.start();
    try {
      await work({ agent, site, port });
    } finally {
      await agent.stop();
    }
  });
}

async function listenerIs(agent: AgentProcess, state: string): Promise<string> {
  let found: { state: string; sentence: string } | undefined;
  const until = Date.now() + 20_000;
  for (;;) {
    found = (await agent.status()).listeners.find(({ name }) => name === "legacy firewalls");
    if (found?.state === state) return found.sentence;
    if (Date.now() > until) throw new Error(`the legacy listener is ${JSON.stringify(found)}, not ${state}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** A firewall of the oldest kind: one HTTP request over TLS 1.0, from one of this machine's addresses. */
async function ask(port: number, from: string, request: string, version = "-tls1"): Promise<string> {
  const client = spawn(
    "openssl",
    [
      "s_client",
      "-quiet",
      version,
      "-cipher",
      "ALL:@SECLEVEL=0",
      "-bind",
      `${from}:0`,
      "-connect",
      `127.0.0.1:${port}`,
    ],
    { stdio: ["pipe", "pipe", "ignore"] },
  );
  let said = "";
  client.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString("latin1");
  });
  client.stdin.on("error", () => undefined);
  client.stdin.write(request);
  await once(client, "close");
  return said;
}

function tokenRequest({ clientId, secret }: SyslogSite): string {
  const body = stringify({ grant_type: "client_credentials", client_id: clientId, client_secret: secret });
  return `POST /oauth_token/oauth HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

const poll = (token: string) =>
  `GET /user_query/v2/users/endpoints?begintime=0&entry_count=200 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`;

const tokenIn = (answer: string) => /"access_token":"([^"]+)"/.exec(answer)?.[1] ?? "";

describe("the legacy listener", () => {
  it("is not there unless the configuration asks for it", () =>
    withAgent(null, async ({ agent, site, port }) => {
      expect((await agent.status()).listeners.map(({ name }) => name)).not.toContain("legacy firewalls");
      expect(await ask(port, "127.0.0.1", tokenRequest(site))).toBe("");
      expect(await ask(agent.ports.firewall, "127.0.0.1", tokenRequest(site))).toBe("");
    }));

  it("answers a listed firewall over TLS 1.0 as the agent itself would, by its real address, and the agent says that it is weak", () =>
    withAgent(
      { until: Date.now() + 30 * DAY_MS, sources: ["127.0.0.1", "127.0.0.2"] },
      async ({ agent, site, port }) => {
        expect(await listenerIs(agent, "degraded")).toMatch(
          new RegExp(
            `TLS 1\\.0 and 1\\.1 are answered at 127\\.0\\.0\\.1:${port} for 127\\.0\\.0\\.1, 127\\.0\\.0\\.2`,
          ),
        );
        const status = await agent.status();
        expect([status.state, status.sentence]).toEqual([
          "degraded",
          "the legacy listener is on: TLS 1.0 is answered",
        ]);

        const token = tokenIn(await ask(port, "127.0.0.2", tokenRequest(site)));
        expect(token).toMatch(/^[0-9a-f-]{36}$/);
        expect((await agent.status()).firewalls[0]).toMatchObject({
          lastSourceAddress: "127.0.0.2",
          tls: expect.stringMatching(/^TLSv1 ECDHE-RSA-AES128-SHA/),
        });
        expect(await ask(port, "127.0.0.2", poll(token))).toMatch(/^HTTP\/1\.1 200 OK/);
        expect(await ask(port, "127.0.0.2", poll(token), "-tls1_1")).toMatch(/^HTTP\/1\.1 200 OK/);
        // The token belongs to the address it was issued to, and the listener does not hide that.
        expect(await ask(port, "127.0.0.1", poll(token))).toMatch(/^HTTP\/1\.1 401 /);
        expect(await ask(port, "127.0.0.2", tokenRequest({ ...site, secret: "wrong" }))).toMatch(/ 401 /);
        // The agent's own listener still speaks nothing older than TLS 1.2.
        expect(await ask(agent.ports.firewall, "127.0.0.2", poll(token))).toBe("");
        expect(await ask(agent.ports.firewall, "127.0.0.2", poll(token), "-tls1_2")).toMatch(/ 200 OK/);
      },
    ));

  it("closes everybody else before a handshake, and says so", () =>
    withAgent({ until: Date.now() + DAY_MS, sources: ["127.0.0.2"] }, async ({ agent, site, port }) => {
      await listenerIs(agent, "degraded");
      expect(await ask(port, "127.0.0.3", tokenRequest(site))).toBe("");
      await agent.logged(/closed a connection of an address that is not on its list/);
      expect((await agent.status()).firewalls[0]?.refused).toBe(0);
    }));

  it("takes only what its own listener hands over: nobody else's word counts for an address", () =>
    withAgent({ until: Date.now() + DAY_MS, sources: ["127.0.0.1"] }, async ({ agent, site, port }) => {
      await listenerIs(agent, "degraded");
      // A header in front of the request is no header: within TLS it is only a malformed request.
      const forged = Buffer.from("0d0a0d0a000d0a515549540a2111000c0a0000010a00000200010002", "hex");
      const answer = await ask(port, "127.0.0.1", `${forged.toString("latin1")}${tokenRequest(site)}`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);

      // And whoever reaches the socket between the two, without knowing the token of this start, is closed.
      const socketFile = path.join(agent.stateDir, "legacy.sock");
      expect([statSync(socketFile).mode & 0o777, statSync(agent.stateDir).mode & 0o777]).toEqual([
        0o600, 0o700,
      ]);
      const header = encodeProxyHeader(
        { address: "10.0.0.1", port: 1, transport: "TLSv1 x y" },
        randomBytes(32),
      );
      const intruder = connect(socketFile);
      intruder.write(Buffer.concat([header, Buffer.from(tokenRequest(site))]));
      let heard = 0;
      intruder.on("data", (chunk) => {
        heard += chunk.length;
      });
      intruder.on("error", () => undefined);
      await once(intruder, "close");
      expect(heard).toBe(0);
      expect((await agent.status()).firewalls[0]?.lastSourceAddress).not.toBe("10.0.0.1");
    }));

  it("switches itself off when its time is over, without anybody doing anything", () =>
    withAgent({ until: Date.now() + 12_000, sources: ["127.0.0.1"] }, async ({ agent, site, port }) => {
      await listenerIs(agent, "degraded");
      expect(await listenerIs(agent, "off")).toMatch(/switched itself off/);
      expect(await ask(port, "127.0.0.1", tokenRequest(site))).toBe("");
      expect((await agent.status()).state).not.toBe("degraded");
    }));

  it("is not started for longer than 90 days, nor where the machine's own settings forbid it", async () => {
    const far = { until: Date.now() + 91 * DAY_MS, sources: ["127.0.0.1"] };
    await withAgent(far, async ({ agent }) => {
      expect(await listenerIs(agent, "broken")).toMatch(/more than 90 days ahead/);
    });
    const near = { until: Date.now() + DAY_MS, sources: ["127.0.0.1"] };
    await withAgent(
      near,
      async ({ agent, site, port }) => {
        expect(await listenerIs(agent, "broken")).toMatch(/--legacy-listen off forbids it/);
        expect(await ask(port, "127.0.0.1", tokenRequest(site))).toBe("");
      },
      ["--legacy-listen", "off"],
    );
  });

  it("comes back when its process is killed, and goes with the agent when that is", () =>
    withAgent({ until: Date.now() + DAY_MS, sources: ["127.0.0.1"] }, async ({ agent, site, port }) => {
      await listenerIs(agent, "degraded");
      const [first] = childrenOf(agent.pid ?? 0);
      process.kill(first ?? 0, "SIGKILL");
      await listenerIs(agent, "broken");
      await listenerIs(agent, "degraded");
      expect(tokenIn(await ask(port, "127.0.0.1", tokenRequest(site)))).not.toBe("");
      const [second] = childrenOf(agent.pid ?? 0);
      await agent.kill();
      await expect.poll(() => existsSync(`/proc/${second}/exe`), { timeout: 10_000 }).toBe(false);
      await agent.start();
    }));
});

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);
}
