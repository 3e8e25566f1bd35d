import { siteConfig } from "@rollcall/agent-protocol";
import { switchesOf } from "@rollcall/event-rules";
import { describe, expect, it } from "vitest";
import { effectiveSite, obeyingCustomer } from "./effective-site.ts";

const vpn = (addressSpaceId: string) => ({ id: "vpn", name: "VPN", senders: ["10.0.0.1"], addressSpaceId });
const point = (id: string, addressSpaceId: string) => ({
  id,
  name: id,
  clientId: `client-${id}`,
  verifiers: [],
  addressSpaceIds: [addressSpaceId],
});
const local = siteConfig.parse({
  addressSpaces: [{ id: "main", name: "Main" }],
  syslogSources: [vpn("main")],
  enforcementPoints: [point("local", "main")],
  filters: [{ id: "f", kind: "ip-exclude", range: "10.9.0.0/16" }],
});
const portal = (parts: object) =>
  siteConfig.parse({ version: 3, addressSpaces: [{ id: "uuid-1", name: "Default" }], ...parts });

describe("event rules that are off for the customer", () => {
  it("are off at every event log and for event forwarding, whatever these say, and leave their own choices be", () => {
    const log = (id: string, parts: object) => ({
      id,
      name: id,
      kind: "domain-controller",
      host: `${id}.corp.example`,
      addressSpaceId: "uuid-1",
      credentialId: "reader",
      ...parts,
    });
    const site = portal({
      settings: { eventRulesOff: ["event:5140", "event:4624-10"] },
      eventSources: [log("dc1", { rulesOn: ["event:5140"] }), log("dc2", { rulesOff: ["event:4776"] })],
      wefReceiver: {
        id: "wef",
        addressSpaceId: "uuid-1",
        host: "agent.corp.example",
        clientCaPem: "-",
        rulesOff: ["event:4624-10"],
      },
    });
    const obeyed = obeyingCustomer(effectiveSite(site, null, null)).site;
    expect(obeyed.eventSources.map(({ rulesOff, rulesOn }) => [rulesOff, rulesOn])).toEqual([
      [["event:5140", "event:4624-10"], ["event:5140"]],
      [["event:4776", "event:5140", "event:4624-10"], []],
    ]);
    expect(obeyed.wefReceiver?.rulesOff).toEqual(["event:4624-10", "event:5140"]);
    expect(switchesOf(obeyed.eventSources[0]?.rulesOff, ["event:5140"]).isOn("event:5140")).toBe(false);
  });
});

describe("effectiveSite", () => {
  it("is the file's without a portal, the portal's without a file, and empty without both", () => {
    expect(effectiveSite(null, local, "/etc/rollcall/site.yaml")).toMatchObject({
      site: local,
      version: null,
      baseFolder: "/etc/rollcall",
      origins: { filters: "file" },
    });
    expect(effectiveSite(portal({}), null, null)).toMatchObject({
      version: 3,
      baseFolder: null,
      origins: { filters: "portal" },
    });
    expect(effectiveSite(null, null, null)).toMatchObject({
      site: { syslogSources: [] },
      origins: { filters: "none" },
    });
  });

  it("takes each list from the portal once the portal fills it, and lets the site's own go on until then", () => {
    const { site, origins } = effectiveSite(
      portal({ enforcementPoints: [point("theirs", "uuid-1")] }),
      local,
      "/x.yaml",
    );
    expect(site.enforcementPoints.map(({ id }) => id)).toEqual(["theirs"]);
    expect(site.syslogSources.map(({ id }) => id)).toEqual(["vpn"]);
    expect(origins).toEqual({
      directories: "portal",
      credentials: "portal",
      eventSources: "portal",
      wefReceiver: "portal",
      pcProbe: "portal",
      syslogSources: "file",
      filters: "file",
      enforcementPoints: "portal",
    });
  });

  it("takes the one address space of the file for the one of the portal, so that firewalls see what local sources say", () => {
    const { site } = effectiveSite(portal({}), local, "/x.yaml");
    expect([
      site.addressSpaces.map(({ id }) => id),
      site.syslogSources[0]?.addressSpaceId,
      site.enforcementPoints[0]?.addressSpaceIds,
    ]).toEqual([["uuid-1"], "uuid-1", ["uuid-1"]]);
  });

  it("keeps address spaces apart where a side has several", () => {
    const two = portal({
      addressSpaces: [
        { id: "uuid-1", name: "A" },
        { id: "uuid-2", name: "B" },
      ],
    });
    const { site } = effectiveSite(two, local, "/x.yaml");
    expect([site.addressSpaces.map(({ id }) => id), site.syslogSources[0]?.addressSpaceId]).toEqual([
      ["uuid-1", "uuid-2", "main"],
      "main",
    ]);
  });

  it("takes event logs, the forwarding and the probe from the portal once it says something of them, with their address space", () => {
    const windows = {
      credentials: [{ id: "own", name: "Own", user: "r@corp.example", password: { file: "p" } }],
      eventSources: [
        {
          id: "dc1",
          name: "DC1",
          kind: "domain-controller",
          host: "dc1.corp.example",
          addressSpaceId: "main",
        },
      ].map((source) => ({ ...source, credentialId: "own" })),
      wefReceiver: { id: "wef", addressSpaceId: "main", host: "agent.corp.example", clientCaPem: "PEM" },
      pcProbe: { addressSpaceId: "main", credentialIds: ["own"] },
    };
    const file = siteConfig.parse({ addressSpaces: [{ id: "main", name: "Main" }], ...windows });
    const until = effectiveSite(portal({}), file, "/x.yaml");
    expect(until.origins).toMatchObject({ eventSources: "file", wefReceiver: "file", pcProbe: "file" });
    expect([
      until.site.eventSources[0]?.addressSpaceId,
      until.site.wefReceiver?.addressSpaceId,
      until.site.pcProbe?.addressSpaceId,
    ]).toEqual(["uuid-1", "uuid-1", "uuid-1"]);
    const theirs = portal({ pcProbe: { addressSpaceId: "uuid-1", credentialIds: [], workers: 3 } });
    const then = effectiveSite(theirs, file, "/x.yaml");
    expect(then.origins).toMatchObject({ eventSources: "file", pcProbe: "portal" });
    expect(then.site.pcProbe?.workers).toBe(3);
  });

  it("has the credentials of both sides, the portal's where both have one of that id, and knows which may name a file", () => {
    const login = (id: string, user: string) => ({ id, name: id, user, password: { file: "p" } });
    const file = siteConfig.parse({
      addressSpaces: [{ id: "main", name: "Main" }],
      credentials: [login("a", "file-a"), login("b", "file-b")],
    });
    const both = effectiveSite(portal({ credentials: [login("b", "portal-b")] }), file, "/x.yaml");
    expect(both.site.credentials.map(({ user }) => user).sort()).toEqual(["file-a", "portal-b"]);
    expect([...both.localCredentialIds]).toEqual(["a"]);
    expect([...effectiveSite(null, file, "/x.yaml").localCredentialIds].sort()).toEqual(["a", "b"]);
  });
});
