import { aLogon, EVERYTHING, ip } from "@rollcall/identity-core/testing";
import { silentLogger } from "@rollcall/observability";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openStore } from "../state/open-store.ts";
import { arrival, type PipelineLab, spooled, withKeeper } from "../testing/pipeline-lab.ts";
import { createGroupCommit, type GroupCommit } from "./group-commit.ts";

// Only timers are replaced, and moved by the tests: the store and the table are the real ones.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: Date.UTC(2026, 0, 5, 8) });
});
afterEach(() => {
  vi.useRealTimers();
});

function withCommits(
  work: (lab: PipelineLab & { commits: GroupCommit }) => Promise<void>,
  stopwatch?: () => number,
): Promise<void> {
  return withKeeper(async (lab) => {
    const clock = { now: Date.now, sleep: lab.clock.sleep };
    const commits = createGroupCommit({
      keeper: lab.keeper,
      clock,
      log: silentLogger,
      ...(stopwatch ? { stopwatch } : {}),
      reopen: () => lab.keeper.replaceStore(openStore(lab.file, Date.now()).store),
    });
    await commits.start(new AbortController().signal);
    try {
      await work({ ...lab, commits });
    } finally {
      await commits.stop();
    }
  }, Date.now);
}

const logons = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) =>
    aLogon({ user: `u${from + n}`, ip: `10.2.${(from + n) >> 8}.${(from + n) & 255}`, at: Date.now() }),
  );

describe("group commit", () => {
  it("writes a lone arrival at once and resolves only after it is durable", () =>
    withCommits(async ({ commits, keeper }) => {
      let isDone = false;
      const done = commits.submit(arrival({ observations: logons(1) })).then(() => {
        isDone = true;
      });
      expect([isDone, spooled(keeper).length]).toEqual([false, 0]);
      await vi.advanceTimersByTimeAsync(0);
      await done;
      expect([isDone, spooled(keeper).length]).toEqual([true, 1]);
    }));

  for (const [disk, tookMs, waitMs] of [
    ["quick", 0, 2],
    ["slow", 300, 20],
  ] as const)
    it(`lets arrivals that follow closely wait for each other, on a ${disk} disk for ${waitMs} ms`, () => {
      let measured = 0;
      return withCommits(
        async ({ commits }) => {
          let writes = 0;
          commits.onCommit(() => {
            writes += 1;
          });
          const first = commits.submit(arrival({ observations: logons(1) }));
          await vi.advanceTimersByTimeAsync(0);
          await first;
          const rest = Promise.all(
            [1, 2, 3].map((n) => commits.submit(arrival({ observations: logons(1, n) }))),
          );
          await vi.advanceTimersByTimeAsync(waitMs - 1);
          expect(writes).toBe(1);
          await vi.advanceTimersByTimeAsync(1);
          await rest;
          expect(writes).toBe(2);
        },
        () => (measured += tookMs),
      );
    });

  it("does not let a hundred items wait", () =>
    withCommits(async ({ commits, keeper }) => {
      const first = commits.submit(arrival({ observations: logons(1) }));
      await vi.advanceTimersByTimeAsync(0);
      await first;
      const many = commits.submit(arrival({ observations: logons(100, 1) }));
      await vi.advanceTimersByTimeAsync(0);
      await many;
      expect(spooled(keeper)).toHaveLength(101);
    }));

  it("stops taking from sources while the disk is full, answers firewalls, and resumes by itself with nothing lost", () =>
    withCommits(async ({ commits, keeper }) => {
      const states: string[] = [];
      commits.onStoreState(() => states.push(commits.storeState.state));
      const before = commits.submit(
        arrival({ observations: [aLogon({ user: "ana", at: Date.now(), lifetimeMinutes: 1 })] }),
      );
      await vi.advanceTimersByTimeAsync(0);
      await before;
      keeper.store.setBound(1);

      let isTaken = false;
      const many = commits.submit(arrival({ observations: logons(400) })).then(() => {
        isTaken = true;
      });
      await vi.advanceTimersByTimeAsync(30_000);
      expect([isTaken, states, commits.health().state]).toEqual([false, ["full"], "broken"]);
      expect(commits.storeState.sentence).toContain("firewalls are answered");
      expect(keeper.source.byIp(ip("10.0.0.1"), EVERYTHING)?.user?.name).toBe("ana");
      await vi.advanceTimersByTimeAsync(60_000);
      expect(keeper.source.byIp(ip("10.0.0.1"), EVERYTHING)).toBeNull();

      keeper.store.setBound(1e9);
      await vi.advanceTimersByTimeAsync(10_000);
      await many;
      expect(states).toEqual(["full", "ok"]);
      expect(keeper.table.liveCount).toBe(400);
      expect(spooled(keeper)).toHaveLength(401);
    }));

  it("ends sessions when their time has come, without anything arriving", () =>
    withCommits(async ({ commits, keeper }) => {
      const done = commits.submit(
        arrival({ observations: [aLogon({ user: "ana", at: Date.now(), lifetimeMinutes: 5 })] }),
      );
      await vi.advanceTimersByTimeAsync(0);
      await done;
      await vi.advanceTimersByTimeAsync(5 * 60_000 - 10);
      expect(keeper.table.liveCount).toBe(1);
      await vi.advanceTimersByTimeAsync(20);
      expect(keeper.table.liveCount).toBe(0);
    }));

  it("opens the store anew when its handle has failed, and writes what had waited", () =>
    withCommits(async ({ commits, keeper }) => {
      const states: string[] = [];
      commits.onStoreState(() => states.push(commits.storeState.state));
      keeper.store.close();
      const done = commits.submit(arrival({ observations: logons(2) }));
      await vi.advanceTimersByTimeAsync(2000);
      await done;
      expect([states, spooled(keeper).length, keeper.table.liveCount]).toEqual([["broken", "ok"], 2, 2]);
    }));

  it("says that the store has failed, and opens it anew, where only time had something to write", () =>
    withCommits(async ({ commits, keeper }) => {
      const said: string[] = [];
      commits.onStoreState(() => said.push(commits.storeState.sentence));
      const done = commits.submit(
        arrival({ observations: [aLogon({ user: "ana", at: Date.now(), lifetimeMinutes: 5 })] }),
      );
      await vi.advanceTimersByTimeAsync(0);
      await done;
      keeper.store.close();
      await vi.advanceTimersByTimeAsync(5 * 60_000 + 20);
      expect([keeper.table.liveCount, commits.storeState.state]).toEqual([0, "broken"]);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(said).toEqual([
        expect.stringContaining("cannot be written: "),
        expect.stringContaining("takes what comes"),
      ]);
      expect([keeper.hasUnsaved, keeper.table.liveCount]).toEqual([false, 0]);
    }));

  it("refuses what comes after it has stopped, so that nobody believes it written", () =>
    withCommits(async ({ commits }) => {
      await commits.stop();
      await expect(commits.submit(arrival({ observations: logons(1) }))).rejects.toThrow(/stops/);
    }));
});
