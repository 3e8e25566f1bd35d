import { describe, expect, test } from "vitest";
import { decodeFilters, NO_FILTER } from "./filters.ts";
import { filterHash, narrowFilter } from "./narrow-filter.ts";
import { parseUrlEncoded } from "./parameters.ts";

const read = (query: string) => decodeFilters(parseUrlEncoded(query) ?? []);
const open = { addressSpaceIds: ["s"], domains: [], includeIp: [], excludeIp: [], ipv6: false };

describe("filters a firewall sends", () => {
  test.each([
    ["include-ip=10.0.0.0/8", { includeIp: ["10.0.0.0/8"] }],
    [
      "include_ip=10.0.0.1,10.0.0.2;10.0.0.3%2010.0.0.4",
      { includeIp: ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"] },
    ],
    ["filter.includeAddress=10.0.0.0/255.255.0.0", { includeIp: ["10.0.0.0/255.255.0.0"] }],
    ["excl=10.0.0.1-10.0.0.9", { excludeIp: ["10.0.0.1-10.0.0.9"] }],
    ["excl=10.0.0.1+-+10.0.0.9", { excludeIp: ["10.0.0.1-10.0.0.9"] }],
    ["domain=Corp.Example&domain=lab.example", { domains: ["corp.example", "lab.example"] }],
    ["filter-domain=a,b&include-ip=fd00::/8", { domains: ["a", "b"], includeIp: ["fd00::/8"] }],
    ["include-domain=corp.example", { domains: ["corp.example"] }],
  ])("%s", (query, expected) => {
    expect(read(query)).toEqual({ filter: { ...NO_FILTER, ...expected }, warnings: [] });
  });

  test.each([
    ["include-ip=banana", "not an address, prefix or range"],
    ["include-ip=10.0.0.0/33", "not an address, prefix or range"],
    ["include-ip=10.0.0.0/255.0.255.0", "not an address, prefix or range"],
    ["exclude-ip=10.0.0.9-10.0.0.1", "not an address, prefix or range"],
    ["domain=two%20words%21", "not a domain name"],
  ])("%s is passed over with a word that does not repeat it", (query, reason) => {
    const { filter, warnings } = read(query);
    expect(filter.includeIp).toEqual([]);
    expect(warnings.at(-1)).toMatchObject({ kind: "filter-ignored", reason });
    expect(JSON.stringify(warnings)).not.toContain("banana");
  });

  test("a word that only happens to contain the letters is no filter", () => {
    expect(read("random=1&logical-domain=root&seldom=x")).toEqual({ filter: NO_FILTER, warnings: [] });
  });

  test("a list that is too long hides nothing: it is passed over as a whole", () => {
    const many = Array.from({ length: 1001 }, (_, at) => `10.0.${at >> 8}.${at & 255}`).join(",");
    expect(read(`include-ip=${many}`)).toMatchObject({
      filter: NO_FILTER,
      warnings: [{ reason: "more than 1000 values" }],
    });
    const domains = Array.from({ length: 26 }, (_, at) => `d${at}`).join(",");
    expect(read(`domain=${domains}`).filter).toEqual(NO_FILTER);
  });
});

describe("narrowing what a point may see", () => {
  test("a request without filters changes nothing", () => {
    expect(narrowFilter(open, NO_FILTER)).toEqual({ kind: "filter", filter: open });
  });

  test("either side alone limits; exclusions add up", () => {
    expect(
      narrowFilter(
        { ...open, excludeIp: ["10.1.0.0/16"] },
        { domains: ["a"], includeIp: ["10.0.0.0/8"], excludeIp: ["10.2.0.1"] },
      ),
    ).toEqual({
      kind: "filter",
      filter: { ...open, domains: ["a"], includeIp: ["10.0.0.0/8"], excludeIp: ["10.1.0.0/16", "10.2.0.1"] },
    });
  });

  test("both sides together: only what both contain", () => {
    const ours = {
      ...open,
      domains: ["corp.example", "lab.example"],
      includeIp: ["10.0.0.0/8", "fd00::/16"],
    };
    const theirs = {
      domains: ["corp", "other"],
      includeIp: ["10.255.255.0-11.0.0.5", "fd00::1"],
      excludeIp: [],
    };
    expect(narrowFilter(ours, theirs)).toEqual({
      kind: "filter",
      filter: {
        ...ours,
        domains: ["corp.example"],
        includeIp: ["10.255.255.0-10.255.255.255", "fd00::1-fd00::1"],
      },
    });
  });

  test("a longer name is another domain, unless the shorter one is a NetBIOS name", () => {
    const asked = { ...NO_FILTER, domains: ["corp.example.net"] };
    expect(narrowFilter({ ...open, domains: ["corp.example"] }, asked)).toEqual({ kind: "nothing" });
    expect(narrowFilter({ ...open, domains: ["CORP"] }, asked)).toMatchObject({
      filter: { domains: ["corp.example.net"] },
    });
  });

  test("nothing in common is nothing, never everything", () => {
    expect(narrowFilter({ ...open, domains: ["a"] }, { ...NO_FILTER, domains: ["b"] })).toEqual({
      kind: "nothing",
    });
    expect(
      narrowFilter({ ...open, includeIp: ["10.0.0.1"] }, { ...NO_FILTER, includeIp: ["10.0.0.2"] }),
    ).toEqual({
      kind: "nothing",
    });
  });

  test("the hash ignores order and repeats and notices everything else", () => {
    const base = filterHash({ ...open, domains: ["a", "b"] }, NO_FILTER);
    expect(filterHash({ ...open, domains: ["B", "a", "a"] }, NO_FILTER)).toBe(base);
    const others = [
      filterHash({ ...open, domains: ["a"] }, NO_FILTER),
      filterHash({ ...open, domains: ["a", "b"], ipv6: true }, NO_FILTER),
      filterHash({ ...open, domains: ["a", "b"], addressSpaceIds: ["t"] }, NO_FILTER),
      filterHash(open, { ...NO_FILTER, domains: ["a", "b"] }),
      filterHash(open, { ...NO_FILTER, includeIp: ["a", "b"] }),
      filterHash(open, { ...NO_FILTER, excludeIp: ["a", "b"] }),
    ];
    expect(new Set([base, ...others]).size).toBe(7);
  });
});
