import { describe, expect, it } from "vitest";
import { FakeClock } from "./fake-clock.ts";

describe("FakeClock", () => {
  it("wakes sleepers in the order they are due, each at its own instant", async () => {
    const clock = new FakeClock(0);
    const woken: string[] = [];
    const sleeper = async (name: string, ms: number) => {
      await clock.sleep(ms);
      woken.push(`${name} at ${clock.now()}`);
    };
    const all = [sleeper("late", 300), sleeper("early", 100), sleeper("never", 1000)];
    await clock.advance(500);
    expect(woken).toEqual(["early at 100", "late at 300"]);
    expect(clock.now()).toBe(500);
    expect(clock.sleeping).toBe(1);
    await clock.advance(500);
    await Promise.all(all);
  });

  it("lets a loop that sleeps again run on within one advance", async () => {
    const clock = new FakeClock(0);
    let rounds = 0;
    const loop = (async () => {
      while (rounds < 5) {
        await clock.sleep(10);
        rounds += 1;
      }
    })();
    await clock.advance(50);
    await loop;
    expect(rounds).toBe(5);
  });

  it("wakes an aborted sleeper with the reason", async () => {
    const clock = new FakeClock(0);
    const controller = new AbortController();
    const sleeping = clock.sleep(10, controller.signal);
    controller.abort(new Error("stop"));
    await expect(sleeping).rejects.toThrow("stop");
    await expect(clock.sleep(10, controller.signal)).rejects.toThrow("stop");
    expect(clock.sleeping).toBe(0);
  });

  it("jumps without waking anybody", async () => {
    const clock = new FakeClock("2026-01-05T08:00:00Z");
    void clock.sleep(10);
    clock.set("2027-01-05T08:00:00Z");
    expect(clock.sleeping).toBe(1);
    expect(new Date(clock.now()).getUTCFullYear()).toBe(2027);
  });
});
