import { spawn } from "node:child_process";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Secret } from "@rollcall/config";
import { freePort } from "@rollcall/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StandInAgent, startInstallation, type TestInstallation } from "../testing/index.ts";

let site: TestInstallation;

/** The gateway as an operator starts it. */
function startProcess(environment: Record<string, string>) {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "../main.ts")], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, exited, said: () => said };
}
beforeAll(async () => {
  site = await startInstallation();
});
afterAll(() => site?.stop());

describe("the gateway", () => {
  it("says that it lives and that it is ready, and nothing else", async () => {
    const gateway = await site.gateway();
    const health = await fetch(`${gateway.statusUrl}/healthz`);
    const ready = await fetch(`${gateway.statusUrl}/readyz`);
    expect([health.status, ready.status, (await fetch(`${gateway.statusUrl}/`)).status]).toEqual([
      200, 200, 404,
    ]);
    gateway.gateway.beginStop();
    const stopping = await fetch(`${gateway.statusUrl}/readyz`);
    expect([stopping.status, await stopping.json()]).toEqual([
      503,
      { status: "not-ready", reason: "stopping" },
    ]);
    await gateway.stop();
  });

  it("stops within ten seconds while agents wait, and ends their waits without a fault", async () => {
    const gateway = await site.gateway();
    const customer = await site.customer();
    const agent = await StandInAgent.enrol(gateway.agentUrl, await site.onboarding(customer));
    const version = (await agent.client.get("/v1/config")).body?.version;
    const waits = [
      agent.client.get(`/v1/config?have=${version}&wait=60`),
      agent.client.get("/v1/commands?wait=60"),
      agent.client.get("/v1/downlink?after=0&wait=60"),
    ];
    await sleep(200);
    const startedAt = performance.now();
    await gateway.stop();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect((await Promise.all(waits)).map((answer) => answer.status)).toEqual([204, 204, 204]);
    agent.close();
  });

  it("stops cleanly when it could not start: the port is taken, and the sentence names who has it", async () => {
    const first = await site.gateway();
    const port = Number(new URL(first.agentUrl).port);
    await first.stop();
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(port, "127.0.0.1", resolve));
    await expect(site.gateway({ agentListen: { host: "127.0.0.1", port } })).rejects.toThrow(
      new RegExp(`listen for agents on 127.0.0.1:${port}: the port is taken by .*pid ${process.pid}`),
    );
    await new Promise((resolve) => holder.close(resolve));
  });

  it("says in one sentence that PostgreSQL does not answer, where, and not with which password", async () => {
    const databaseUrl = new Secret("postgresql://rollcall_app:hunter2@127.0.0.1:1/rollcall");
    const start = site.gateway({ databaseUrl });
    await expect(start).rejects.toThrow(/reach PostgreSQL at 127\.0\.0\.1:1\/rollcall: .*mend DATABASE_URL/);
    await expect(start).rejects.not.toThrow("hunter2");
  });

  it("as a process says when it is ready, and ends with 0 within ten seconds of SIGTERM", async () => {
    const statusPort = await freePort();
    const gateway = startProcess({
      DATABASE_URL: site.testDatabase.appUrl,
      ROLLCALL_KEYS_DIR: site.keys.folder,
      ROLLCALL_GATEWAY_AGENT_LISTEN: "127.0.0.1:0",
      ROLLCALL_GATEWAY_FIREWALL_LISTEN: "127.0.0.1:0",
      ROLLCALL_GATEWAY_STATUS_LISTEN: `127.0.0.1:${statusPort}`,
    });
    const ready = () =>
      fetch(`http://127.0.0.1:${statusPort}/readyz`).then(
        (answer) => answer.status,
        () => 0,
      );
    await expect.poll(ready, { timeout: 30_000, interval: 100 }).toBe(200);
    const startedAt = performance.now();
    gateway.child.kill("SIGTERM");
    expect(await gateway.exited).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    const lines = gateway
      .said()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { msg: string });
    expect(lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(["agents may connect", "firewalls may ask", "gateway ready", "gateway stopped"]),
    );
    expect(gateway.said()).not.toMatch(/\[withheld\]|PRIVATE KEY|ExperimentalWarning/);
  });

  it("as a process ends with 2 and every fault of its configuration when there is any", async () => {
    const gateway = startProcess({ ROLLCALL_GATEWAYS: "none" });
    expect(await gateway.exited).toBe(2);
    for (const name of ["DATABASE_URL", "ROLLCALL_KEYS_DIR", "ROLLCALL_GATEWAYS"])
      expect(gateway.said()).toContain(name);
    expect(gateway.said()).not.toContain("    at ");
  });
});
