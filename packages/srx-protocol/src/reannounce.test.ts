import { describe, expect, test } from "vitest";
import { clientTag } from "./cursor.ts";
import { isReannounceDue } from "./reannounce.ts";

const HOUR = 3_600_000;
const START = 1_760_000_000_000;

/** At which minutes of a day a firewall is told everything, with a poll each minute. */
function moments(tag: number, from = START, periodMs = HOUR): number[] {
  const told: number[] = [];
  let lastAt = from;
  for (let now = from; now < from + 24 * HOUR; now += 60_000) {
    if (!isReannounceDue({ periodMs, tag, lastAt, now })) continue;
    told.push(now);
    lastAt = now;
  }
  return told;
}

describe("telling everything again", () => {
  test("happens once a period, never further apart than that", () => {
    const told = moments(123_456_789);
    expect(told).toHaveLength(24);
    for (const [index, at] of told.entries()) if (index > 0) expect(at - (told[index - 1] ?? 0)).toBe(HOUR);
  });

  test("keeps its moment over a restart", () => {
    const tag = 99;
    const [first = 0] = moments(tag);
    expect(moments(tag, START + 10 * HOUR)[0]).toBe(first + 10 * HOUR);
  });

  test("does not come for all firewalls at once", () => {
    const perMinute = new Map<number, number>();
    for (let at = 0; at < 1200; at++) {
      const [first = 0] = moments(clientTag("tenant", `point-${at}`));
      const minute = Math.floor(first / 60_000);
      perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
    }
    expect(Math.max(...perMinute.values())).toBeLessThan(60);
  });

  test("never happens where no period is set", () => {
    expect(isReannounceDue({ periodMs: 0, tag: 1, lastAt: 0, now: START })).toBe(false);
  });
});
