import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import path from "node:path";
import { makeSecretVerifier, newClientSecret } from "@rollcall/pki";
import { withTempDir } from "@rollcall/testkit";
import { request } from "undici";
import { describe, expect, it } from "vitest";
import {
  AgentProcess,
  freePorts,
  PlainFirewall,
  type SyslogSite,
  writeSite,
} from "./testing/agent-process.ts";
import { runAgent } from "./testing/cli-lab.ts";
import { canMount, withSmallDisk } from "./testing/small-disk.ts";
import { eventually } from "./testing/uplink-lab.ts";

interface Lab {
  readonly agent: AgentProcess;
  readonly site: SyslogSite;
  readonly firewall: PlainFirewall;
}

async function withAgent(
  folder: string,
  work: (lab: Lab) => Promise<void>,
  more: readonly string[] = [],
  moreOfSite = "",
): Promise<void> {
  const site = writeSite(folder, moreOfSite);
  const agent = new AgentProcess(path.join(folder, "state"), await freePorts(), [
    "--config",
    site.file,
    ...more,
  ]);
  await agent.start();
  const firewall = new PlainFirewall(
    agent.ports.firewall,
    readFileSync(path.join(folder, "state", "own-authority.pem"), "utf8"),
    site,
  );
  try {
    await work({ agent, site, firewall });
  } finally {
    await firewall.close();
    await agent.stop();
  }
}

function sendUdp(port: number, ...lines: string[]): Promise<void> {
  const socket = createSocket("udp4");
  return new Promise((resolve, reject) => {
    let left = lines.length;
    for (const line of lines)
      socket.send(line, port, "127.0.0.1", (error) => {
        if (error) reject(error);
        left -= 1;
        if (left === 0) socket.close(() => resolve());
      });
  });
}

/** Polls until the firewall's table holds what is wanted. */
async function told(firewall: PlainFirewall, wanted: Readonly<Record<string, string>>): Promise<void> {
  const text = JSON.stringify(Object.entries(wanted).sort());
  const until = Date.now() + 5000;
  for (;;) {
    expect(await firewall.poll()).toBe(200);
    if (JSON.stringify([...firewall.table].sort()) === text) return;
    if (Date.now() > until) expect(Object.fromEntries(firewall.table)).toEqual(wanted);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("an agent by itself", () => {
  it("tells a firewall over verified HTTPS who logged on by UDP syslog, and of the logoff, and says the same to a person", () =>
    withTempDir((folder) =>
      withAgent(folder, async ({ agent, site, firewall }) => {
        expect(await firewall.poll()).toBe(401);
        expect(await firewall.logOn("wrong")).toBe(401);
        expect(await firewall.logOn()).toBe(200);
        await sendUdp(
          agent.ports.syslog,
          "<13>LOGIN user=ana ip=10.1.2.3",
          "<13>LOGIN user=ben ip=10.1.2.4",
          "<13>nothing of interest",
        );
        await told(firewall, { "10.1.2.3": "ana", "10.1.2.4": "ben" });
        await sendUdp(agent.ports.syslog, "<13>LOGOUT user=ana ip=10.1.2.3");
        await told(firewall, { "10.1.2.4": "ben" });

        const to = ["--status-listen", `127.0.0.1:${agent.ports.status}`];
        const who = await runAgent(["--state-dir", agent.stateDir, "who", "10.1.2.4", ...to]);
        expect([who.code, who.out]).toEqual([0, expect.stringContaining("corp.example\\ben")]);
        const status = await runAgent(["status", "-o", "json", ...to]);
        expect(JSON.parse(status.out)).toMatchObject({
          schema: "rollcall.status/v1",
          enrolment: { state: "alone" },
          portal: { state: "off" },
          people: { known: 1 },
          sources: [{ id: "vpn", counters: { received: 4, matched: 3 } }],
          firewalls: [{ name: "HQ-FW1", refused: 1 }],
          spool: { pending: 0 },
        });
        expect(status.out).not.toContain("10.1.2.4");
        expect(site.secret.length).toBe(43);
        expect(agent.log + agent.out).not.toContain(site.secret);
      }),
    ));

  it("says of a firewall that is being learnt, and of no other, what that has come to", () =>
    withTempDir(async (folder) => {
      const secret = newClientSecret();
      const learnt = `  - { id: fw2, name: HQ-FW2, clientId: hq-fw2, learn: true, addressSpaceIds: [main], verifiers: ["${makeSecretVerifier(secret)}"] }\n`;
      await withAgent(
        folder,
        async ({ agent, firewall }) => {
          const other = new PlainFirewall(agent.ports.firewall, firewall.caPem, {
            clientId: "hq-fw2",
            secret,
          });
          for (const one of [firewall, other]) {
            expect(await one.logOn()).toBe(200);
            expect(await one.poll()).toBe(200);
          }
          await other.close();
          const to = ["--status-listen", `127.0.0.1:${agent.ports.status}`];
          const { out } = await runAgent(["status", ...to]);
          expect(out).toMatch(/^ {2}learning {4}HQ-FW2 +trying +Trying profile "json-superset"/m);
          expect((await agent.status()).learning).toMatchObject([{ enforcementPointId: "fw2" }]);
        },
        [],
        learnt,
      );
    }));

  it("answers on its status address to this machine's own names only, and names people only to who holds the token", () =>
    withTempDir((folder) =>
      withAgent(folder, async ({ agent }) => {
        const base = `http://127.0.0.1:${agent.ports.status}`;
        const ask = async (pathname: string, headers: Record<string, string> = {}) => {
          const reply = await request(base + pathname, { headers });
          return [reply.statusCode, await reply.body.text()] as const;
        };
        expect(await ask("/healthz")).toEqual([200, "ok\n"]);
        expect(await ask("/readyz")).toEqual([200, "ready\n"]);
        expect((await ask("/status", { host: "evil.example" }))[0]).toBe(421);
        expect((await ask("/status", { host: "127.0.0.1.evil.example" }))[0]).toBe(421);
        expect((await ask("/status", { host: `localhost:${agent.ports.status}` }))[0]).toBe(200);
        expect((await ask("/status", { origin: "https://evil.example" }))[0]).toBe(403);
        expect((await ask("/who?q=10.1.2.3"))[0]).toBe(401);
        expect((await ask("/who?q=10.1.2.3", { authorization: "Bearer guess" }))[0]).toBe(401);
        expect((await ask("/etc"))[0]).toBe(404);
        expect((await ask("/config"))[0]).toBe(401);
        const shown = await runAgent([
          "--state-dir",
          agent.stateDir,
          "config",
          "show",
          "--status-listen",
          `127.0.0.1:${agent.ports.status}`,
        ]);
        expect(shown.out).toContain("what the running agent does (directories: file, credentials: file");
        expect(shown.out).toContain("secrets: 1");
        expect(shown.out).not.toContain("s1$");
        const [, metrics] = await ask("/metrics");
        expect(metrics).toMatch(/^collector_records_received_total\{source="vpn",kind="syslog"\} 0$/m);
        expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/m);
      }),
    ));

  it("goes on with its sessions, its cursors and its certificate after a restart, without telling a firewall anything twice", () =>
    withTempDir((folder) =>
      withAgent(folder, async ({ agent, firewall }) => {
        await firewall.logOn();
        await sendUdp(agent.ports.syslog, "<13>LOGIN user=ana ip=10.1.2.3");
        await told(firewall, { "10.1.2.3": "ana" });
        expect(await agent.stop()).toBe(0);
        await agent.start();
        expect(await firewall.poll()).toBe(401);
        expect(await firewall.logOn()).toBe(200);
        firewall.table.clear();
        await firewall.poll();
        expect(firewall.table.size).toBe(0);
        expect((await agent.status()).people.known).toBe(1);
      }),
    ));

  it("stops within its budget while a sender and a firewall hold connections open", () =>
    withTempDir((folder) =>
      withAgent(folder, async ({ agent, firewall }) => {
        await firewall.logOn();
        const sender = connect(agent.ports.syslog, "127.0.0.1");
        await once(sender, "connect");
        sender.on("error", () => undefined);
        sender.write("<13>LOGIN user=ana ip=10.1.2.3\n");
        await told(firewall, { "10.1.2.3": "ana" });
        const startedAt = Date.now();
        expect(await agent.stop()).toBe(0);
        expect(Date.now() - startedAt).toBeLessThan(10_000);
      }),
    ));

  it("goes on when whoever read its log has gone", () =>
    withTempDir((folder) =>
      withAgent(
        folder,
        async ({ agent, firewall }) => {
          agent.closeOutput();
          await firewall.logOn();
          await sendUdp(agent.ports.syslog, "<13>LOGIN user=ana ip=10.1.2.3");
          await told(firewall, { "10.1.2.3": "ana" });
          // Wrong secrets are logged: the pipe is written to, and broken.
          for (let n = 0; n < 3; n += 1) await firewall.logOn("wrong");
          expect((await agent.status()).people.known).toBe(1);
        },
        ["--log-level", "trace"],
      ),
    ));

  it("says who has a port that it needs", () =>
    withTempDir(async (folder) => {
      const holder = createServer().listen(0, "127.0.0.1");
      await once(holder, "listening");
      const address = holder.address();
      const taken = typeof address === "object" && address !== null ? address.port : 0;
      const site = writeSite(folder);
      const run = (flag: string) =>
        runAgent([
          "--state-dir",
          path.join(folder, "state"),
          "run",
          "--config",
          site.file,
          "--firewall-listen",
          "127.0.0.1:0",
          "--syslog-listen",
          "127.0.0.1:0",
          "--status-listen",
          "127.0.0.1:0",
          flag,
          `127.0.0.1:${taken}`,
        ]);
      for (const flag of ["--firewall-listen", "--syslog-listen", "--status-listen"]) {
        const { code, err } = await run(flag);
        expect([flag, code]).toEqual([flag, 1]);
        expect(err).toMatch(
          new RegExp(`127\\.0\\.0\\.1:${taken} \\(tcp\\) for .+ is taken by .+ \\(pid ${process.pid}\\)\\.`),
        );
        expect(err).toContain(`choose another with ${flag} host:port`);
      }
      holder.close();
    }));

  it("does not run twice on one state folder", () =>
    withTempDir((folder) =>
      withAgent(folder, async ({ agent, site }) => {
        const { code, err } = await runAgent(["--state-dir", agent.stateDir, "run", "--config", site.file]);
        expect([code, err]).toEqual([
          1,
          expect.stringContaining("Another rollcall-agent runs with the state folder"),
        ]);
      }),
    ));

  it.skipIf(!canMount)(
    "takes nothing more while its disk is full, answers firewalls, says so, and goes on by itself with nothing lost",
    () =>
      withSmallDisk(12, ({ folder, fill, free }) =>
        withAgent(folder, async ({ agent, firewall }) => {
          await firewall.logOn();
          await sendUdp(agent.ports.syslog, "<13>LOGIN user=ana ip=10.1.2.3");
          await told(firewall, { "10.1.2.3": "ana" });
          fill();
          const sender = connect(agent.ports.syslog, "127.0.0.1");
          await once(sender, "connect");
          const count = 3000;
          for (let n = 0; n < count; n += 1)
            sender.write(`<13>LOGIN user=u${n} ip=10.2.${n >> 8}.${n & 255}\n`);

          await eventually(
            "the store is full",
            () => agent.log.includes("store cannot be written; sources wait"),
            20_000,
          );
          const full = await agent.status();
          expect(full).toMatchObject({
            state: "broken",
            store: { state: "full", sentence: expect.stringContaining("No room is left") },
          });
          const shown = await runAgent([
            "--state-dir",
            agent.stateDir,
            "status",
            "--status-listen",
            `127.0.0.1:${agent.ports.status}`,
          ]);
          expect([shown.code, shown.out]).toEqual([4, expect.stringContaining("FULL")]);
          firewall.table.clear();
          expect(await firewall.logOn()).toBe(200);
          expect(await firewall.poll()).toBe(200);

          free();
          await eventually(
            "the store takes writes again",
            () => agent.log.includes("store takes writes again"),
            30_000,
          );
          const until = Date.now() + 20_000;
          while (firewall.table.size < count && Date.now() < until) {
            await firewall.poll();
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
          expect(firewall.table.size).toBe(count);
          expect((await agent.status()).store.state).toBe("ok");
          sender.destroy();
        }),
      ),
  );
});
