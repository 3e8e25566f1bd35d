import { readProfile, type SrxProfile } from "@rollcall/srx-protocol";
import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aPoint, type Harness, startHarness } from "./testing/server-harness.ts";

function profileWith(rest: Record<string, unknown>): SrxProfile {
  const reading = readProfile({
    body: {
      kind: "json",
      listKey: "report_entries",
      fields: [
        { of: "ip", as: ["ip"] },
        { of: "user", as: ["user"] },
        { of: "operation", as: ["operation"] },
      ],
    },
    ...rest,
  });
  if (reading.kind === "refused") throw new Error(JSON.stringify(reading.faults));
  return reading.profile;
}

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.stop());

/** A firewall that applies what it is told, from its cookie on. */
async function follow(token: string) {
  const table = new Map<string, string>();
  let cookie: string | undefined;
  let polls = 0;
  return {
    table,
    get polls() {
      return polls;
    },
    async poll() {
      for (;;) {
        const from = cookie === undefined ? "begintime=0" : `cookie=${cookie}`;
        const document = await harness.poll(token, `/q/endpoints?${from}&entry_count=50`);
        polls += 1;
        cookie = document.cookie;
        for (const { ip, user, operation } of document.report_entries) {
          if (operation === "logon") table.set(ip, user);
          else table.delete(ip);
        }
        if (document.report_entries.length < 50) return document.report_entries.length;
      }
    },
  };
}
const person = (at: number) =>
  anEntry({ ip: `10.0.${at >> 8}.${at & 255}`, user: anEntryUser({ name: `u${at}` }) });
const gone = (at: number) =>
  anEntry({
    ip: `10.0.${at >> 8}.${at & 255}`,
    unknownBecause: "ended",
    lastUser: { domain: "", name: `u${at}` },
  });

describe("a firewall that holds fewer entries than there are", () => {
  it("is told of so many, never of more, and its page says how many are missing", async () => {
    harness.points.setPoints([aPoint({ profile: profileWith({ limits: { entries: 100 } }) })]);
    for (let at = 0; at < 130; at++) harness.source.tell(person(at));
    const firewall = await follow(await harness.token());
    await firewall.poll();
    await firewall.poll();
    expect(firewall.table.size).toBe(100);
    expect(firewall.table.get("10.0.0.0")).toBe("u0");
    expect(harness.contacts.contactOf("tenant-1", "point-1")?.entriesBeyondLimit).toBe(30);
    // Whom it was told of it goes on being told of, also while it is full.
    harness.source.tell({ ...person(5), user: anEntryUser({ name: "zoe" }) });
    await firewall.poll();
    expect(firewall.table.get("10.0.0.5")).toBe("zoe");
    expect(firewall.table.size).toBe(100);
  });

  it("lets others in when a tenth of the room is free again", async () => {
    harness.points.setPoints([aPoint({ profile: profileWith({ limits: { entries: 100 } }) })]);
    for (let at = 0; at < 130; at++) harness.source.tell(person(at));
    const firewall = await follow(await harness.token());
    await firewall.poll();
    await harness.clock.advance(11 * 60_000);
    for (let at = 0; at < 20; at++) harness.source.tell(gone(at));
    for (let poll = 0; poll < 3; poll++) await firewall.poll();
    expect(firewall.table.size).toBe(100);
    expect(firewall.table.has("10.0.0.5")).toBe(false);
    expect(firewall.table.get("10.0.0.115")).toBe("u115");
  });
});

describe("what else a profile limits", () => {
  it("a firewall that takes no IPv6 is told none, whatever its enforcement point says", async () => {
    harness.points.setPoints([aPoint({ profile: profileWith({ limits: { ipv6: false } }) })]);
    harness.source.tell(anEntry({ ip: "2001:db8::1", user: anEntryUser() }));
    harness.source.tell(anEntry({ ip: "10.0.0.1", user: anEntryUser() }));
    const firewall = await follow(await harness.token());
    await firewall.poll();
    expect([...firewall.table.keys()]).toEqual(["10.0.0.1"]);
  });

  it("an answer holds no more entries than the profile says", async () => {
    harness.points.setPoints([aPoint({ profile: profileWith({ batch: { maxEntries: 7 } }) })]);
    for (let at = 0; at < 20; at++) harness.source.tell(person(at));
    const document = await harness.poll(await harness.token(), "/q/endpoints?begintime=0&entry_count=200");
    expect(document.report_entries).toHaveLength(7);
  });

  it("its own names of parameters, its token's form and lifetime, and how credentials may come", async () => {
    harness.points.setPoints([
      aPoint({
        profile: profileWith({
          batch: { countParams: ["max"], beginParams: ["from"] },
          token: { format: "hex40", ttlSeconds: 600, accept: ["form"] },
        }),
      }),
    ]);
    const token = await harness.token();
    expect(token).toMatch(/^[0-9a-f]{40}$/);
    for (let at = 0; at < 5; at++) harness.source.tell(person(at));
    expect((await harness.poll(token, "/q?from=0&max=3")).report_entries).toHaveLength(3);
    await harness.clock.advance(601_000);
    await expect(harness.poll(token, "/q?from=0&max=3")).rejects.toThrow("401");
    const json = await harness.ask({
      method: "POST",
      path: "/oauth",
      headers: { "content-type": "application/json" },
      body: '{"client_id":"srx-a","client_secret":"EXAMPLE"}',
    });
    expect(json.status).toBe(400);
  });
});

describe("a firewall that lets entries age out", () => {
  it("is told everything again once a period, and never anew in the middle of it", async () => {
    harness.points.setPoints([aPoint({ reannounceMinutes: 60 })]);
    for (let at = 0; at < 120; at++) harness.source.tell(person(at));
    const firewall = await follow(await harness.token());
    await firewall.poll();
    let resends = 0;
    const begunAt = harness.server.health().counters.resends;
    for (let minute = 0; minute < 6 * 60; minute++) {
      await harness.clock.advance(60_000);
      const before = firewall.polls;
      await firewall.poll();
      if (firewall.polls - before > 1) resends += 1;
    }
    expect(resends).toBe(6);
    expect(harness.server.health().counters.resends - begunAt).toBe(6);
    expect(firewall.table.size).toBe(120);
  });
});
