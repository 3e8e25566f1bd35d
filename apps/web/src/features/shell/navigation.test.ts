import { describe, expect, it } from "vitest";
import { allowedNav, customerNav, samePageAt } from "./navigation.ts";

describe("switching customer", () => {
  it("keeps the kind of page and drops the thing that was open", () => {
    expect(samePageAt("/c/castell/enforcement/0b2c", "tamar")).toBe("/c/tamar/enforcement");
    expect(samePageAt("/c/castell", "tamar")).toBe("/c/tamar");
  });

  it("leads to the overview from a page of the practice", () => {
    expect(samePageAt("/fleet/customers", "tamar")).toBe("/c/tamar");
  });
});

describe("the customer's navigation", () => {
  it("puts Set-up first until the first firewall has been answered, and never loses it", () => {
    const first = (isSettingUp: boolean) => customerNav("tamar", isSettingUp)[0]?.items[0]?.label;
    expect(first(true)).toBe("Set-up");
    expect(first(false)).toBe("Overview");
    const all = customerNav("tamar", false).flatMap((group) => group.items.map((item) => item.label));
    expect(all.filter((label) => label === "Set-up")).toHaveLength(1);
  });

  it("offers no page that the person's role would be refused", () => {
    const labels = allowedNav(customerNav("tamar", false), (right) => right === "agent:read").flatMap(
      (group) => group.items.map((item) => item.label),
    );
    expect(labels).toEqual(["Overview", "Agents", "Sites", "Set-up"]);
  });
});
