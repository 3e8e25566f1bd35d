import { describe, expect, it } from "vitest";
import { ResendClock } from "./resend-clock.ts";
import { aPoint } from "./testing/server-harness.ts";

const MINUTE = 60_000;
const START = 1_760_000_000_000;
const point = aPoint({ reannounceMinutes: 60 });

describe("the clock of full tables", () => {
  it("is due within a period of a restart, for a firewall that goes on from its cookie", () => {
    const clock = new ResendClock();
    const due: number[] = [];
    for (let minute = 0; minute <= 60; minute++)
      if (clock.isDue(point, "10.0.0.1", START + minute * MINUTE)) due.push(minute);
    expect(due.length).toBeGreaterThan(0);
  });

  it("counts each firewall behind one point by itself", () => {
    const clock = new ResendClock();
    for (const ip of ["10.0.0.1", "10.0.0.2"]) clock.begun(point, ip, START);
    const later = START + 61 * MINUTE;
    expect(clock.isDue(point, "10.0.0.1", later)).toBe(true);
    clock.begun(point, "10.0.0.1", later);
    expect(clock.isDue(point, "10.0.0.1", later + 1)).toBe(false);
    expect(clock.isDue(point, "10.0.0.2", later + 1)).toBe(true);
  });
});
