import type { EpochMs } from "@rollcall/identity-core";
import { anEntry } from "@rollcall/srx-protocol/testing";
import { describe, expect, test } from "vitest";
import { TestTable } from "./testing/index.ts";
import { readAhead, revisionBefore } from "./time-index.ts";

function table(entries: number): TestTable {
  const source = new TestTable();
  for (let at = 0; at < entries; at++)
    source.tell(anEntry({ ip: `10.0.${at >> 8}.${at & 255}`, changedAt: (1000 + at) as EpochMs }));
  return source;
}

/** Counts how often the table is read. */
function watched(source: TestTable): { readonly reads: () => number } {
  let reads = 0;
  const original = source.changesSince.bind(source);
  source.changesSince = (...args) => {
    reads += 1;
    return original(...args);
  };
  return { reads: () => reads };
}

describe("where a reader that names a time begins", () => {
  test("is below everything that changed then or later, and not far below", () => {
    const source = table(3000);
    for (const at of [1000, 1700, 2500, 3999]) {
      const revision = revisionBefore(source, at as EpochMs);
      const { entries } = source.changesSince(0, revision || 1, {
        addressSpaceIds: [],
        domains: [],
        includeIp: [],
        excludeIp: [],
        ipv6: true,
      });
      if (revision > 0) expect(Math.max(...entries.map(({ changedAt }) => changedAt))).toBeLessThan(at);
      expect(at - 1000 - revision).toBeLessThan(500);
    }
  });

  test("is read ahead in many turns of the event loop, so that the first such reader waits for almost nothing", async () => {
    const source = table(5000);
    const { reads } = watched(source);
    readAhead(source);
    readAhead(source);
    expect(reads()).toBe(0);
    const seen: number[] = [];
    await expect
      .poll(() => {
        seen.push(reads());
        return reads();
      })
      .toBeGreaterThan(19);
    const before = reads();
    revisionBefore(source, 3000 as EpochMs);
    expect(reads() - before).toBeLessThanOrEqual(2);
  });
});
