import { silentLogger } from "@rollcall/observability";
import { FakeClock } from "@rollcall/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BACKOFF_MS_MAX, BACKOFF_MS_MIN, backoffMs, retryAfterMs } from "./backoff.ts";
import { keepRunning } from "./keep-running.ts";
import type { Part } from "./part.ts";
import { createSupervisor } from "./supervisor.ts";

const log = silentLogger;

function parts(
  names: readonly string[],
  said: string[],
  own: Readonly<Record<string, Partial<Part>>> = {},
): Part[] {
  return names.map((name) => ({
    name,
    start: async () => void said.push(`start ${name}`),
    stop: async () => void said.push(`stop ${name}`),
    health: () => ({ state: "ok", sentence: "", since: 0 }),
    ...own[name],
  }));
}

describe("createSupervisor", () => {
  it("starts in order and stops in reverse, once", async () => {
    const said: string[] = [];
    const supervisor = createSupervisor(parts(["a", "b", "c"], said), {
      log,
      clock: new FakeClock(),
      stopBudgetMs: 10_000,
    });
    await supervisor.start();
    expect(await Promise.all([supervisor.stop(), supervisor.stop()])).toEqual([[], []]);
    expect(said).toEqual(["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
  });

  it("stops what runs when one part cannot start, and tells why it could not", async () => {
    const said: string[] = [];
    const fail = { start: () => Promise.reject(new Error("port taken")) };
    const supervisor = createSupervisor(parts(["a", "b", "c"], said, { b: fail }), {
      log,
      clock: new FakeClock(),
      stopBudgetMs: 10_000,
    });
    await expect(supervisor.start()).rejects.toThrow("port taken");
    expect(said).toEqual(["start a", "stop a"]);
  });

  it("goes on stopping the others when one fails to stop", async () => {
    const said: string[] = [];
    const fail = { stop: () => Promise.reject(new Error("stuck")) };
    const supervisor = createSupervisor(parts(["a", "b"], said, { b: fail }), {
      log,
      clock: new FakeClock(),
      stopBudgetMs: 10_000,
    });
    await supervisor.start();
    expect(await supervisor.stop()).toEqual([]);
    expect(said.at(-1)).toBe("stop a");
  });

  it("names what has not stopped when the budget is spent, instead of waiting for ever", async () => {
    const clock = new FakeClock();
    const hang = { stop: () => new Promise<void>(() => undefined) };
    const supervisor = createSupervisor(parts(["a", "b", "c"], [], { b: hang }), {
      log,
      clock,
      stopBudgetMs: 10_000,
    });
    await supervisor.start();
    const stopped = supervisor.stop();
    await clock.advance(10_000);
    expect(await stopped).toEqual(["a", "b"]);
  });
});

describe("keepRunning", () => {
  it("starts a failed task again, later each time, says so, and recovers", async () => {
    const clock = new FakeClock();
    const runs: number[] = [];
    const task = keepRunning({
      name: "t",
      does: "works",
      clock,
      random: () => 1,
      log,
      async run(signal) {
        runs.push(clock.now());
        if (runs.length <= 4) throw new Error("not yet");
        await clock.sleep(1e12, signal);
      },
    });
    await task.start(new AbortController().signal);
    await clock.advance(0);
    expect(task.health()).toMatchObject({ state: "degraded", sentence: expect.stringContaining("not yet") });
    await clock.advance(1000 + 2000);
    expect(task.health().state).toBe("broken");
    await clock.advance(60_000);
    expect(task.health()).toMatchObject({ state: "ok", sentence: "works" });
    expect(runs.map((at, n) => at - (runs[n - 1] ?? at))).toEqual([0, 1000, 2000, 4000, 8000]);
    await task.stop();
    await task.stop();
    expect(task.health().state).toBe("off");
  });

  it("counts a task that ends by itself as failed", async () => {
    const clock = new FakeClock();
    const task = keepRunning({
      name: "t",
      does: "works",
      clock,
      random: () => 0,
      log,
      run: async () => undefined,
    });
    await task.start(new AbortController().signal);
    await clock.advance(0);
    expect(task.health().sentence).toContain("it ended by itself");
    await task.stop();
  });
});

describe("backoffMs", () => {
  it("lies between half a second and a minute, and grows", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, random) => {
          const ms = backoffMs(attempt, random);
          expect(ms).toBeGreaterThanOrEqual(BACKOFF_MS_MIN);
          expect(ms).toBeLessThanOrEqual(BACKOFF_MS_MAX);
        },
      ),
    );
    expect([1, 2, 3, 7, 50].map((attempt) => backoffMs(attempt, 1))).toEqual([
      1000, 2000, 4000, 60_000, 60_000,
    ]);
  });

  it("obeys Retry-After in seconds and as a date, up to an hour, and nothing else", () => {
    const now = Date.UTC(2026, 0, 5, 8);
    expect([
      retryAfterMs("7", now),
      retryAfterMs("Mon, 05 Jan 2026 08:00:30 GMT", now),
      retryAfterMs("999999999", now),
    ]).toEqual([7000, 30_000, 3_600_000]);
    expect([
      retryAfterMs(null, now),
      retryAfterMs("soon", now),
      retryAfterMs("Mon, 05 Jan 2026 07:00:00 GMT", now),
    ]).toEqual([null, null, 0]);
  });
});
