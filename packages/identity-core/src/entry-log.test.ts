import { describe, expect, it } from "vitest";
import { ReplicaTable } from "./replica-table.ts";
import { SessionTable } from "./session-table.ts";
import { aLogon, anEnd, at } from "./testing/builders.ts";

const newTable = () => new SessionTable({ issuer: "0000000000000001", incarnation: "0000000000000001" });

describe("EntryLog.segmentStamp", () => {
  it("stays while entries are added or merely refreshed, and changes when one of the range is replaced", () => {
    const table = newTable();
    table.apply([aLogon({ at: "09:00" })], at("09:00"));
    const through = table.revision;
    const stamp = table.segmentStamp(0, through);
    table.apply([aLogon({ at: "09:01", ip: "10.0.0.2", user: "ben" })], at("09:01"));
    table.apply([aLogon({ at: "09:02" })], at("09:02"));
    expect(table.segmentStamp(0, through)).toBe(stamp);
    table.apply([anEnd({ at: "09:03" })], at("09:03"));
    expect(table.segmentStamp(0, through)).not.toBe(stamp);
  });

  it("changes when a tombstone of the range is forgotten", () => {
    const table = newTable();
    table.apply([aLogon({ at: "09:00" })], at("09:00"));
    table.apply([anEnd({ at: "09:03" })], at("09:03"));
    const stamp = table.segmentStamp(0, table.revision);
    table.advance(at("09:04") + 2 * 86_400_000);
    expect(table.segmentStamp(0, table.revision)).not.toBe(stamp);
  });

  it("changes when an address of the range becomes live in a second space", () => {
    const table = newTable();
    table.apply([aLogon({ at: "09:00", space: "berlin" })], at("09:00"));
    const through = table.revision;
    const stamp = table.segmentStamp(0, through);
    table.apply([aLogon({ at: "09:10", space: "leeds", user: "bob" })], at("09:10"));
    expect(table.segmentStamp(0, through)).not.toBe(stamp);
  });

  it("changes when a replica is loaded anew under the same numbering, because it may have missed what became of the range", () => {
    const table = newTable();
    table.apply([aLogon({ at: "09:00" })], at("09:00"));
    const { issuer, incarnation } = table;
    const replica = new ReplicaTable();
    const load = () =>
      replica.load({
        issuer,
        incarnation,
        revision: table.revision,
        floorRevision: 0,
        entries: table.entries(),
      });
    load();
    const through = table.revision;
    const stamp = replica.segmentStamp(0, through);
    table.apply([aLogon({ at: "09:01", ip: "10.0.0.2", user: "ben" })], at("09:01"));
    table.apply([anEnd({ at: "09:03" })], at("09:03"));
    load();
    expect(replica.segmentStamp(0, through)).not.toBe(stamp);
  });
});
