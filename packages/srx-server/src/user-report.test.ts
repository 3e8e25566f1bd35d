import type { Observation } from "@rollcall/identity-core";
import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { UserReportOutcome } from "./index.ts";
import { aPoint, bearer, EVERYTHING, type Harness, startHarness } from "./testing/server-harness.ts";

let harness: Harness;
let written: Observation[];
let outcome: (observation: Observation) => Promise<UserReportOutcome>;

beforeEach(async () => {
  written = [];
  outcome = async () => ({ kind: "recorded" });
  harness = await startHarness({
    onUserReport: ({ observation }) => {
      written.push(observation);
      return outcome(observation);
    },
  });
  harness.points.setPoints([
    aPoint({ mayReport: ["10.90.0.0/16"], filter: { ...EVERYTHING, addressSpaceIds: ["space-1"] } }),
  ]);
});
afterEach(() => harness.stop());

const report = async (query: string, over: { method?: string; body?: string; type?: string } = {}) =>
  harness.ask({
    method: over.method ?? "GET",
    path: `/user_query/v2/user${query}`,
    headers: {
      ...bearer(await harness.token()),
      ...(over.type === undefined ? {} : { "content-type": over.type }),
    },
    ...(over.body === undefined ? {} : { body: over.body }),
  });

describe("a firewall that reports a person", () => {
  it("is answered with the entry and its groups once the report is durable", async () => {
    outcome = async ({ ip }) => {
      harness.source.tell(anEntry({ ip, user: anEntryUser({ name: "carol", groups: ["finance"] }) }));
      return { kind: "recorded" };
    };
    const answer = await report("?ip=10.90.0.1&id=carol&domain=corp.example");
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({
      report_entries: [{ user: "carol", roles: ["finance"] }],
    });
    expect(written).toMatchObject([
      {
        sourceId: "point-1",
        family: "srx-push",
        addressSpaceId: "space-1",
        ip: "10.90.0.1",
        kind: "user",
        verb: "start",
        class: "A",
        effectiveAt: harness.clock.now(),
        lifetimeMs: 86_400_000,
        principal: { name: "carol", domain: "corp.example" },
        rule: "srx-push:captive-portal",
      },
    ]);
  });

  it.each([
    ["connect", "start", "srx-push:connect"],
    ["rekey", "refresh", "srx-push:rekey"],
    ["disconnect", "end", "srx-push:disconnect"],
    ["terminate", "end", "srx-push:disconnect"],
    ["logoff", "end", "srx-push:captive-portal"],
  ])("and says %s is understood as %s", async (state, verb, rule) => {
    await report("", {
      method: "POST",
      type: "application/json",
      body: JSON.stringify({ ip: "10.90.0.1", user: "CORP\\carol", state }),
    });
    expect(written).toMatchObject([{ verb, rule, principal: { name: "carol", domain: "CORP" } }]);
    expect(written[0]?.endScope).toEqual(verb === "end" ? { principal: "named", family: "same" } : undefined);
  });

  it("says the same twice within a second: it is one record; a second later it is another", async () => {
    await report("?ip=10.90.0.1&id=carol");
    await report("?ip=10.90.0.1&id=Carol");
    await harness.clock.advance(1000);
    await report("?ip=10.90.0.1&id=carol");
    const [first, repeated, later] = written.map(({ id }) => id);
    expect(repeated).toBe(first);
    expect(later).not.toBe(first);
  });

  it.each([
    [
      "an address it may not report for",
      "?ip=10.91.0.1&id=mallory",
      "a report of a user at 10.91.0.1, for which it may not report",
    ],
    ["a state that nobody knows", "?ip=10.90.0.1&id=carol&state=logon-failed", "a state that nobody knows"],
    ["a name that is none", "?ip=10.90.0.1&id=a%3Cb", "whose name is not one"],
    ["no address", "?id=carol", "without an address"],
  ])(
    "with %s is refused: nothing is written, the answer is empty, its page says why",
    async (_, query, sentence) => {
      const answer = await report(query);
      expect([answer.status, answer.body]).toEqual([200, '{"report_entries":[]}']);
      expect(written).toEqual([]);
      expect(harness.contacts.contactOf("tenant-1", "point-1")?.lastRefusal).toContain(sentence);
      expect(harness.server.health().counters.userReportsRefused).toBe(1);
    },
  );

  it("while it is told of several address spaces, is refused: which one is meant cannot be known", async () => {
    harness.points.setPoints([
      aPoint({ mayReport: ["10.90.0.0/16"], filter: { ...EVERYTHING, addressSpaceIds: ["a", "b"] } }),
    ]);
    await report("?ip=10.90.0.1&id=carol");
    expect(written).toEqual([]);
  });

  it("is told to come again when the report is not durable in time: an empty 200 would mean that it is", async () => {
    outcome = () => new Promise(() => undefined);
    const begun = performance.now();
    const answer = await report("?ip=10.90.0.1&id=carol");
    expect(answer.status).toBe(503);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it("or only asks, naming nobody, is answered with who is there", async () => {
    harness.source.tell(anEntry({ ip: "10.91.0.1", user: anEntryUser({ name: "dan" }) }));
    expect((await report("?ip=10.91.0.1")).body).toContain('"user":"dan"');
    expect(written).toEqual([]);
  });
});
