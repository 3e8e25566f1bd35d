import type { EntryFilter, IpAddress } from "@rollcall/identity-core";
import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FormerFilters } from "./former-filters.ts";
import { aPoint, EVERYTHING, type Harness, startHarness } from "./testing/index.ts";

const PATH = "/user_query/v2/users/endpoints";
let harness: Harness;
let token: string;
let cookie: string;
beforeEach(async () => {
  harness = await startHarness();
  token = await harness.token();
  cookie = "";
});
afterEach(() => harness.stop());

const setFilter = (over: Partial<EntryFilter>) =>
  harness.points.setPoints([aPoint({ filter: { ...EVERYTHING, ...over } })]);
const logon = (ip: string, name: string, addressSpaceId = "space-1") =>
  harness.source.tell(
    anEntry({
      ip: ip as IpAddress,
      addressSpaceId,
      changedAt: harness.clock.now(),
      user: anEntryUser({ name, since: harness.clock.now() }),
    }),
  );
const logoff = (ip: string, name: string) =>
  harness.source.tell(
    anEntry({
      ip: ip as IpAddress,
      addressSpaceId: "space-1",
      changedAt: harness.clock.now(),
      user: null,
      device: null,
      lastUser: { domain: "corp.example", name },
    }),
  );

/** Asks on from its cookie until there is nothing more. Gives what it was told, by operation. */
async function told(count = 200): Promise<string[]> {
  const said: string[] = [];
  for (;;) {
    const from = cookie === "" ? "begintime=0" : `cookie=${encodeURIComponent(cookie)}`;
    const page = await harness.poll(token, `${PATH}?${from}&entry_count=${count}`);
    cookie = page.cookie ?? "";
    for (const { ip, user, operation } of page.report_entries) said.push(`${operation} ${ip} ${user}`);
    if (page.report_entries.length === 0) return said;
  }
}

describe("a filter that is narrowed while the listener runs", () => {
  test("takes back whom it leaves out, and those who left meanwhile, once and page by page", async () => {
    for (let at = 1; at <= 5; at++) logon(`10.0.0.${at}`, `in${at}`);
    for (let at = 1; at <= 5; at++) logon(`10.9.0.${at}`, `out${at}`);
    await told();
    logoff("10.9.0.5", "out5");
    setFilter({ excludeIp: ["10.9.0.0/16"] });
    const said = await told(2);
    expect(said.filter((line) => line.includes("10.9."))).toEqual([
      "logoff 10.9.0.1 out1",
      "logoff 10.9.0.2 out2",
      "logoff 10.9.0.3 out3",
      "logoff 10.9.0.4 out4",
      "logoff 10.9.0.5 out5",
    ]);
    expect(said.filter((line) => line.startsWith("logon"))).toHaveLength(5);
    expect(harness.server.health().counters.resends).toBe(2);
    logon("10.9.0.1", "later");
    expect(await told()).toEqual([]);
  });

  test("also by addresses to include, by domain and by the switch for IPv6", async () => {
    logon("10.0.0.1", "ana");
    logon("2001:db8::1", "ben");
    await told();
    setFilter({ ipv6: false });
    expect(await told()).toContain("logoff 2001:db8::1 ben");
    setFilter({ ipv6: false, includeIp: ["10.1.0.0/16"] });
    expect(await told()).toEqual(["logoff 10.0.0.1 ana", "logoff 2001:db8::1 ben"]);
    setFilter({ domains: ["other.example"] });
    expect((await told()).toSorted()).toEqual(["logoff 10.0.0.1 ana", "logoff 2001:db8::1 ben"]);
    setFilter({});
    expect((await told()).toSorted()).toEqual(["logon 10.0.0.1 ana", "logon 2001:db8::1 ben"]);
  });

  test("of an address that another space still names nobody is logged off", async () => {
    logon("10.0.0.1", "ana", "space-1");
    logon("10.0.0.2", "ben", "space-2");
    logon("10.0.0.1", "eve", "space-2");
    await told();
    setFilter({ addressSpaceIds: ["space-1"] });
    expect((await told()).toSorted()).toEqual(["logoff 10.0.0.2 ben", "logon 10.0.0.1 ana"]);
  });

  test("names nobody who came after it was narrowed", async () => {
    logon("10.9.0.1", "ana");
    await told();
    setFilter({ excludeIp: ["10.9.0.0/16"] });
    await told();
    await harness.clock.advance(1000);
    logon("10.9.0.1", "eve");
    cookie = "";
    expect(await told()).toEqual(["logoff 10.9.0.1 "]);
  });
});

describe("the former filters of a point", () => {
  test("are each kept once, and neither the present one nor one that differs by dark sources", () => {
    const known = new FormerFilters();
    const of = (over: Partial<EntryFilter>) =>
      known.of(aPoint({ filter: { ...EVERYTHING, ...over } }), 1).map(({ filter }) => filter.excludeIp);
    expect(of({})).toEqual([]);
    expect(of({ darkSourceIds: ["dc"] })).toEqual([]);
    expect(of({ excludeIp: ["10.0.0.1"] })).toEqual([[]]);
    expect(of({})).toEqual([["10.0.0.1"]]);
    for (let at = 0; at < 20; at++) of({ excludeIp: [`10.1.0.${at}`] });
    expect(of({})).toHaveLength(8);
    const point = aPoint();
    expect(known.of(point, 2)).toBe(known.of(point, 3));
  });

  test("tell no IPv6 address to a firewall that cannot hold one", () => {
    const known = new FormerFilters();
    const { profile } = aPoint();
    known.of(aPoint(), 1);
    const narrow = { ...profile, limits: { ...profile.limits, ipv6: false } };
    const [former] = known.of(aPoint({ profile: narrow, filter: { ...EVERYTHING, ipv6: false } }), 2);
    expect(former?.filter.ipv6).toBe(false);
  });
});
