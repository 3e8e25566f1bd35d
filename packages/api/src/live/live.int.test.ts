import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Principal } from "../context.ts";
import {
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "../testing/installation.ts";
import { liveTicks } from "./live-ticks.ts";

let installation: TestInstallation;
let practice: TestPractice;
let tenantId = "";
let otherId = "";

beforeAll(async () => {
  installation = await createInstallation();
  practice = await installation.aPractice();
  await practice.api.customers.add({ name: "Meridian" });
  await practice.api.customers.add({ name: "Orchard" });
  tenantId = await tenantIdOf(installation, practice.id, "meridian");
  otherId = await tenantIdOf(installation, practice.id, "orchard");
});
afterAll(() => installation?.close());

/** The stream with a real clock: it sleeps by timers. */
function listen(
  options: { readonly isResumed?: boolean; readonly recheck?: () => Promise<Principal | null> } = {},
) {
  const stop = new AbortController();
  const ticks = liveTicks(
    {
      services: { ...installation.services, now: Date.now },
      principal: practice.owner,
      requestId: "r",
      sourceIp: null,
      tenants: new Map(),
      recheck: options.recheck ?? (async () => practice.owner),
    },
    new Map([[tenantId, "meridian"]]),
    { signal: stop.signal, isResumed: options.isResumed ?? false },
  );
  return { ticks, stop };
}

describe("live changes", () => {
  it("tell what rang for the customer, and nothing of another", async () => {
    const { ticks, stop } = listen();
    const first = ticks.next();
    installation.bell.ring(`feed:${otherId}`);
    installation.bell.ring(`feed:${tenantId}`);
    expect((await first).value).toMatchObject({ tick: { topic: "feed", customer: "meridian" } });
    stop.abort();
    expect((await ticks.next()).done).toBe(true);
  });

  it("come at most twice a second of one topic, and the last ring is never swallowed", async () => {
    const { ticks, stop } = listen();
    const first = ticks.next();
    installation.bell.ring(`feed:${tenantId}`);
    await first;
    const began = Date.now();
    for (let i = 0; i < 50; i += 1) installation.bell.ring(`feed:${tenantId}`);
    await ticks.next();
    expect(Date.now() - began).toBeGreaterThanOrEqual(450);
    const third = ticks.next();
    const winner = await Promise.race([
      third,
      new Promise((resolve) => setTimeout(() => resolve("silence"), 700)),
    ]);
    expect(winner).toBe("silence");
    stop.abort();
    await third;
  });

  it("begin with a tick after a break: what rang meanwhile was not heard", async () => {
    const { ticks, stop } = listen({ isResumed: true });
    expect((await ticks.next()).value).toMatchObject({ tick: { topic: "portal", customer: "meridian" } });
    stop.abort();
  });

  it("tick for all when the bell's own line was down", async () => {
    const { ticks, stop } = listen();
    const first = ticks.next();
    installation.bell.ring("feed:");
    expect((await first).value).toMatchObject({ tick: { topic: "feed", customer: "meridian" } });
    stop.abort();
  });

  it("end within five seconds of the sign-in, or of the grant", async () => {
    const began = Date.now();
    const ended = await Promise.all([
      listen({ recheck: async () => null }).ticks.next(),
      listen({
        recheck: async () => ({ ...practice.owner, grants: [{ role: "owner", customerId: otherId }] }),
      }).ticks.next(),
    ]);
    expect(ended.map((step) => step.done)).toEqual([true, true]);
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  it("leave no listener behind", async () => {
    const { ticks, stop } = listen();
    const first = ticks.next();
    installation.bell.ring(`portal:${tenantId}`);
    await first;
    await ticks.return(undefined);
    stop.abort();
    installation.bell.ring(`portal:${tenantId}`);
    expect((await ticks.next()).done).toBe(true);
  });
});
