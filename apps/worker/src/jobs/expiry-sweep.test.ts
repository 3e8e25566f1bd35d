import type { SweepOutcome } from "@rollcall/db";
import { silentLogger } from "@rollcall/observability";
import { FakeClock } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { ExpirySweeper } from "./expiry-sweep.ts";
import type { JobDeps } from "./job-deps.ts";

/** A ledger that has sessions due at given times, and a bell that can be rung by hand. */
function aWorld(due: Record<string, number[]>) {
  const clock = new FakeClock(1_000_000);
  const asked: string[] = [];
  const rung: string[] = [];
  const reported: unknown[] = [];
  const listeners: ((topic: string) => void)[] = [];
  const broken = new Set<string>();
  const deps = {
    now: clock.now,
    log: silentLogger,
    report: (error: unknown) => reported.push(error),
    bell: {
      ring: (topic: string) => void rung.push(topic),
      onRing: (_head: string, listener: (topic: string) => void) => {
        listeners.push(listener);
        return () => void listeners.splice(listeners.indexOf(listener), 1);
      },
    },
    database: {
      tenantIds: async () => Object.keys(due),
      ledger: {
        async sweep(tenantId: string, now: number): Promise<SweepOutcome> {
          asked.push(tenantId);
          if (broken.has(tenantId)) throw new Error("the database went away");
          const times = due[tenantId] ?? [];
          const past = times.filter((at) => at <= now);
          due[tenantId] = times.filter((at) => at > now);
          const nextChangeAt = due[tenantId].length ? Math.min(...due[tenantId]) : null;
          return { changed: past.length > 0, revision: 1, nextChangeAt, swept: past.length };
        },
      },
    },
  } as unknown as JobDeps;
  const sweeper = new ExpirySweeper(deps);
  const signal = new AbortController().signal;
  return {
    clock,
    asked,
    rung,
    reported,
    broken,
    due,
    ring: (topic: string) => {
      for (const listener of listeners) listener(topic);
    },
    run: () => sweeper.run(signal),
  };
}

describe("ExpirySweeper", () => {
  it("asks the database only when something is due, and rings when something changed", async () => {
    const world = aWorld({ a: [1_005_000], b: [] });
    await world.run();
    expect(world.asked).toEqual(["a", "b"]);
    await world.clock.advance(4000);
    expect(await world.run()).toBe(0);
    await world.clock.advance(1000);
    await world.run();
    expect(world.asked).toEqual(["a", "b", "a"]);
    expect(world.rung).toEqual(["feed:a", "portal:a"]);
  });

  it("looks again when a tenant's sessions changed meanwhile", async () => {
    const world = aWorld({ a: [] });
    await world.run();
    world.due.a = [1_000_500];
    world.ring("feed:a");
    await world.clock.advance(1000);
    expect(await world.run()).toBe(1);
    expect(world.rung).toContain("feed:a");
  });

  it("looks at every tenant after the bell was deaf, and after a minute in any case", async () => {
    const world = aWorld({ a: [], b: [] });
    await world.run();
    world.ring("feed:");
    expect(await world.run()).toBe(2);
    await world.clock.advance(60_000);
    expect(await world.run()).toBe(2);
  });

  it("goes on with the other tenants when one fails, and comes back to it", async () => {
    const world = aWorld({ a: [1_000_000], b: [1_000_000] });
    world.broken.add("a");
    await world.run();
    expect(world.reported).toHaveLength(1);
    expect(world.rung).toContain("feed:b");
    world.broken.clear();
    await world.run();
    expect(world.rung).toContain("feed:a");
  });
});
