import { siteConfig } from "@rollcall/agent-protocol";
import { describe, expect, it } from "vitest";
import { effectiveSite } from "./effective-site.ts";

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
});
