import { siteConfig } from "@rollcall/agent-protocol";
import { SessionTable } from "@rollcall/identity-core";
import { aLogon, DAY } from "@rollcall/identity-core/testing";
import { expect, it } from "vitest";
import { overlapsThatMatter } from "./overlaps.ts";

const points = (...sketches: object[]) =>
  siteConfig.parse({
    addressSpaces: [{ id: "a", name: "A" }],
    enforcementPoints: sketches.map((sketch, n) => ({
      id: `p${n}`,
      name: `P${n}`,
      clientId: `point-${n}`,
      verifiers: [],
      ...sketch,
    })),
  }).enforcementPoints;

it("names an address that two spaces of one firewall have, and none that no firewall would be told of", () => {
  const table = new SessionTable({ issuer: "0", incarnation: "0" });
  table.apply(
    ["10.0.0.1", "10.0.0.2"].flatMap((ip) =>
      ["a", "b"].map((space) => aLogon({ user: space, at: DAY, ip, space })),
    ),
    DAY,
  );
  const both = ["a", "b"];
  expect(
    overlapsThatMatter(table, points({ addressSpaceIds: ["a"] }, { addressSpaceIds: ["b", "c"] }), 9),
  ).toEqual([]);
  expect(overlapsThatMatter(table, points({ addressSpaceIds: both, includeIp: ["10.0.0.2"] }), 9)).toEqual([
    { ip: "10.0.0.2", addressSpaceIds: both },
  ]);
  expect(
    overlapsThatMatter(table, points({ addressSpaceIds: both, excludeIp: ["10.0.0.2"] }), 9),
  ).toHaveLength(1);
  expect(overlapsThatMatter(table, points({ addressSpaceIds: both }), 1)).toHaveLength(1);
});
