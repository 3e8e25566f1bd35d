import { describe, expect, it } from "vitest";
import { DirectoryGraph } from "./directory-graph.ts";
import { aGroup, aUser, sid } from "./testing/builders.ts";

const OTHER = "S-1-5-21-9-9-9";

/** A graph with user 1 in group 10, 10 in 20, 20 in 30. */
function aChain() {
  const graph = new DirectoryGraph();
  const user = graph.upsertPrincipal(aUser(1));
  for (const rid of [10, 20, 30]) graph.upsertGroup(aGroup(rid));
  graph.setMembers("guid-10", [sid(1)]);
  graph.setMembers("guid-20", [sid(10)]);
  graph.setMembers("guid-30", [sid(20)]);
  graph.takeAffected();
  return { graph, user };
}

describe("DirectoryGraph", () => {
  it("finds groups through any depth of nesting", () => {
    const { graph, user } = aChain();
    expect(graph.groupNames(user)).toEqual(["group10", "group20", "group30"]);
  });

  it("ends in a circle of groups", () => {
    const { graph, user } = aChain();
    graph.setMembers("guid-10", [sid(1), sid(30)]);
    expect(graph.groupNames(user)).toEqual(["group10", "group20", "group30"]);
    graph.setMembers("guid-30", [sid(20), sid(30)]);
    expect(graph.groupNames(user)).toEqual(["group10", "group20", "group30"]);
  });

  it("counts the primary group and what that group is in, though no group lists the user", () => {
    const { graph } = aChain();
    const user = graph.upsertPrincipal(aUser(2, { primaryGroupRid: 10 }));
    expect(graph.groupNames(user)).toEqual(["group10", "group20", "group30"]);
  });

  it("gives the answer whatever was read first: members, groups or users", () => {
    const graph = new DirectoryGraph();
    graph.upsertGroup(aGroup(20));
    graph.setMembers("guid-20", [sid(10)]);
    const user = graph.upsertPrincipal(aUser(1));
    expect(graph.groupNames(user)).toEqual([]);
    graph.upsertGroup(aGroup(10));
    graph.setMembers("guid-10", [sid(1)]);
    expect(graph.groupNames(user)).toEqual(["group10", "group20"]);
  });

  it("counts a principal of another domain by its SID, before and after that domain is read", () => {
    const graph = new DirectoryGraph();
    graph.upsertGroup(aGroup(10));
    graph.setMembers("guid-10", [sid(7, OTHER)]);
    const foreign = graph.upsertPrincipal(
      aUser(7, { sid: sid(7, OTHER), guid: "foreign", domain: "other.example", directoryId: "dir-2" }),
    );
    expect(graph.groupNames(foreign)).toEqual(["group10"]);
    expect(graph.takeAffected().changed).toContain(foreign);
  });

  it("does not climb through a distribution list and does not list it", () => {
    const { graph, user } = aChain();
    graph.upsertGroup(aGroup(20, { security: false }));
    expect(graph.groupNames(user)).toEqual(["group10"]);
    expect(graph.takeAffected().changed).toEqual([user]);
  });

  it("leaves the controller's own groups out of the names and keeps them in the set", () => {
    const { graph, user } = aChain();
    const users = graph.upsertGroup(aGroup(545, { sid: "S-1-5-32-545", name: "Users" }));
    graph.setMembers("guid-545", [sid(10)]);
    expect(graph.groupNames(user)).not.toContain("Users");
    expect(graph.effectiveGroups(user)).toContain(users);
  });

  it("writes a group name with its domain only while two domains have it, and says who is affected by that", () => {
    const { graph, user } = aChain();
    graph.upsertGroup(
      aGroup(10, { guid: "other-10", sid: sid(10, OTHER), domain: "other.example", directoryId: "dir-2" }),
    );
    expect(graph.groupNames(user)).toEqual(["corp.example\\group10", "group20", "group30"]);
    expect(graph.takeAffected().changed).toEqual([user]);
    graph.remove("other-10");
    expect(graph.groupNames(user)).toEqual(["group10", "group20", "group30"]);
    expect(graph.takeAffected().changed).toEqual([user]);
  });

  it("follows a group's new name and nothing else changes", () => {
    const { graph, user } = aChain();
    graph.upsertGroup(aGroup(20, { name: "Accounting" }));
    expect(graph.groupNames(user)).toEqual(["Accounting", "group10", "group30"]);
    expect(graph.takeAffected()).toEqual({ changed: [user], removed: [] });
  });

  it("says nobody is affected when the same is written again", () => {
    const { graph } = aChain();
    graph.upsertPrincipal(aUser(1));
    graph.upsertGroup(aGroup(20));
    graph.setMembers("guid-20", [sid(10), sid(10)]);
    expect(graph.takeAffected()).toEqual({ changed: [], removed: [] });
  });

  it("affects everybody below a group that is put into another, and nobody beside it", () => {
    const { graph, user } = aChain();
    graph.upsertPrincipal(aUser(2));
    graph.upsertGroup(aGroup(40));
    graph.takeAffected();
    graph.setMembers("guid-40", [sid(30)]);
    expect(graph.takeAffected().changed).toEqual([user]);
    expect(graph.groupNames(user)).toContain("group40");
  });

  it("affects the members of a removed group, also those who have it as primary group", () => {
    const { graph, user } = aChain();
    const other = graph.upsertPrincipal(aUser(2, { primaryGroupRid: 20 }));
    graph.takeAffected();
    graph.remove("guid-20");
    expect([...graph.takeAffected().changed].sort()).toEqual([user, other]);
    expect([graph.groupNames(user), graph.groupNames(other)]).toEqual([["group10"], []]);
  });

  it("hands over what was last known of a removed user, and a restored one counts again", () => {
    const { graph } = aChain();
    expect(graph.remove("guid-1")).toBe(true);
    expect(graph.remove("guid-1")).toBe(false);
    expect(graph.takeAffected()).toEqual({
      changed: [],
      removed: [{ id: expect.any(Number), record: aUser(1) }],
    });
    const again = graph.upsertPrincipal(aUser(1));
    graph.setMembers("guid-10", [sid(1)]);
    expect(graph.groupNames(again)).toEqual(["group10", "group20", "group30"]);
  });

  it("treats an object whose SID changed as gone and new: it moved to another domain", () => {
    const { graph } = aChain();
    const moved = graph.upsertPrincipal(aUser(1, { sid: sid(1, OTHER), domain: "other.example" }));
    const affected = graph.takeAffected();
    expect(affected.changed).toEqual([moved]);
    expect(affected.removed.map(({ record }) => record.sid)).toEqual([sid(1)]);
    expect(graph.groupNames(moved)).toEqual([]);
  });

  it("drops what a full read did not meet again, of that directory only", () => {
    const { graph } = aChain();
    graph.upsertPrincipal(aUser(5, { directoryId: "dir-2" }));
    graph.takeAffected();
    const read = graph.beginRead();
    for (const rid of [10, 20, 30]) graph.upsertGroup(aGroup(rid));
    expect(graph.endRead(read, "dir-1")).toBe(1);
    expect(graph.takeAffected().removed.map(({ record }) => record.name)).toEqual(["user1"]);
    expect(graph.size).toEqual({ users: 1, devices: 0, groups: 3 });
  });

  it("lists only the groups that the filter lets through, and asks for everybody when the filter changes", () => {
    const { graph, user } = aChain();
    graph.setGroupFilter((group) => group.name === "group30");
    expect(graph.groupNames(user)).toEqual(["group30"]);
    expect(graph.takeAffected().changed).toEqual([user]);
    expect(graph.effectiveGroups(user)).toHaveLength(3);
  });

  it("says which names are shared, within a domain and beyond", () => {
    const graph = new DirectoryGraph();
    const user = graph.upsertPrincipal(aUser(1, { name: "ws1" }));
    expect(graph.sharesName(user)).toEqual({ inDomain: false, anywhere: false });
    const device = graph.upsertPrincipal(aUser(2, { name: "WS1", kind: "device" }));
    expect(graph.sharesName(user)).toEqual({ inDomain: true, anywhere: true });
    expect(graph.takeAffected().changed).toEqual([user, device]);
    graph.remove("guid-2");
    graph.upsertPrincipal(aUser(3, { name: "ws1", domain: "other.example" }));
    expect(graph.sharesName(user)).toEqual({ inDomain: false, anywhere: true });
  });

  it("keeps the groups of one who leaves what is read and comes back, and not of one who was deleted", () => {
    const { graph } = aChain();
    expect(graph.leave("guid-1")).toBe(true);
    expect(graph.groupNames(graph.upsertPrincipal(aUser(1)))).toEqual(["group10", "group20", "group30"]);
    expect(graph.remove("guid-1")).toBe(true);
    expect(graph.groupNames(graph.upsertPrincipal(aUser(1)))).toEqual([]);
  });
});
