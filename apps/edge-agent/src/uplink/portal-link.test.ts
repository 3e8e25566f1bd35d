import { silentLogger } from "@rollcall/observability";
import { FakeClock } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import type { Identity } from "../enrolment/identity.ts";
import type { GatewayAnswer, GatewayClient } from "./gateway-client.ts";
import { GatewayFault } from "./gateway-fault.ts";
import { createPortalLink, type PortalLink } from "./portal-link.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** What the agent's own deadline lets a connection take, and an ordinary question. */
const CONNECT_MS = 5 * SECOND;
const QUESTION_MS = 20 * SECOND;

/**
 * A gateway that answers, or hangs: then a question runs into its deadline, and at once into a fault when its
 * connections are given up.
 */
function aGateway(clock: FakeClock) {
  const gateway = { hangs: false, connections: 0, asked: 0, open: 0 };
  const connect = (): GatewayClient => {
    gateway.connections += 1;
    const given = new AbortController();
    let isNew = true;
    return {
      async ask(question): Promise<GatewayAnswer<never>> {
        gateway.asked += 1;
        gateway.open += 1;
        try {
          const deadlineMs = isNew ? CONNECT_MS : QUESTION_MS;
          if (gateway.hangs)
            await clock.sleep(deadlineMs, AbortSignal.any([given.signal, question.signal ?? given.signal]));
          else {
            isNew = false;
            await clock.sleep(5);
            if (!gateway.hangs) return { kind: "nothing" };
          }
        } catch {
          question.signal?.throwIfAborted();
        } finally {
          gateway.open -= 1;
        }
        throw new GatewayFault("not-reachable", "It did not answer in time.", {});
      },
      close: async () => given.abort(new Error("given up")),
    };
  };
  return { gateway, connect };
}

/** Six tasks as the uplink has them: each asks whenever it may, and begins again after a fault. */
function tasks(link: PortalLink, clock: FakeClock, signal: AbortSignal) {
  const answeredAt = Array.from({ length: 6 }, () => 0);
  const ended = answeredAt.map(async (_, task) => {
    while (!signal.aborted) {
      try {
        await link.ready(signal);
        await link.ask({ method: "GET", path: "/v1/x", answer: undefined as never, signal });
        answeredAt[task] = clock.now();
        await clock.sleep(500 + task * 700, signal);
      } catch (error) {
        if (!(error instanceof GatewayFault) && !signal.aborted) throw error;
      }
    }
  });
  return { answeredAt, ended };
}

async function withLink(
  random: () => number,
  work: (lab: {
    clock: FakeClock;
    gateway: ReturnType<typeof aGateway>["gateway"];
    link: PortalLink;
    answeredAt: readonly number[];
  }) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock();
  const { gateway, connect } = aGateway(clock);
  const link = createPortalLink({
    identity: { streamUrl: "https://gateway.example" } as Identity,
    clock,
    random,
    log: silentLogger,
    connect,
  });
  const stop = new AbortController();
  const { answeredAt, ended } = tasks(link, clock, stop.signal);
  try {
    await clock.advance(10 * SECOND);
    await work({ clock, gateway, link, answeredAt });
  } finally {
    stop.abort(new Error("the test is over"));
    await link.close();
    await Promise.all(ended);
  }
}

describe("the patience of the link to the portal", () => {
  it.each([1, 15, 30, 61, 3600])(
    "is back with every task within 15 s of the gateway, which hung for %d s",
    async (seconds) => {
      // The unluckiest draw each time, and the gateway back at every phase of the waiting.
      for (let phase = 0; phase < 12; phase += 1)
        await withLink(
          () => 0.999_999,
          async ({ clock, gateway, link, answeredAt }) => {
            gateway.hangs = true;
            await clock.advance(seconds * SECOND + phase * SECOND);
            gateway.hangs = false;
            const backAt = clock.now();
            await clock.advance(15 * SECOND);
            expect(answeredAt.every((at) => at > backAt)).toBe(true);
            expect(link.status.state).toBe("connected");
          },
        );
    },
  );

  it("looks for a gateway that is away with one connection at a time, however many tasks wait", () =>
    withLink(
      () => 0.5,
      async ({ clock, gateway }) => {
        gateway.hangs = true;
        await clock.advance(MINUTE);
        const before = gateway.asked;
        for (let second = 0; second < 10 * 60; second += 1) {
          await clock.advance(SECOND);
          expect(gateway.open).toBeLessThanOrEqual(1);
        }
        expect(gateway.asked - before).toBeLessThan((10 * 60) / 7);
      },
    ));

  it("gives up every question that hangs on the old connections as soon as one of them finds the gateway away", () =>
    withLink(
      () => 0,
      async ({ clock, gateway, link }) => {
        gateway.hangs = true;
        await clock.advance(QUESTION_MS + SECOND);
        expect(gateway.open).toBeLessThanOrEqual(1);
        expect(link.status.state).toBe("unreachable");
      },
    ));
});
