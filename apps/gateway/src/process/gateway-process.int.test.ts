import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Secret } from "@rollcall/config";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StandInAgent, startInstallation, type TestInstallation } from "../testing/index.ts";

let site: TestInstallation;
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
});
