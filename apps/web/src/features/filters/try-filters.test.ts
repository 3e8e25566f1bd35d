import { describe, expect, it } from "vitest";
import { type Filter, filterProblem, tryFilters } from "./try-filters.ts";

let n = 0;
function aFilter(kind: Filter["kind"], value: string, enabled = true): Filter {
  n += 1;
  return { id: `f${n}`, kind, value, domain: null, note: "", enabled, createdAt: new Date(0) };
}

const someone = { ip: "10.1.1.5", user: "CD\\svc-scan", dn: "" };

describe("the test box of the filters", () => {
  it("names the filter that keeps a service account back, whatever its case", () => {
    const filter = aFilter("principal-exclude", "^SVC-");
    expect(tryFilters([filter], someone)).toEqual({ kind: "kept-back", filter, rule: filter.id });
  });

  it("names the range that excludes an address, before any name is looked at", () => {
    const range = aFilter("ip-exclude", "10.1.1.0/24");
    expect(tryFilters([aFilter("principal-exclude", "svc"), range], someone)).toMatchObject({
      kind: "kept-back",
      filter: range,
    });
  });

  it("keeps everything outside the included ranges back", () => {
    expect(tryFilters([aFilter("ip-include", "10.2.0.0/16")], someone)).toMatchObject({
      kind: "kept-back",
      filter: null,
      rule: "ip-include",
    });
    expect(tryFilters([aFilter("ip-include", "10.1.0.0/16")], someone)).toEqual({ kind: "kept" });
  });

  it("does not count a filter that is switched off", () => {
    expect(tryFilters([aFilter("principal-exclude", "svc", false)], someone)).toEqual({ kind: "kept" });
  });

  it("tells what is built in, without any filter", () => {
    expect(tryFilters([], { ...someone, ip: "127.0.0.1" })).toMatchObject({ rule: "never-a-session" });
    expect(tryFilters([], { ...someone, user: "krbtgt" })).toMatchObject({ rule: "product-account" });
  });

  it("says that a text is no address instead of guessing", () => {
    expect(tryFilters([], { ...someone, ip: "10.1.1" })).toEqual({ kind: "not-an-address" });
  });
});

describe("a filter's value", () => {
  it("is checked by its kind while it is typed", () => {
    expect(filterProblem("ip-exclude", "10.0.0.0/8")).toBeNull();
    expect(filterProblem("ip-exclude", "10.0.0.0/99")).toMatch(/prefix/);
    expect(filterProblem("principal-exclude", "^svc-")).toBeNull();
    expect(filterProblem("principal-exclude", "(?<=a)b")).toMatch(/At character 1: look-behind/);
  });
});
