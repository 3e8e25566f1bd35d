import { describe, expect, it } from "vitest";
import { ALLOWANCES, createRateLimiter } from "./rate-limiter.ts";

describe("the rate limiter", () => {
  it("lets a burst through, then one at a time as time goes by, and says how long to wait", () => {
    let now = 0;
    const limiter = createRateLimiter({ now: () => now });
    for (let i = 0; i < ALLOWANCES.costly.burst; i += 1) expect(limiter.take("ana", "costly")).toBeNull();
    const wait = limiter.take("ana", "costly");
    expect(wait).toBe(60_000 / ALLOWANCES.costly.perMinute);
    now += (wait ?? 0) - 1;
    expect(limiter.take("ana", "costly")).toBe(1);
    now += 1;
    expect(limiter.take("ana", "costly")).toBeNull();
    expect(limiter.take("ana", "costly")).not.toBeNull();
  });

  it("does not let one person's haste slow another down", () => {
    const limiter = createRateLimiter({ now: () => 0 });
    for (let i = 0; i < 100; i += 1) limiter.take("ana", "costly");
    expect(limiter.take("ben", "costly")).toBeNull();
    expect(limiter.take("ana", "any")).toBeNull();
  });

  it("survives a clock that jumps back, and holds no more people than it may", () => {
    let now = 1_000_000;
    const limiter = createRateLimiter({ now: () => now, maxBuckets: 3 });
    limiter.take("ana", "costly");
    now = 0;
    expect(limiter.take("ana", "costly")).toBeNull();
    for (let i = 0; i < 1000; i += 1) expect(limiter.take(`person-${i}`, "costly")).toBeNull();
  });
});
