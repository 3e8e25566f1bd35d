import { FakeClock } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { networkOf, RateLimit } from "./rate-limit.ts";

describe("a limit per address", () => {
  const limit = (clock: FakeClock, maxAddresses = 100) =>
    new RateLimit({ burst: 3, perMinute: 60, maxAddresses, now: clock.now });

  it("lets a burst pass, then says how long to wait, and lets one pass after that", async () => {
    const clock = new FakeClock();
    const it = limit(clock);
    expect([it.take("10.0.0.1"), it.take("10.0.0.1"), it.take("10.0.0.1"), it.take("10.0.0.1")]).toEqual([
      0, 0, 0, 1,
    ]);
    await clock.advance(1000);
    expect([it.take("10.0.0.1"), it.take("10.0.0.1")]).toEqual([0, 1]);
  });

  it("does not make one address wait for another, but counts a whole IPv6 /64 as one", () => {
    const it = limit(new FakeClock());
    for (const address of ["2001:db8::1", "2001:db8::2", "2001:DB8:0:0:ffff::3"])
      expect(it.take(address)).toBe(0);
    expect(it.take("2001:db8::4")).toBeGreaterThan(0);
    expect(it.take("2001:db8:0:1::1")).toBe(0);
    expect(it.take("10.0.0.2")).toBe(0);
  });

  it("holds no more addresses than it may, and forgets the one not seen for longest", () => {
    const it = limit(new FakeClock(), 2);
    for (let n = 0; n < 3; n += 1) it.take("10.0.0.1");
    it.take("10.0.0.2");
    expect(it.take("10.0.0.1")).toBeGreaterThan(0);
    it.take("10.0.0.3");
    it.take("10.0.0.4");
    expect(it.take("10.0.0.1"), "forgotten, so it begins anew").toBe(0);
  });

  it("never gives time back when the clock is set back", () => {
    const clock = new FakeClock();
    const it = limit(clock);
    for (let n = 0; n < 3; n += 1) it.take("10.0.0.1");
    clock.set(clock.now() - 3_600_000);
    expect(it.take("10.0.0.1")).toBeGreaterThan(0);
  });
});

describe("the network of an address", () => {
  it("is one for all spellings of it", () => {
    expect(networkOf("::ffff:10.0.0.1")).toBe("10.0.0.1");
    for (const same of ["2001:db8:0:7::1", "2001:0DB8:0000:0007:1:2:3:4", "2001:db8:0:7::1%eth0"])
      expect(networkOf(same), same).toBe("2001:db8:0:7::/64");
    expect(networkOf("::1")).toBe("0:0:0:0::/64");
  });
});
