import type { FirewallContact } from "@rollcall/srx-server";
import { describe, expect, it } from "vitest";
import { mergeContact } from "./contact-desk.ts";

const told = (at: number, ip = "10.0.0.1") => ({
  at,
  ip,
  user: "ana",
  domain: "corp.example",
  groups: [],
  how: "batch" as const,
});
const contact = (of: Partial<FirewallContact> = {}): FirewallContact => ({
  enforcementPointId: "p",
  lastTokenAt: null,
  lastBatchAt: null,
  lastIpQueryAt: null,
  tokens: 0,
  batches: 0,
  ipQueries: 0,
  entriesSent: 0,
  refused: 0,
  lastRefusal: null,
  lastSourceAddress: null,
  entriesBeyondLimit: 0,
  told: [],
  ...of,
});

describe("contacts of one firewall with several gateways", () => {
  it("add up: each gateway adds what it counted since its last writing", () => {
    const first = mergeContact(null, null, contact({ batches: 3 }));
    const byOther = mergeContact(first, null, contact({ batches: 5 }));
    const again = mergeContact(byOther, contact({ batches: 3 }), contact({ batches: 4 }));
    expect([first.batches, byOther.batches, again.batches]).toEqual([3, 8, 9]);
  });

  it("go on after a restart, when counting begins at nought", () => {
    expect(
      mergeContact(contact({ tokens: 7, lastTokenAt: 5 }), null, contact({ tokens: 1, lastTokenAt: 9 })),
    ).toMatchObject({ tokens: 8, lastTokenAt: 9 });
  });

  it("keep the later of two times and do not lose what only the other knew", () => {
    const merged = mergeContact(
      contact({ lastBatchAt: 9, lastRefusal: "wrong secret" }),
      null,
      contact({ lastBatchAt: 5, lastSourceAddress: "10.0.0.9" }),
    );
    expect(merged).toMatchObject({
      lastBatchAt: 9,
      lastRefusal: "wrong secret",
      lastSourceAddress: "10.0.0.9",
    });
  });

  it("show the twenty newest entries told, each once, newest first", () => {
    const many = (from: number) => Array.from({ length: 15 }, (_, n) => told(from + n));
    const merged = mergeContact(contact({ told: many(0) }), null, contact({ told: many(10) }));
    expect(merged.told.map(({ at }) => at)).toEqual(Array.from({ length: 20 }, (_, n) => 24 - n));
  });
});
