import type { Logger } from "@rollcall/observability";
import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import { afterEach, expect, test } from "vitest";
import { type Harness, startHarness } from "./testing/index.ts";

let harness: Harness;
afterEach(() => harness.stop());

/** Keeps what is warned of. */
function listeningLog(): { readonly log: Logger; readonly said: unknown[] } {
  const said: unknown[] = [];
  const nothing = (): void => undefined;
  const log: Logger = {
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn: (...line: unknown[]) => said.push(line),
    error: nothing,
    fatal: nothing,
    child: () => log,
    isEnabled: () => true,
  };
  return { log, said };
}

test("a filter that cannot be read is said once, not with every poll", async () => {
  const { log, said } = listeningLog();
  harness = await startHarness({ log });
  const token = await harness.token();
  const path = "/user_query/v2/users/endpoints?begintime=0&include-ip=rubbish";
  for (let at = 0; at < 3; at++) await harness.poll(token, path);
  expect(said).toEqual([
    [
      expect.objectContaining({ reason: "filter-ignored include_ip: not an address, prefix or range" }),
      "part of a firewall's question was passed over",
    ],
  ]);
});

test("names that had to be changed are counted each time they are written, and each kind of change is said once, without a name", async () => {
  const { log, said } = listeningLog();
  harness = await startHarness({ log });
  for (let at = 1; at <= 3; at++) {
    harness.source.tell(
      anEntry({ ip: `10.0.0.${at}`, user: anEntryUser({ name: `${at}${"x".repeat(99)}` }) }),
    );
  }
  const token = await harness.token();
  for (let at = 0; at < 2; at++) await harness.poll(token, "/user_query/v2/users/endpoints?begintime=0");
  expect(harness.server.health().counters.entriesAltered).toBe(6);
  expect(said).toHaveLength(1);
  expect(JSON.stringify(said)).toContain("truncated");
  expect(JSON.stringify(said)).not.toContain("xxx");
});
