import type { Entry } from "@rollcall/identity-core";
import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import { afterEach, describe, expect, test } from "vitest";
import {
  aPoint,
  bearer,
  type Document,
  EVERYTHING,
  type Harness,
  startHarness,
  TestTable,
} from "./testing/index.ts";

let harness: Harness;
afterEach(() => harness.stop());

const BATCH = "/user_query/v2/users/endpoints";
const ips = (document: Document): string[] => document.report_entries.map(({ ip }) => ip);

const NOW = Date.parse("2026-01-05T08:00:00Z");
const logon = (ip: string, name = "alice", over: Partial<Entry> = {}): Entry =>
  anEntry({ changedAt: NOW, ...over, ip, user: anEntryUser({ name }) });
const nobody = (ip: string): Entry =>
  anEntry({ changedAt: NOW, ip, lastUser: { domain: "corp.example", name: "alice" } });

/** Follows the cookie until a page is not full, as a firewall does. */
async function drain(
  token: string,
  first: string,
  count: number,
): Promise<{ seen: string[]; cookie: string; pages: number }> {
  const seen: string[] = [];
  let path = first;
  for (let pages = 1; ; pages++) {
    if (pages > 100) throw new Error("the pages do not end");
    const page = await harness.poll(token, `${BATCH}?${path}&entry_count=${count}`);
    seen.push(...ips(page));
    path = `cookie=${page.cookie}`;
    if (page.report_entries.length < count) return { seen, cookie: page.cookie ?? "", pages };
  }
}

describe("a batch", () => {
  test("hands a firewall each change once, in order, also one that lands between two pages", async () => {
    harness = await startHarness();
    for (let at = 1; at <= 5; at++) harness.source.tell(logon(`10.0.0.${at}`));
    const token = await harness.token();
    const first = await harness.poll(token, `${BATCH}?begintime=0&entry_count=2`);
    harness.source.tell(logon("10.0.0.9"));
    const rest = await drain(token, `cookie=${first.cookie}`, 2);
    expect([...ips(first), ...rest.seen]).toEqual([
      "10.0.0.1",
      "10.0.0.2",
      "10.0.0.3",
      "10.0.0.4",
      "10.0.0.5",
      "10.0.0.9",
    ]);
    expect(await harness.poll(token, `${BATCH}?cookie=${rest.cookie}&entry_count=2`)).toEqual({
      cookie: rest.cookie,
      report_entries: [],
    });
  });

  test("of nothing new is the same answer again, and is no longer the same once something changed", async () => {
    harness = await startHarness();
    harness.source.tell(logon("10.0.0.1"));
    const token = await harness.token();
    const { cookie } = await drain(token, "begintime=0", 200);
    const path = `${BATCH}?cookie=${cookie}&entry_count=200`;
    for (let at = 0; at < 3; at++) expect((await harness.poll(token, path)).report_entries).toEqual([]);
    harness.source.tell(logon("10.0.0.2"));
    expect(ips(await harness.poll(token, path))).toEqual(["10.0.0.2"]);
    harness.points.setPoints([aPoint({ filter: { ...EVERYTHING, excludeIp: ["10.0.0.1"] } })]);
    expect(ips(await harness.poll(token, path))).toEqual(["10.0.0.1", "10.0.0.2"]);
    expect(harness.contacts.contactOf("tenant-1", "point-1")).toMatchObject({ batches: 6, entriesSent: 4 });
  });

  test("of nothing new is the full table, with whom it may see no more taken back, once somebody changed what it may see", async () => {
    harness = await startHarness();
    harness.source.tell(logon("10.0.0.1"));
    harness.source.tell(logon("10.0.0.2"));
    const token = await harness.token();
    const { cookie } = await drain(token, "begintime=0", 200);
    const path = `${BATCH}?cookie=${cookie}&entry_count=200`;
    for (let at = 0; at < 2; at++) expect((await harness.poll(token, path)).report_entries).toEqual([]);
    harness.points.setPoints([aPoint({ filter: { ...EVERYTHING, excludeIp: ["10.0.0.1"] } })]);
    const { report_entries: entries } = await harness.poll(token, path);
    expect(entries.map(({ operation, ip }) => `${operation} ${ip}`)).toEqual([
      "logoff 10.0.0.1",
      "logon 10.0.0.2",
    ]);
  });

  test("tells a logoff with the user that left, and a role change with all roles", async () => {
    harness = await startHarness();
    harness.source.tell(nobody("10.0.0.1"));
    const token = await harness.token();
    const page = await harness.poll(token, `${BATCH}?begintime=0&entry_count=200`);
    expect(page.report_entries).toMatchObject([{ ip: "10.0.0.1", operation: "logoff", user: "alice" }]);
  });

  test("keeps the cookie in the body and as Set-Cookie, and reads it from a header too", async () => {
    harness = await startHarness();
    harness.source.tell(logon("10.0.0.1"));
    const token = await harness.token();
    const first = await harness.ask({ path: `${BATCH}?begintime=0&entry_count=200`, headers: bearer(token) });
    const { cookie = "" } = JSON.parse(first.body) as Document;
    expect(first.headers["set-cookie"]).toEqual([`report=${cookie}; Path=/user_query`]);
    const next = await harness.ask({
      path: `${BATCH}?entry_count=200`,
      headers: { ...bearer(token), cookie: `report=${cookie}` },
    });
    expect(JSON.parse(next.body)).toEqual({ cookie, report_entries: [] });
  });
});

describe("a cookie that cannot be gone on from is answered with the full table, never an error, never an empty page", () => {
  const setUp = async () => {
    harness = await startHarness();
    harness.source.tell(logon("10.0.0.1"));
    harness.source.tell(logon("10.0.0.2"));
    const token = await harness.token();
    return { token, ...(await drain(token, "begintime=0", 200)) };
  };
  const full = ["10.0.0.1", "10.0.0.2"];

  test.each([
    ["forged", (cookie: string) => `${cookie.slice(0, 59)}${cookie.endsWith("A") ? "B" : "A"}`],
    ["truncated", (cookie: string) => cookie.slice(0, 40)],
    ["of somebody else's making", () => "JSESSIONID-12345"],
  ])("%s", async (_, bend) => {
    const { token, cookie } = await setUp();
    expect(ips(await harness.poll(token, `${BATCH}?cookie=${bend(cookie)}&entry_count=200`))).toEqual(full);
  });

  test("of another firewall of the same customer", async () => {
    const { cookie } = await setUp();
    harness.points.setPoints([aPoint(), aPoint({ id: "point-2", clientId: "srx-b" })]);
    const other = await harness.token({ clientId: "srx-b" });
    expect(ips(await harness.poll(other, `${BATCH}?cookie=${cookie}&entry_count=200`))).toEqual(full);
  });

  test("of the time before a restart with another incarnation", async () => {
    const { token, cookie } = await setUp();
    harness.source.incarnation = "00000000000000cc";
    expect(ips(await harness.poll(token, `${BATCH}?cookie=${cookie}&entry_count=200`))).toEqual(full);
  });

  test("of another responder: the agent's cookie at the cloud", async () => {
    const cloud = new TestTable("00000000000000ff");
    cloud.tell(logon("10.0.0.1"));
    harness = await startHarness({ sourceFor: () => table });
    let table: TestTable = harness.source;
    harness.source.tell(logon("10.0.0.1"));
    const token = await harness.token();
    const { cookie } = await drain(token, "begintime=0", 200);
    table = cloud;
    expect(ips(await harness.poll(token, `${BATCH}?cookie=${cookie}&entry_count=200`))).toEqual(["10.0.0.1"]);
  });

  test("from the future: a table restored from an older copy", async () => {
    const { token, cookie } = await setUp();
    const restored = new TestTable();
    restored.tell(logon("10.0.0.1"));
    Object.assign(harness.source, { revision: 1 });
    expect(ips(await harness.poll(token, `${BATCH}?cookie=${cookie}&entry_count=200`))).toEqual(full);
  });

  test("with another filter than the one it was made for", async () => {
    const { token, cookie } = await setUp();
    const path = `${BATCH}?cookie=${cookie}&entry_count=200&exclude-ip=10.0.0.2`;
    expect(ips(await harness.poll(token, path))).toEqual(["10.0.0.1"]);
  });

  test("older than the tombstones that are kept", async () => {
    harness = await startHarness();
    const token = await harness.token();
    harness.source.tell(logon("10.0.0.3"));
    harness.source.tell(logon("10.0.0.1"));
    const { cookie } = await drain(token, "begintime=0", 200);
    harness.source.tell(nobody("10.0.0.1"));
    harness.source.tell(logon("10.0.0.2"));
    harness.source.prune(NOW + 1);
    expect(ips(await harness.poll(token, `${BATCH}?cookie=${cookie}&entry_count=200`))).toEqual([
      "10.0.0.3",
      "10.0.0.2",
    ]);
  });

  test("but a full table whose old entries lie below the floor comes to its end", async () => {
    harness = await startHarness();
    for (let at = 1; at <= 7; at++) harness.source.tell(logon(`10.0.0.${at}`));
    harness.source.tell(nobody("10.0.0.8"));
    harness.source.prune(NOW + 1);
    expect(harness.source.floorRevision).toBe(8);
    const token = await harness.token();
    const { seen, cookie, pages } = await drain(token, "begintime=0", 3);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7].map((at) => `10.0.0.${at}`));
    expect(pages).toBe(3);
    expect(await harness.poll(token, `${BATCH}?cookie=${cookie}&entry_count=3`)).toEqual({
      cookie,
      report_entries: [],
    });
  });
});

describe("a firewall that names a time instead of a cookie", () => {
  test("is told what changed at or after it", async () => {
    harness = await startHarness();
    harness.source.tell(logon("10.0.0.1", "a", { changedAt: NOW - 10_000 }));
    harness.source.tell(logon("10.0.0.2", "a", { changedAt: NOW - 5000 }));
    harness.source.tell(logon("10.0.0.3", "a", { changedAt: NOW }));
    const token = await harness.token();
    const since = (at: number) => harness.poll(token, `${BATCH}?begintime=${at}&entry_count=200`).then(ips);
    expect(await since((NOW - 5000) / 1000)).toEqual(["10.0.0.2", "10.0.0.3"]);
    expect(await since(NOW - 4000)).toEqual(["10.0.0.3"]);
    expect(await since(0)).toHaveLength(3);
  });

  test("and repeats it after a full page goes on from there, then begins again", async () => {
    harness = await startHarness();
    for (let at = 1; at <= 5; at++) harness.source.tell(logon(`10.0.0.${at}`));
    const token = await harness.token();
    const again = () => harness.poll(token, `${BATCH}?begintime=${NOW / 1000}&entry_count=2`).then(ips);
    expect(await again()).toEqual(["10.0.0.1", "10.0.0.2"]);
    expect(await again()).toEqual(["10.0.0.3", "10.0.0.4"]);
    expect(await again()).toEqual(["10.0.0.5"]);
    expect(await again()).toEqual(["10.0.0.1", "10.0.0.2"]);
  });

  test("that its clock puts in the future is told everything", async () => {
    harness = await startHarness();
    harness.source.tell(logon("10.0.0.1"));
    const token = await harness.token();
    expect(ips(await harness.poll(token, `${BATCH}?begintime=${NOW / 1000 + 3600}&entry_count=200`))).toEqual(
      ["10.0.0.1"],
    );
  });

  test("finds its place in a long table without walking it from the start", async () => {
    harness = await startHarness();
    for (let at = 0; at < 5000; at++) {
      harness.source.tell(logon(`10.1.${at >> 8}.${at & 255}`, "a", { changedAt: NOW - 100_000 + at }));
    }
    let walked = 0;
    const changesSince = harness.source.changesSince.bind(harness.source);
    harness.source.changesSince = (after, limit, filter) => {
      const page = changesSince(after, limit, filter);
      walked += page.entries.length;
      return page;
    };
    const token = await harness.token();
    const since = () =>
      harness.poll(token, `${BATCH}?begintime=${NOW - 100_000 + 4990}&entry_count=200`).then(ips);
    expect(await since()).toHaveLength(10);
    walked = 0;
    expect(await since()).toHaveLength(10);
    expect(walked).toBeLessThan(2500);
  });
});

describe("filters", () => {
  test("of the point and of the question both hold", async () => {
    harness = await startHarness();
    harness.points.setPoints([aPoint({ filter: { ...EVERYTHING, includeIp: ["10.0.0.0/24"] } })]);
    for (const ip of ["10.0.0.1", "10.0.0.200", "10.0.1.1"]) harness.source.tell(logon(ip));
    const token = await harness.token();
    const seen = (filter: string) =>
      harness.poll(token, `${BATCH}?begintime=0&entry_count=200${filter}`).then(ips);
    expect(await seen("")).toEqual(["10.0.0.1", "10.0.0.200"]);
    expect(await seen("&include-ip=10.0.0.0/25")).toEqual(["10.0.0.1"]);
    expect(await seen("&include-ip=10.0.1.0/24")).toEqual([]);
    expect(await seen("&include-ip=rubbish")).toEqual(["10.0.0.1", "10.0.0.200"]);
    expect(await seen("&domain=other.example")).toEqual([]);
  });

  test("hold for address queries too", async () => {
    harness = await startHarness();
    harness.points.setPoints([aPoint({ filter: { ...EVERYTHING, excludeIp: ["10.0.0.2"] } })]);
    harness.source.tell(logon("10.0.0.1"));
    harness.source.tell(logon("10.0.0.2"));
    const token = await harness.token();
    expect(ips(await harness.poll(token, "/user_query/v2/ip/10.0.0.1"))).toEqual(["10.0.0.1"]);
    expect(ips(await harness.poll(token, "/user_query/v2/ip/10.0.0.2"))).toEqual([]);
  });
});

describe("an address query", () => {
  test("for nobody is an empty document with 200, and asks for a look-up", async () => {
    const misses: unknown[] = [];
    harness = await startHarness({
      onIpMiss({ ip, refresh, point }) {
        misses.push([ip, refresh, point.id]);
        return null;
      },
    });
    harness.source.tell(logon("10.0.0.1"));
    const token = await harness.token();
    expect(await harness.poll(token, "/user_query/v2/ip/10.9.9.9")).toEqual({ report_entries: [] });
    expect(ips(await harness.poll(token, "/user_query/v2/ip/10.0.0.1"))).toEqual(["10.0.0.1"]);
    await harness.poll(token, "/user_query/v2/ip/10.0.0.1?force-probe");
    expect(misses).toEqual([
      ["10.9.9.9", false, "point-1"],
      ["10.0.0.1", true, "point-1"],
    ]);
    expect(harness.contacts.contactOf("tenant-1", "point-1")).toMatchObject({ ipQueries: 3, entriesSent: 2 });
  });

  test("waits for somebody who finds out, and is answered with what was found", async () => {
    harness = await startHarness({
      async onIpMiss() {
        harness.source.tell(logon("10.0.0.9"));
      },
    });
    const token = await harness.token();
    expect(ips(await harness.poll(token, "/user_query/v2/ip/10.0.0.9"))).toEqual(["10.0.0.9"]);
  });

  test("is answered with nobody within two seconds where finding out takes longer, or fails", async () => {
    harness = await startHarness({
      onIpMiss: ({ ip }) =>
        ip === "10.9.9.9" ? new Promise(() => undefined) : Promise.reject(new Error("the agent stops")),
    });
    const token = await harness.token();
    const from = performance.now();
    expect(await harness.poll(token, "/user_query/v2/ip/10.9.9.8")).toEqual({ report_entries: [] });
    expect(await harness.poll(token, "/user_query/v2/ip/10.9.9.9")).toEqual({ report_entries: [] });
    expect(performance.now() - from).toBeLessThan(10_000);
  });
});
