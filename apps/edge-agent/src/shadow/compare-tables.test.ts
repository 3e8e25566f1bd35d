import type { Entry } from "@rollcall/identity-core";
import { parseIp } from "@rollcall/identity-core";
import type { ReportedEntry } from "@rollcall/srx-protocol/recording";
import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import { describe, expect, test } from "vitest";
import { compareTables, type Difference } from "./compare-tables.ts";

function reported(ip: string, over: Partial<ReportedEntry> = {}): ReportedEntry {
  return {
    kind: "logon",
    ip:
      parseIp(ip) ??
      (() => {
        throw new Error(ip);
      })(),
    user: "alice",
    domain: "corp.example",
    roles: ["engineering", "vpn-users"],
    device: "",
    deviceGroups: [],
    attributes: {},
    source: "JIMS",
    atMs: null,
    ...over,
  };
}

const aliceAt = (ip: string, over: Parameters<typeof anEntryUser>[0] = {}): Entry =>
  anEntry({ ip, user: anEntryUser(over) });

async function kinds(
  ours: readonly Entry[],
  theirs: readonly ReportedEntry[],
  before: readonly Difference[] = [],
  at = 1000,
) {
  const comparison = await compareTables(
    ours,
    new Map(theirs.map((entry) => [entry.ip, entry])),
    new Map(before.map((difference) => [difference.ip, difference])),
    { at, pause: async () => undefined },
  );
  return comparison;
}

describe("comparing two tables", () => {
  test.each([
    [
      "the same person, written in another case",
      aliceAt("10.0.0.1"),
      reported("10.0.0.1", { user: "ALICE", domain: "CORP.example", roles: ["VPN-Users", "Engineering"] }),
      null,
    ],
    ["a NetBIOS name for the domain", aliceAt("10.0.0.1"), reported("10.0.0.1", { domain: "CORP" }), null],
    ["no domain there", aliceAt("10.0.0.1"), reported("10.0.0.1", { domain: "" }), null],
    ["nobody here", anEntry({ ip: "10.0.0.1" }), reported("10.0.0.1"), "only-there"],
    ["nobody there", aliceAt("10.0.0.1"), null, "only-here"],
    [
      "a device alone there",
      aliceAt("10.0.0.1"),
      reported("10.0.0.1", { user: "", device: "pc" }),
      "only-here",
    ],
    ["somebody else", aliceAt("10.0.0.1"), reported("10.0.0.1", { user: "bob" }), "other-user"],
    [
      "a namesake of another domain",
      aliceAt("10.0.0.1"),
      reported("10.0.0.1", { domain: "other.example" }),
      "other-user",
    ],
    [
      "a group more",
      aliceAt("10.0.0.1"),
      reported("10.0.0.1", { roles: ["engineering", "vpn-users", "x"] }),
      "other-groups",
    ],
    [
      "a machine that only one knows",
      aliceAt("10.0.0.1"),
      reported("10.0.0.1", { device: "pc1" }),
      "other-device",
    ],
  ] as const)("%s", async (_, ours, theirs, kind) => {
    const { differences, same } = await kinds([ours], theirs === null ? [] : [theirs]);
    expect(differences.map((difference) => difference.kind)).toEqual(kind === null ? [] : [kind]);
    expect(same).toBe(kind === null ? 1 : 0);
  });

  test("a difference keeps its beginning while it is the same, and begins anew when it changes", async () => {
    const first = await kinds([aliceAt("10.0.0.1")], [reported("10.0.0.1", { user: "bob" })], [], 1000);
    const later = await kinds(
      [aliceAt("10.0.0.1")],
      [reported("10.0.0.1", { user: "bob" })],
      first.differences,
      5000,
    );
    const other = await kinds(
      [aliceAt("10.0.0.1")],
      [reported("10.0.0.1", { user: "carl" })],
      later.differences,
      9000,
    );
    expect([first, later, other].map(({ differences }) => differences[0]?.since)).toEqual([1000, 1000, 9000]);
  });
});
