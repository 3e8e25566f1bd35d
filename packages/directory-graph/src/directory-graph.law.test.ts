import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DirectoryGraph } from "./directory-graph.ts";
import { aGroup, aUser, sid } from "./testing/builders.ts";

const USERS = [1, 2, 3, 4, 5];
const GROUPS = [10, 11, 12, 13, 14, 15];

type Step =
  | { readonly kind: "user"; readonly rid: number; readonly primary: number | null }
  | { readonly kind: "group"; readonly rid: number; readonly name: string; readonly security: boolean }
  | { readonly kind: "members"; readonly rid: number; readonly members: readonly number[] }
  | {
      readonly kind: "join";
      readonly rid: number;
      readonly into: readonly number[];
      readonly out: readonly number[];
    }
  | { readonly kind: "remove"; readonly rid: number }
  | { readonly kind: "look" };

const user = fc.constantFrom(...USERS);
const group = fc.constantFrom(...GROUPS);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("user" as const), rid: user, primary: fc.option(group) }),
  fc.record({
    kind: fc.constant("group" as const),
    rid: group,
    name: fc.constantFrom("Staff", "staff", "VPN", "Admins"),
    security: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("members" as const),
    rid: group,
    members: fc.array(fc.oneof(user, group), { maxLength: 6 }),
  }),
  fc.record({
    kind: fc.constant("join" as const),
    rid: group,
    into: fc.array(fc.oneof(user, group), { maxLength: 20 }),
    out: fc.array(fc.oneof(user, group), { maxLength: 20 }),
  }),
  fc.record({ kind: fc.constant("remove" as const), rid: fc.oneof(user, group) }),
  fc.record({ kind: fc.constant("look" as const) }),
);

/** The same rules written the plain way: no numbers, no caches, everything computed anew. */
class PlainModel {
  users = new Map<number, { primary: number | null }>();
  groups = new Map<number, { name: string; security: boolean }>();
  members = new Map<number, Set<number>>();

  namesOf(rid: number): string[] {
    const reached = new Set<number>();
    const climb = (id: number) => {
      const known = this.groups.get(id);
      if (known === undefined || !known.security || reached.has(id)) return;
      reached.add(id);
      for (const [parent, members] of this.members) if (members.has(id)) climb(parent);
    };
    const primary = this.users.get(rid)?.primary ?? null;
    if (primary !== null) climb(primary);
    for (const [parent, members] of this.members) if (members.has(rid)) climb(parent);
    return [...new Set([...reached].map((id) => this.groups.get(id)?.name ?? ""))].sort();
  }
}

describe("the law of membership", () => {
  it("gives the same groups as the plain model after any changes, and names everyone whose groups changed", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const graph = new DirectoryGraph();
        const model = new PlainModel();
        const ids = new Map<number, number>();
        let told = new Map<number, string>();

        const look = () => {
          const affected = new Set(graph.takeAffected().changed);
          const now = new Map<number, string>();
          for (const rid of model.users.keys()) {
            const id = ids.get(rid);
            if (id === undefined) throw new Error("a user without a number");
            const names = [...graph.groupNames(id)].sort();
            expect(names).toEqual(model.namesOf(rid));
            now.set(rid, names.join());
            if (told.get(rid) !== names.join()) expect(affected.has(id)).toBe(true);
          }
          told = now;
        };

        for (const current of steps) {
          switch (current.kind) {
            case "user":
              model.users.set(current.rid, { primary: current.primary });
              ids.set(
                current.rid,
                graph.upsertPrincipal(aUser(current.rid, { primaryGroupRid: current.primary })),
              );
              break;
            case "group":
              model.groups.set(current.rid, current);
              graph.upsertGroup(aGroup(current.rid, { name: current.name, security: current.security }));
              break;
            case "members":
              if (!model.groups.has(current.rid)) break;
              // A directory lists only objects that exist.
              model.members.set(
                current.rid,
                new Set(current.members.filter((rid) => model.users.has(rid) || model.groups.has(rid))),
              );
              graph.setMembers(
                `guid-${current.rid}`,
                [...(model.members.get(current.rid) ?? [])].map((rid) => sid(rid)),
              );
              break;
            case "join": {
              const isThere = (rid: number) => model.users.has(rid) || model.groups.has(rid);
              const members = new Set(model.members.get(current.rid));
              for (const rid of current.into.filter(isThere)) members.add(rid);
              for (const rid of current.out.filter(isThere)) members.delete(rid);
              const sids = (rids: readonly number[]) => rids.filter(isThere).map((rid) => sid(rid));
              const isKnown = graph.changeMembers(
                `guid-${current.rid}`,
                sids(current.into),
                sids(current.out),
              );
              expect(isKnown).toBe(model.groups.has(current.rid));
              if (isKnown) model.members.set(current.rid, members);
              break;
            }
            case "remove":
              model.users.delete(current.rid);
              model.groups.delete(current.rid);
              model.members.delete(current.rid);
              for (const members of model.members.values()) members.delete(current.rid);
              graph.remove(`guid-${current.rid}`);
              break;
            case "look":
              look();
          }
        }
        look();
      }),
      { numRuns: 2000 },
    );
  });

  it("holds 500,000 users with ten direct groups each in bounded memory, and a group change touches its members only", () => {
    const users = 500_000;
    const groups = 2_000;
    const before = heapAfterCollection();
    const graph = new DirectoryGraph();
    const ids: number[] = [];
    for (let rid = 0; rid < users; rid += 1) {
      ids.push(
        graph.upsertPrincipal(
          aUser(rid, {
            guid: `6b3e1c62-8a53-4f0e-9d55-${rid.toString(16).padStart(12, "0")}`,
            name: `u${rid}`,
            upn: `u${rid}@corp.example`,
            displayName: `Ana Lima ${rid}`,
            dn: `CN=Ana Lima ${rid},OU=Sales ${rid % 50},OU=Staff,DC=corp,DC=example`,
            primaryGroupRid: 900_000,
          }),
        ),
      );
    }
    graph.upsertGroup(aGroup(900_000, { name: "Domain Users" }));
    const perGroup = (users * 10) / groups;
    for (let index = 0; index < groups; index += 1) {
      graph.upsertGroup(aGroup(1_000_000 + index));
      const start = Math.floor(index / 10) * perGroup;
      const members: string[] = [];
      for (let offset = 0; offset < perGroup; offset += 1) members.push(sid((start + offset) % users));
      graph.setMembers(`guid-${1_000_000 + index}`, members);
    }
    expect(graph.takeAffected().changed).toHaveLength(users);
    let listed = 0;
    for (const id of ids) listed += graph.groupNames(id).length;
    expect(listed).toBe(users * 11);

    const started = performance.now();
    graph.upsertGroup(aGroup(1_000_000, { name: "Renamed" }));
    const affected = graph.takeAffected().changed;
    for (const id of affected) graph.groupNames(id);
    const elapsedMs = performance.now() - started;
    expect(affected).toHaveLength(perGroup);
    expect(elapsedMs).toBeLessThan(2000);

    const bytesPerUser = (heapAfterCollection() - before) / users;
    console.info(
      `directory graph: ${Math.round(bytesPerUser)} bytes a user, a renamed group in ${elapsedMs.toFixed(0)} ms`,
    );
    expect(bytesPerUser).toBeLessThan(260);
  });
});

function heapAfterCollection(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
