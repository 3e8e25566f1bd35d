import { describe, expect, it } from "vitest";
import { PrincipalBook } from "./principal-book.ts";

const record = (rid: number, name: string, domain = "corp.example") => ({
  guid: `guid-${domain}-${rid}`,
  sid: `S-1-5-21-${domain.length}-${rid}`,
  kind: "user" as const,
  directoryId: domain,
  domain,
  netbiosDomain: null,
  name,
  upn: null,
  displayName: null,
  dnsHostName: null,
  dn: `CN=${name},OU=Staff,DC=${domain}`,
  primaryGroupRid: null,
  enabled: true,
});

describe("PrincipalBook", () => {
  it("tells of a change once, and again only when something differs", () => {
    const book = new PrincipalBook();
    book.graph.upsertPrincipal(record(1, "ana"));
    expect(book.takeChangedFacts(100)).toHaveLength(1);
    // Written again with another DN: nothing that a firewall is told.
    book.graph.upsertPrincipal({ ...record(1, "ana"), dn: "CN=ana,OU=Moved" });
    expect(book.takeChangedFacts(200)).toEqual([]);
    expect(book.dnOf(record(1, "ana").sid)).toBe("CN=ana,OU=Moved");
  });

  it("has what one reader leaves, or is stopped before, told by another, and each of them once", () => {
    const book = new PrincipalBook();
    for (const rid of [1, 2, 3, 4]) book.graph.upsertPrincipal(record(rid, `u${rid}`));
    book.graph.upsertPrincipal(record(9, "gone"));
    expect(book.takeChangedFacts(1)).toHaveLength(5);
    for (const rid of [1, 2, 3, 4]) book.graph.upsertPrincipal({ ...record(rid, `u${rid}`), enabled: false });
    book.graph.remove(record(9, "gone").guid);
    const first = book.changedFacts(2);
    const told = [first.next().value?.name];
    book.graph.upsertPrincipal(record(5, "u5"));
    told.push(...book.takeChangedFacts(3).map(({ name }) => name));
    expect(told.toSorted()).toEqual(["gone", "u1", "u2", "u3", "u4", "u5"]);
    expect([first.next().done, book.takeChangedFacts(4)]).toEqual([true, []]);
  });

  it("tells the system of a computer, and again when it was upgraded; of a person it knows none", () => {
    const book = new PrincipalBook();
    const desk = {
      ...record(3, "desk-7"),
      kind: "device" as const,
      os: "Windows 11 Pro",
      osVersion: "10.0 (22631)",
    };
    book.graph.upsertPrincipal(desk);
    book.graph.upsertPrincipal(record(1, "ana"));
    const [device, person] = book.takeChangedFacts(1).toSorted((a, b) => a.kind.localeCompare(b.kind));
    expect(device?.device).toEqual({ os: "Windows 11 Pro", osVersion: "10.0 (22631)" });
    expect(person?.device).toBeUndefined();
    book.graph.upsertPrincipal({ ...desk, osVersion: "10.0 (26100)" });
    expect(book.takeChangedFacts(2)[0]?.device?.osVersion).toBe("10.0 (26100)");
  });

  it("says of a computer which mark it is of, and says so again when it moves, gets a name, or the marks become others", () => {
    const book = new PrincipalBook();
    const host = { ...record(8, "RDS1"), kind: "device" as const };
    book.graph.upsertPrincipal(host);
    book.graph.upsertPrincipal(record(1, "ana"));
    const marks = () => book.takeChangedFacts(1).map(({ name, hostMarkId }) => [name, hostMarkId ?? null]);
    expect(marks().toSorted()).toEqual([
      ["RDS1", null],
      ["ana", null],
    ]);
    book.setHostMarks(({ dn, hasRemoteDesktopName }) =>
      dn.includes("OU=Hosts") && hasRemoteDesktopName ? "rds" : null,
    );
    expect(marks()).toEqual([]);
    book.graph.upsertPrincipal({ ...host, dn: "CN=RDS1,OU=Hosts", hasRemoteDesktopName: true });
    expect(marks()).toEqual([["RDS1", "rds"]]);
    book.setHostMarks(() => null);
    expect(marks()).toEqual([["RDS1", null]]);
  });

  it("knows of an account whether it may be a service's, and all its groups whatever is listed of them", () => {
    const book = new PrincipalBook(() => false);
    const svc = { ...record(9, "svc"), netbiosDomain: "CORP", hasServiceName: true, isPasswordForever: true };
    book.graph.upsertPrincipal(svc);
    book.graph.upsertPrincipal(record(1, "ana"));
    for (const [guid, rid] of [
      ["Helpdesk", 21],
      ["Staff", 22],
    ] as const)
      book.graph.upsertGroup({
        guid,
        sid: `S-1-5-21-12-${rid}`,
        directoryId: "corp.example",
        domain: "corp.example",
        name: guid,
        security: true,
      });
    book.graph.setMembers("Helpdesk", [svc.sid]);
    book.graph.setMembers("Staff", ["S-1-5-21-12-21"]);
    expect(book.accountOf(svc.sid)).toEqual({ hasServiceName: true, isPasswordForever: true });
    expect(book.accountOf(record(1, "ana").sid)).toEqual({ hasServiceName: false, isPasswordForever: false });
    expect(book.accountOf("S-1-5-21-9")).toBeNull();
    expect(book.takeChangedFacts(1).flatMap(({ groups }) => groups)).toEqual([]);
    expect(book.groupsOf(svc.sid)).toEqual(
      expect.arrayContaining(["helpdesk", "corp.example\\helpdesk", "corp\\helpdesk", "staff"]),
    );
  });

  it("knows domain controllers by their primary group, and what an account is called by its SID", () => {
    const book = new PrincipalBook();
    const dc = { ...record(5, "DC1"), kind: "device" as const, primaryGroupRid: 516 };
    book.graph.upsertPrincipal(dc);
    book.graph.upsertPrincipal({ ...record(6, "DESK"), kind: "device" as const, primaryGroupRid: 515 });
    book.graph.upsertPrincipal({ ...record(7, "RODC"), kind: "device" as const, primaryGroupRid: 521 });
    book.takeChangedFacts(1);
    expect(["dc1", "RODC", "desk", "dc2"].map((name) => book.isController(name))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(book.nameOf(dc.sid)).toEqual({ sid: dc.sid, name: "DC1", domain: "corp.example" });
    expect(book.nameOf("S-1-5-21-9")).toBeNull();
    book.graph.upsertPrincipal({ ...dc, primaryGroupRid: 515 });
    book.takeChangedFacts(2);
    expect(book.isController("dc1")).toBe(false);
  });

  it("gives each report a later time than the one before, also when the clock was set back", () => {
    const book = new PrincipalBook();
    book.graph.upsertPrincipal(record(1, "ana"));
    const [first] = book.takeChangedFacts(1000);
    book.graph.upsertPrincipal({ ...record(1, "ana"), enabled: false });
    const [second] = book.takeChangedFacts(10);
    expect(second?.asOf).toBeGreaterThan(first?.asOf ?? 0);
  });

  it("takes the bare name from both when a second domain has it too", () => {
    const book = new PrincipalBook();
    book.graph.upsertPrincipal(record(1, "ana"));
    expect(book.takeChangedFacts(1)[0]?.aliases).toContain("ana");
    book.graph.upsertPrincipal(record(2, "Ana", "other.example"));
    const told = book.takeChangedFacts(2);
    expect(told.map(({ domain }) => domain).sort()).toEqual(["corp.example", "other.example"]);
    for (const { aliases } of told) expect(aliases).not.toContain("ana");
  });

  it("says nothing of one that was removed before anybody was told of it", () => {
    const book = new PrincipalBook();
    book.graph.upsertPrincipal(record(1, "ana"));
    book.graph.remove(record(1, "ana").guid);
    expect(book.takeChangedFacts(1)).toEqual([]);
  });

  it("holds the groups of one person within what one message can carry", () => {
    const book = new PrincipalBook();
    const ana = record(1, "ana");
    book.graph.upsertPrincipal(ana);
    for (let index = 0; index < 150; index += 1) {
      const guid = `group-${index}`;
      const sid = `S-1-5-21-9-${index}`;
      book.graph.upsertGroup({
        guid,
        sid,
        directoryId: "d",
        domain: "d",
        name: `${"ö".repeat(40)}${index}`,
        security: true,
      });
      book.graph.setMembers(guid, [ana.sid]);
    }
    const [facts] = book.takeChangedFacts(1);
    expect(Buffer.byteLength(JSON.stringify(facts))).toBeLessThan(8000);
    expect(facts?.groups.length).toBeGreaterThan(50);
    expect(book.cutGroups).toBe(1);
  });
});
