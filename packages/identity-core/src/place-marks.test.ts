import { describe, expect, it } from "vitest";
import { parseIp } from "./ip-address.ts";
import { compileMarks, type HostMarkRule } from "./place-marks.ts";

const aHostMark = (parts: Partial<HostMarkRule> = {}): HostMarkRule => ({
  id: "rds",
  under: "OU=RDS,DC=corp,DC=example",
  remoteDesktopOnly: false,
  mode: "suppress",
  ...parts,
});
const RDS1 = { dn: "CN=RDS1,OU=RDS,DC=corp,DC=example", hasRemoteDesktopName: false };
const PC7 = { dn: "CN=PC7,OU=Desks,DC=corp,DC=example", hasRemoteDesktopName: true };
const IP = parseIp("10.0.0.1");
if (IP === null) throw new Error("an address");

describe("marks of computers", () => {
  it("mean the computers under their OU and no others", () => {
    const rules = compileMarks([], [aHostMark()]);
    expect([rules.hostMarkIdOf(RDS1), rules.hostMarkIdOf(PC7)]).toEqual(["rds", null]);
  });

  it("mean of those only the ones with a Remote Desktop service name where that is asked for", () => {
    const rules = compileMarks([], [aHostMark({ remoteDesktopOnly: true })]);
    expect(rules.hostMarkIdOf(RDS1)).toBeNull();
    expect(rules.hostMarkIdOf({ ...RDS1, hasRemoteDesktopName: true })).toBe("rds");
    // The name alone, which nearly every Windows computer has, marks nobody.
    expect(rules.hostMarkIdOf(PC7)).toBeNull();
  });

  it("give way to a mark of the address, and the first of two that fit counts", () => {
    const rules = compileMarks(
      [{ addressSpaceId: "space", range: "10.0.0.1", mark: "nat", mode: "suppress" }],
      [aHostMark({ id: "one", mode: "last-interactive" }), aHostMark({ id: "two" })],
    );
    expect(rules.hostMarkIdOf(RDS1)).toBe("one");
    expect(rules.markOf("space", IP, "one")).toMatchObject({ mark: "nat" });
    expect(rules.markOf("other", IP, "one")).toMatchObject({ mark: "multi-user", mode: "last-interactive" });
    // What a directory reader said by a rule that is gone says nothing.
    expect(rules.markOf("other", IP, "three")).toBeNull();
  });

  it("name nobody where the fixed user is not said, and list the fixed users that are", () => {
    const pseudoUser = { domain: "CORP.example", name: "rds-users", groups: ["Hosts"] };
    const rules = compileMarks(
      [],
      [aHostMark({ id: "a", mode: "pseudo-user" }), aHostMark({ id: "b", mode: "pseudo-user", pseudoUser })],
    );
    expect(rules.hostMark("a")).toMatchObject({ mode: "suppress", pseudoUser: null });
    expect(rules.pseudoUsers).toMatchObject([{ key: "corp.example\\rds-users", groups: ["Hosts"] }]);
  });
});
