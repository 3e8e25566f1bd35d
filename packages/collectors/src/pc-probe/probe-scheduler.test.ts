import { type IpAddress, parseIp } from "@rollcall/identity-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AskedComputer } from "./ask-computer.ts";
import { ProbeCounters } from "./probe-counters.ts";
import { ProbeScheduler } from "./probe-scheduler.ts";
import { createProbeScope } from "./probe-scope.ts";

const MINUTE = 60_000;
const computer = { name: "PC-1", domain: "corp.example" };
const nobody: AskedComputer = { answer: { kind: "nobody", because: "nobody", computer }, by: null };
const away: AskedComputer = { answer: { kind: "unreachable", sentence: "nobody listens" }, by: null };

function at(text: string): IpAddress {
  return parseIp(text) ?? expect.fail(`${text} is an address`);
}

function scheduler(
  ask: (ip: IpAddress, signal: AbortSignal) => Promise<AskedComputer>,
  { workers = 20, timeLimit }: { workers?: number; timeLimit?: (ms: number) => AbortSignal } = {},
) {
  const clock = { at: 1_000_000_000 };
  const counters = new ProbeCounters();
  const scope = createProbeScope({
    include: ["10.0.0.0/8"],
    exclude: ["10.9.0.0/16"],
    infrastructure: ["10.0.0.1"],
    allowPublic: false,
  });
  const made = new ProbeScheduler({
    scope: () => scope,
    workers: () => workers,
    ask,
    counters,
    now: () => clock.at,
    timeLimit: timeLimit ?? (() => new AbortController().signal),
  });
  const wish = () => ({ until: clock.at + MINUTE });
  return { made, clock, counters, wish };
}

describe("which computers are asked", () => {
  it("asks an address once in five minutes, and after a failure once in ten", async () => {
    let asked = 0;
    const { made, clock, wish } = scheduler(async (ip) => {
      asked += 1;
      return ip === at("10.0.0.7") ? nobody : away;
    });
    for (const [ip, gap] of [
      [at("10.0.0.7"), 5 * MINUTE],
      [at("10.0.0.8"), 10 * MINUTE],
    ] as const) {
      asked = 0;
      await made.ask(ip, wish());
      clock.at += gap - 1;
      expect(await made.ask(ip, wish())).toMatchObject({ kind: "not-asked" });
      clock.at += 1;
      expect(await made.ask(ip, wish())).toMatchObject({ kind: "asked" });
      expect(asked).toBe(2);
    }
  });

  it("asks nobody outside its ranges, nor infrastructure, nor anything public", async () => {
    const asked: string[] = [];
    const { made, wish } = scheduler(async (ip) => {
      asked.push(ip);
      return nobody;
    });
    for (const [text, why] of [
      ["10.9.1.1", "excluded"],
      ["10.0.0.1", "infrastructure"],
      ["192.168.1.1", "not-included"],
      ["203.0.113.9", "not-included"],
      ["127.0.0.1", "never-a-seat"],
    ] as const)
      expect(await made.ask(at(text), wish())).toMatchObject({ kind: "not-asked", why });
    expect(asked).toEqual([]);
  });

  it("gives two who want the same at once one answer", async () => {
    let asked = 0;
    const { made, wish } = scheduler(async () => {
      asked += 1;
      return nobody;
    });
    const [one, other] = await Promise.all([
      made.ask(at("10.0.0.7"), wish()),
      made.ask(at("10.0.0.7"), wish()),
    ]);
    expect(one).toBe(other);
    expect(asked).toBe(1);
  });

  it("lets go of what waited for its turn longer than anybody wants to know", async () => {
    let go: () => void = () => undefined;
    const { made, clock, wish } = scheduler(() => new Promise((resolve) => (go = () => resolve(nobody))), {
      workers: 1,
    });
    const first = made.ask(at("10.0.0.7"), wish());
    const second = made.ask(at("10.0.0.8"), wish());
    clock.at += MINUTE + 1;
    go();
    await first;
    expect(await second).toMatchObject({ kind: "not-asked", why: "too-late" });
  });

  it("gives a worker back after its time, even where a computer neither answers nor hangs up", async () => {
    const limit = new AbortController();
    const { made, wish } = scheduler(() => new Promise(() => undefined), {
      workers: 1,
      timeLimit: () => limit.signal,
    });
    const asked = made.ask(at("10.0.0.7"), wish());
    limit.abort();
    expect(await asked).toMatchObject({ kind: "asked", answer: { kind: "unreachable" } });
    expect(made.busy).toBe(0);
  });

  it("answers everybody who waits when it stops", async () => {
    const { made, wish } = scheduler(() => new Promise(() => undefined), { workers: 1 });
    const asked = [made.ask(at("10.0.0.7"), wish()), made.ask(at("10.0.0.8"), wish())];
    made.stop();
    expect((await Promise.all(asked)).map(({ kind }) => kind)).toEqual(["asked", "not-asked"]);
    expect(await made.ask(at("10.0.0.9"), wish())).toMatchObject({ why: "off" });
  });

  it("never asks more at once than there are workers, nor an address twice within its time, whatever is wanted when", async () => {
    const wants = fc.array(fc.record({ host: fc.nat(6), waitMs: fc.nat(4 * MINUTE), isAway: fc.boolean() }), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(wants, fc.integer({ min: 1, max: 3 }), async (list, workers) => {
        const log: { ip: string; at: number; isAway: boolean }[] = [];
        let busy = 0;
        let busiest = 0;
        let isAway = false;
        const { made, clock, wish } = scheduler(
          async (ip) => {
            busy += 1;
            busiest = Math.max(busiest, busy);
            log.push({ ip, at: clock.at, isAway });
            const answer = isAway ? away : nobody;
            await new Promise<void>((resolve) => setImmediate(resolve));
            busy -= 1;
            return answer;
          },
          { workers },
        );
        const answers: Promise<unknown>[] = [];
        for (const want of list) {
          ({ isAway } = want);
          clock.at += want.waitMs;
          answers.push(made.ask(at(`10.0.0.${10 + want.host}`), wish()));
          if (want.waitMs % 3 === 0) await Promise.all(answers);
        }
        await Promise.all(answers);
        expect(busiest).toBeLessThanOrEqual(workers);
        for (const [index, one] of log.entries()) {
          const before = log.slice(0, index).findLast(({ ip }) => ip === one.ip);
          if (before) expect(one.at - before.at).toBeGreaterThanOrEqual((before.isAway ? 10 : 5) * MINUTE);
        }
      }),
      { numRuns: 200 },
    );
  });
});
