import { firewallContact } from "@rollcall/agent-protocol";
import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import { describe, expect, test } from "vitest";
import { createContactRecorder } from "./index.ts";
import { aPoint } from "./testing/index.ts";

const point = aPoint();
const at = Date.parse("2026-01-05T08:00:00Z");
const user = (name: string) => anEntryUser({ name, groups: ["a", "b", "c", "d", "e", "f"] });

describe("the record of what a firewall was told", () => {
  test("is what the health report carries", () => {
    const book = createContactRecorder();
    book.token(point, "10.0.0.1", at);
    book.batch(point, "10.0.0.1", at + 1, [anEntry({ user: user("alice") }), anEntry({ ip: "192.0.2.51" })]);
    book.ipQuery(point, "10.0.0.1", at + 2, anEntry({ user: user("bob") }));
    book.ipQuery(point, "10.0.0.1", at + 3, null);
    book.refused(point, "10.0.0.2", at + 4, `${"long ".repeat(100)}`);
    const [contact] = book.contacts("tenant-1");
    expect(firewallContact.parse(contact)).toEqual(contact);
    expect(contact).toMatchObject({
      enforcementPointId: "point-1",
      lastTokenAt: at,
      lastBatchAt: at + 1,
      lastIpQueryAt: at + 3,
      tokens: 1,
      batches: 1,
      ipQueries: 2,
      entriesSent: 3,
      refused: 1,
      lastSourceAddress: "10.0.0.1",
      told: [
        {
          at: at + 2,
          ip: "192.0.2.50",
          user: "bob",
          domain: "corp.example",
          groups: ["a", "b", "c", "d", "e"],
          how: "ip-query",
        },
        { at: at + 1, ip: "192.0.2.51", user: null, domain: null, groups: [], how: "batch" },
        { at: at + 1, ip: "192.0.2.50", user: "alice", how: "batch" },
      ],
    });
  });

  test("holds the newest twenty, newest first, of however many", () => {
    const book = createContactRecorder();
    const entries = Array.from({ length: 300 }, (_, index) => anEntry({ user: user(`u${index}`) }));
    book.batch(point, "10.0.0.1", at, entries);
    book.batch(point, "10.0.0.1", at + 1, [anEntry({ user: user("last") })]);
    const told = book.contactOf("tenant-1", "point-1")?.told ?? [];
    expect(told).toHaveLength(20);
    expect([told[0]?.user, told[1]?.user, told[19]?.user]).toEqual(["last", "u299", "u281"]);
  });

  test("keeps customers apart, also where the ids of their firewalls are equal", () => {
    const book = createContactRecorder();
    book.token(point, "10.0.0.1", at);
    book.token(aPoint({ tenantId: "tenant-2" }), "10.0.0.1", at);
    expect(book.contacts()).toHaveLength(2);
    expect(book.contacts("tenant-1")).toHaveLength(1);
    book.forget("tenant-1", "point-1");
    expect(book.contactOf("tenant-1", "point-1")).toBeNull();
    expect(book.contactOf("tenant-2", "point-1")).toMatchObject({ tokens: 1 });
  });
});
