import { silentLogger } from "@rollcall/observability";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../supervisor/clock.ts";
import { type FakeGateway, startFakeGateway } from "../testing/fake-gateway.ts";
import { aLink, anIdentity, during, eventually } from "../testing/uplink-lab.ts";
import { type CommandDesk, followCommands } from "./commands.ts";
import { pollConfig } from "./config-poll.ts";
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
const log = silentLogger;

describe("the link to the portal", () => {
  it("says that the portal is away, and is connected again by itself when it comes back", async () => {
    const own = await startFakeGateway();
    const away = aLink(await anIdentity(own));
    const reporter = createHealthReporter({ link: away, clock, report: () => ({}) as never });
    own.on("POST /v1/health", () => ({ status: 200, body: { serverTime: Date.now(), nextInMs: 1000 } }));
    const patient = async (signal: AbortSignal) => {
      while (!signal.aborted) await reporter.run(signal).catch(() => undefined);
    };
    await during(patient, async () => {
      await eventually("it is connected", () => away.status.state === "connected");
      await own.close();
      reporter.hurry();
      await eventually("it is away", () => away.status.state === "unreachable");
      expect(away.status.sentence).toMatch(/cannot be reached.*everything local goes on without it/);
      await own.open();
      await eventually("it is connected again", () => away.status.state === "connected");
    });
    await away.close();
    await own.close();
  });

  it("does not hammer a gateway that refuses it for a reason that time does not mend", async () => {
    const expired = () => ({
      status: 401,
      body: { code: "certificate-expired", message: "The agent's certificate has expired." },
    });
    for (const route of ["GET /v1/config", "GET /v1/commands", "GET /v1/downlink"])
      gateway.on(route, expired);
    const unused = () => Promise.reject(new Error("not to be called"));
    await during(
      (signal) =>
        pollConfig(
          { link, log, currentVersion: () => null, apply: unused, onRefused: () => undefined },
          signal,
        ),
      () =>
        during(
          (signal) => followCommands({ link, desk: {} as CommandDesk, clock, log }, signal),
          () => new Promise((resolve) => setTimeout(resolve, 400)),
        ),
    );
    expect(gateway.calls.length).toBeLessThan(5);
  });

  it("says that the agent was revoked, and asks no more than now and then", async () => {
    gateway.on("POST /v1/health", () => ({
      status: 403,
      body: {
        code: "agent-revoked",
        message: "This agent was revoked in the portal.",
        remedy: "Enrol it anew.",
      },
    }));
    const reporter = createHealthReporter({ link, clock, report: () => ({}) as never });
    await during(
      (signal) => reporter.run(signal),
      async () => {
        await eventually("it is refused", () => link.status.state === "refused");
        reporter.hurry();
        await new Promise((resolve) => setTimeout(resolve, 300));
      },
    );
    expect([link.status.sentence, gateway.callsTo("POST /v1/health").length]).toEqual([
      "This agent was revoked in the portal. Enrol it anew.",
      1,
    ]);
  });
});
