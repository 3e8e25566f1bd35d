import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { watchLoopDelay } from "./loop-delay.ts";

test("a process that is kept busy shows how late it comes to the rest", async () => {
  const watch = watchLoopDelay();
  try {
    await sleep(50);
    const end = performance.now() + 300;
    while (performance.now() < end);
    await expect.poll(() => watch.read().maxMs).toBeGreaterThan(200);
    expect(watch.read().p50Ms).toBeLessThanOrEqual(watch.read().maxMs);
  } finally {
    watch.stop();
  }
});
