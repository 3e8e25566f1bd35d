import { healthReport } from "@rollcall/agent-protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../supervisor/clock.ts";
import { type FakeGateway, startFakeGateway } from "../testing/fake-gateway.ts";
import { aLink, anIdentity, during, eventually } from "../testing/uplink-lab.ts";
import { createHealthReporter } from "./health-reporter.ts";
import type { PortalLink } from "./portal-link.ts";

let gateway: FakeGateway;
let link: PortalLink;
beforeAll(async () => {
  gateway = await startFakeGateway();
});
afterAll(() => gateway.close());
beforeEach(async () => {
  link = aLink(await anIdentity(gateway));
  gateway.calls.length = 0;
  return () => link.close();
});

const clock = systemClock;

describe("the health report", () => {
  const report = healthReport.parse({
    v: 1,
    at: 1,
    startedAt: 1,
    version: "0",
    configVersion: null,
    sessions: 0,
    revision: 0,
    spool: { pending: 0, bytes: 0, oldestPendingAt: null },
    store: { state: "ok", sentence: "" },
    listeners: [],
    sources: [],
    firewalls: [],
    unknownSenders: [],
  });

  it("is sent at once when a state changes, and not only when its time has come", async () => {
    gateway.on("POST /v1/health", () => ({
      status: 200,
      body: { serverTime: Date.now(), nextInMs: 20_000 },
    }));
    const reporter = createHealthReporter({ link, clock, report: () => report });
    await during(
      (signal) => reporter.run(signal),
      async () => {
        await eventually("the first report", () => gateway.callsTo("POST /v1/health").length === 1);
        reporter.hurry();
        await eventually("the second report", () => gateway.callsTo("POST /v1/health").length === 2, 2000);
      },
    );
    expect(link.status).toMatchObject({ state: "connected", clockOffsetMs: expect.any(Number) });
  });
});
