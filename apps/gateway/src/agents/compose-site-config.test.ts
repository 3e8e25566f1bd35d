import { siteConfig } from "@rollcall/agent-protocol";
import { describe, expect, it } from "vitest";
import {
  composeSiteConfig,
  liveSecrets,
  type PointRow,
  type SiteRows,
  type SyslogSourceRow,
} from "./compose-site-config.ts";

const now = Date.UTC(2026, 10, 24);
const at = (offsetMs: number) => new Date(now + offsetMs);

function aPoint(of: Partial<PointRow> = {}): PointRow {
  return {
    id: "p1",
    name: "HQ",
    clientId: "srx-a",
    sourceAddresses: [],
    addressSpaceIds: ["default"],
    profile: "json-superset",
    ipv6: false,
    tokenTtlSeconds: 28_800,
    domains: [],
    includeIp: [],
    excludeIp: [],
    learnUntil: null,
    mayReport: [],
    whenSourcesDark: "shorten",
    darkMinutes: 30,
    reannounceMinutes: 0,
    secrets: [],
    ...of,
  };
}

function aSource(of: Partial<SyslogSourceRow> = {}): SyslogSourceRow {
  return {
    id: "s1",
    name: "VPN",
    senders: ["10.0.0.1"],
    transport: "any",
    addressSpaceId: "default",
    speaksFor: [],
    defaultDomain: null,
    timeZone: null,
    lifetimeMinutes: 480,
    maxLinesPerSecond: 1000,
    sequences: [],
    ...of,
  };
}

function someRows(of: Partial<SiteRows> = {}): SiteRows {
  return {
    customer: { id: "t", name: "Example AG", configVersion: 4, settings: {} },
    agent: { id: "a1", firewallNames: [], name: "zrh-a" },
    site: { id: "site", name: "Zürich" },
    addressSpaces: [
      { id: "default", name: "Default", isDefault: true },
      { id: "plant", name: "Plant", isDefault: false },
    ],
    directories: [],
    syslogSources: [],
    filters: [],
    points: [],
    ...of,
  };
}

describe("an agent's configuration from rows", () => {
  it("of a new site is valid and holds the default address space alone", () => {
    const config = composeSiteConfig(someRows(), now);
    expect(siteConfig.parse(config)).toEqual(config);
    expect(config).toMatchObject({
      version: 4,
      addressSpaces: [{ id: "default" }],
      firewallListener: { names: ["zrh-a"] },
    });
  });

  it("holds a further space once a source of the site speaks for it, and with it the firewalls that need both", () => {
    const points = [
      aPoint({ id: "both", addressSpaceIds: ["default", "plant"] }),
      aPoint({ id: "one" }),
      aPoint({ id: "none", addressSpaceIds: [] }),
    ];
    const idsOf = (rows: SiteRows) => composeSiteConfig(rows, now).enforcementPoints.map((point) => point.id);
    expect(idsOf(someRows({ points }))).toEqual(["one"]);
    expect(idsOf(someRows({ points, syslogSources: [aSource({ addressSpaceId: "plant" })] }))).toEqual([
      "both",
      "one",
    ]);
  });

  it("takes the agent's settings and leaves the portal's own out", () => {
    const settings = { tombstoneHours: 48, historyDays: 30, userLifetimeMinutes: 60 };
    const config = composeSiteConfig(
      someRows({ customer: { id: "t", name: "T", configVersion: 1, settings } }),
      now,
    );
    expect(config.settings.tombstoneHours).toBe(48);
    expect(config.settings).not.toHaveProperty("historyDays");
  });

  it("turns each kind of filter into its own form", () => {
    const row = (kind: string, value: string, domain: string | null = null) => ({
      id: kind,
      kind,
      value,
      domain,
    });
    const filters = [
      row("ip-include", "10.0.0.0/8"),
      row("dn-exclude", "OU=x"),
      row("group-include", "^vpn", "corp.example"),
    ];
    expect(composeSiteConfig(someRows({ filters }), now).filters).toEqual([
      { id: "ip-include", kind: "ip-include", range: "10.0.0.0/8" },
      { id: "dn-exclude", kind: "dn-exclude", pattern: "OU=x" },
      { id: "group-include", kind: "group-include", pattern: "^vpn", domain: "corp.example" },
    ]);
  });

  it("is not made of rows that no agent would accept", () => {
    expect(() =>
      composeSiteConfig(someRows({ syslogSources: [aSource({ transport: "pigeon" })] }), now),
    ).toThrow();
  });

  it("gives a firewall's certificate the names set in the portal, else the agent's, else one that always works", () => {
    const names = (agent: SiteRows["agent"]) =>
      composeSiteConfig(someRows({ agent }), now).firewallListener.names;
    expect(names({ id: "a", firewallNames: ["10.0.0.1", "fw.example", "not a name"], name: "h" })).toEqual([
      "10.0.0.1",
      "fw.example",
    ]);
    expect(names({ id: "a", firewallNames: [], name: "h.example" })).toEqual(["h.example"]);
    expect(names({ id: "a", firewallNames: [], name: "Agent of Zürich" })).toEqual(["rollcall-agent"]);
  });
});

describe("live secrets", () => {
  it("are those neither revoked nor past their end, newest first", () => {
    const secret = (
      verifier: string,
      createdAt: number,
      expiresAt: number | null = null,
      revokedAt: number | null = null,
    ) => ({
      verifier,
      createdAt: at(createdAt),
      expiresAt: expiresAt === null ? null : at(expiresAt),
      revokedAt: revokedAt === null ? null : at(revokedAt),
    });
    const all = [
      secret("old", -30),
      secret("ended", -20, 0),
      secret("ending", -10, 1),
      secret("revoked", -5, null, -1),
      secret("new", -1),
    ];
    expect(liveSecrets(all, now).map(({ verifier }) => verifier)).toEqual(["new", "ending", "old"]);
  });
});
