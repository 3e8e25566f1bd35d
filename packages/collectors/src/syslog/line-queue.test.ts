import { describe, expect, it, vi } from "vitest";
import { LineQueue, type QueuedLine } from "./line-queue.ts";
import { TokenBucket } from "./token-bucket.ts";

const aLine = (release: (() => void) | null = null): QueuedLine => ({ observations: [], release });
const open = new AbortController().signal;

describe("LineQueue", () => {
  it("lets go of a line when it is acknowledged, once, and not before", () => {
    const queue = new LineQueue(10);
    const release = vi.fn();
    queue.push(aLine(release));
    const taken = queue.take(5);
    expect([release.mock.calls.length, queue.length]).toEqual([0, 1]);
    queue.acknowledge(taken);
    queue.acknowledge(taken);
    expect([release.mock.calls.length, queue.length]).toEqual([1, 0]);
  });

  it("hands out first what was taken and never acknowledged", () => {
    const queue = new LineQueue(10);
    const [first, second] = [aLine(), aLine()];
    queue.push(first);
    queue.take(1);
    queue.push(second);
    queue.restore();
    expect(queue.take(5)).toEqual([first, second]);
  });

  it("is full with what is waiting and what is in flight together", () => {
    const queue = new LineQueue(2);
    queue.push(aLine());
    queue.take(1);
    queue.push(aLine());
    expect(queue.isFull).toBe(true);
  });

  it("wakes its reader at a line and at the end", async () => {
    const queue = new LineQueue(10);
    const waiting = queue.waitForLine(open);
    queue.push(aLine());
    await waiting;
    queue.take(1);
    const end = new AbortController();
    const last = queue.waitForLine(end.signal);
    end.abort();
    await last;
    expect(queue.take(1)).toEqual([]);
  });
});

describe("TokenBucket", () => {
  it("lets one second's worth through at once and then its rate", () => {
    const bucket = new TokenBucket(10, 0);
    const passed = (now: number) => Array.from({ length: 30 }, () => bucket.take(now)).filter(Boolean).length;
    expect([passed(0), passed(500), passed(500), passed(60_000)]).toEqual([10, 5, 0, 10]);
  });

  it("neither gives nor takes when the clock goes back", () => {
    const bucket = new TokenBucket(1, 10_000);
    expect([bucket.take(10_000), bucket.take(5000), bucket.take(5500), bucket.take(6000)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});
