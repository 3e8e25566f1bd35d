import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { type CustomerRow, CustomerTableView } from "./customer-table-view.tsx";
import { customersInWords, sortCustomers } from "./sort-customers.ts";

const LINKS = ["directory", "sources", "agent", "firewall", "people"] as const;

function aCustomer(
  over: Partial<CustomerRow> = {},
  state: CustomerRow["chain"]["state"] = "ok",
): CustomerRow {
  return {
    slug: "castell",
    name: "Castell & Daughters",
    hue: 1,
    adDomain: null,
    chain: {
      state,
      sentence: "DC-02 refuses the account.",
      since: null,
      links: LINKS.map((link) => ({ link, state, sentence: "", since: null, headline: "" })),
    },
    sites: 1,
    agents: { ok: 1, all: 1 },
    firewalls: { ok: 2, all: 2 },
    peopleNow: 236,
    lastWordAt: null,
    setup: { done: 6, of: 6 },
    createdAt: new Date(0),
    ...over,
  };
}

function render(rows: readonly CustomerRow[], refreshing = false): string {
  const sort = { direction: "none", onToggle: () => {} } as const;
  return renderToStaticMarkup(<CustomerTableView rows={rows} refreshing={refreshing} sortOf={() => sort} />);
}

describe("the customers' table", () => {
  it("says what is wrong only where something is", () => {
    expect(render([aCustomer({}, "bad")])).toContain("DC-02 refuses the account.");
    expect(render([aCustomer()])).not.toContain("DC-02 refuses the account.");
  });

  it("spells the chain out for those who cannot see its shapes", () => {
    expect(render([aCustomer({}, "bad")])).toContain(
      'aria-label="Directory broken, Sources broken, Agent broken, Firewall broken, People broken"',
    );
  });

  it("leads a customer that is not set up yet to its set-up", () => {
    expect(render([aCustomer({ setup: { done: 2, of: 6 } }, "never")])).toContain("Set-up 2 of 6");
  });

  it("says never instead of a time that does not exist", () => {
    expect(render([aCustomer()])).toContain(">never<");
  });

  it("marks rows that are being asked for again", () => {
    expect(render([aCustomer()], true)).toContain('aria-busy="true"');
  });
});

describe("the order of customers", () => {
  const rows = [
    aCustomer({ slug: "b", name: "Brightwater", peopleNow: 9 }),
    aCustomer({ slug: "a", name: "Aster", peopleNow: 90 }),
  ];

  it("is the API's, worst first, until a column is chosen", () => {
    expect(sortCustomers(rows, "worst", false).map((row) => row.slug)).toEqual(["b", "a"]);
    expect(sortCustomers(rows, "name", false).map((row) => row.slug)).toEqual(["a", "b"]);
    expect(sortCustomers(rows, "people", true).map((row) => row.slug)).toEqual(["b", "a"]);
  });

  it("is summed up in words that count right", () => {
    expect(customersInWords([aCustomer({ peopleNow: 1 }, "bad")], 1)).toBe(
      "1 customer · 1 person identified · 1 broken",
    );
    expect(customersInWords(rows, 1200)).toBe("1,200 customers · 99 people identified");
  });
});
