import type { StreamItem } from "@rollcall/agent-protocol";
import { anObservation, aPrincipal } from "@rollcall/agent-protocol/testing";
import { createIpSet } from "@rollcall/identity-core";
import { describe, expect, it } from "vitest";
import { objectionTo, type SiteScope } from "./trusted-sources.ts";

const scope: SiteScope = {
  addressSpaceIds: new Set(["default", "plant"]),
  directoryIds: new Set(["ad"]),
  eventSources: new Map([["dc", { addressSpaceId: "default" }]]),
  probe: {
    addressSpaceId: "default",
    include: createIpSet(["10.30.0.0/16"]),
    exclude: createIpSet(["10.30.9.0/24"]),
  },
  reportingPoints: new Map([
    ["hq-fw", { addressSpaceId: "default", mayReport: createIpSet(["10.90.0.0/16"]) }],
  ]),
  pseudoUsers: new Map([["corp.example\\rds", ["rds-users"]]]),
  syslogSources: new Map([
    ["vpn", { addressSpaceId: "default", speaksFor: createIpSet(["10.20.0.0/16", "fd00::/8"]) }],
  ]),
};
const observed = (of: Parameters<typeof anObservation>[0]): StreamItem => ({
  seq: 1,
  kind: "observation",
  observation: anObservation({ sourceId: "vpn", addressSpaceId: "default", ...of }),
});

describe("the reach of an agent", () => {
  it("covers its sources' addresses with full weight, and all addresses with the weight that displaces nobody", () => {
    for (const of of [
      { ip: "10.20.255.1" },
      { ip: "fd00::1" },
      { ip: "10.99.0.1", class: "D" as const },
      { ip: "10.20.0.1", verb: "end" as const },
    ])
      expect(objectionTo(scope, observed(of)), JSON.stringify(of)).toBeNull();
  });

  it("ends at other addresses, spaces and sources, and at spellings that hide an address", () => {
    for (const of of [
      { ip: "10.21.0.1" },
      // One forged line must not log anybody off elsewhere.
      { ip: "10.99.0.1", verb: "end" as const, class: "D" as const },
      { ip: "10.21.0.1", verb: "refresh" as const, class: "C" as const },
      { sourceId: "other" },
      { addressSpaceId: "elsewhere" },
      { addressSpaceId: "plant" },
      { ip: "::ffff:10.20.0.1" },
      { ip: "FD00::1" },
      { ip: "10.20.0.01" },
    ])
      expect(objectionTo(scope, observed(of)), JSON.stringify(of)).not.toBeNull();
  });

  it("covers any address of the space that an event log of its site speaks for, and none of another", () => {
    const logged = (of: Parameters<typeof anObservation>[0]) =>
      objectionTo(scope, observed({ family: "event-log", sourceId: "dc", ip: "10.99.0.1", ...of }));
    expect(logged({ class: "A" })).toBeNull();
    expect(logged({ verb: "end" })).toBeNull();
    for (const of of [{ sourceId: "dc-of-another-site" }, { sourceId: "vpn" }, { addressSpaceId: "plant" }])
      expect(logged(of), JSON.stringify(of)).not.toBeNull();
    // A syslog source cannot pass for a log, which may name any address.
    expect(objectionTo(scope, observed({ sourceId: "dc", ip: "10.20.0.1" }))).not.toBeNull();
  });

  it("covers what computers answer where they may be asked, and nowhere else", () => {
    const probed = (of: Parameters<typeof anObservation>[0]) =>
      objectionTo(scope, observed({ family: "probe", sourceId: "pc-probe", ip: "10.30.0.1", ...of }));
    expect(probed({})).toBeNull();
    for (const of of [
      { ip: "10.31.0.1" },
      { ip: "10.30.9.1" },
      { addressSpaceId: "plant" },
      { sourceId: "dc" },
    ])
      expect(probed(of), JSON.stringify(of)).not.toBeNull();
    expect(
      objectionTo(
        { ...scope, probe: null },
        observed({ family: "probe", sourceId: "pc-probe", ip: "10.30.0.1" }),
      ),
    ).not.toBeNull();
  });

  it("covers what the firewalls it serves report, for the addresses they may report for", () => {
    const report = (of: Parameters<typeof anObservation>[0]) =>
      objectionTo(scope, observed({ family: "srx-push", sourceId: "hq-fw", ip: "10.90.0.1", ...of }));
    expect(report({})).toBeNull();
    expect(report({ verb: "end" })).toBeNull();
    for (const of of [
      { ip: "10.91.0.1" },
      { ip: "10.91.0.1", class: "D" as const },
      { addressSpaceId: "plant" },
      { sourceId: "other-fw" },
      { kind: "device" as const },
      // Another family's observation cannot borrow the right.
      { family: "syslog" as const },
    ])
      expect(report(of), JSON.stringify(of)).not.toBeNull();
  });

  it("covers the people of its own directories", () => {
    const told = (directoryId: string): StreamItem => ({
      seq: 1,
      kind: "principal",
      principal: aPrincipal({ directoryId }),
    });
    expect(objectionTo(scope, told("ad"))).toBeNull();
    expect(objectionTo(scope, told("other"))).not.toBeNull();
  });

  it("covers the fixed users that the customer's marks name, exactly as they name them", () => {
    const rds = {
      directoryId: "mark",
      key: "corp.example\\rds",
      aliases: ["corp.example\\rds"],
      domain: "corp.example",
      name: "rds",
      groups: ["rds-users"],
    };
    const told = (of: object): StreamItem => ({
      seq: 1,
      kind: "principal",
      principal: { ...aPrincipal({}), ...rds, ...of },
    });
    expect(objectionTo(scope, told({}))).toBeNull();
    for (const of of [
      { groups: ["rds-users", "domain admins"] },
      { aliases: ["corp.example\\rds", "corp.example\\administrator"] },
      { key: "s-1-5-21-1-2-3-500" },
      { name: "administrator" },
      { kind: "device" },
    ])
      expect(objectionTo(scope, told(of)), JSON.stringify(of)).not.toBeNull();
  });
});
