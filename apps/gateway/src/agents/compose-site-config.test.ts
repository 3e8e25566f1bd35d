import { siteConfig } from "@rollcall/agent-protocol";
import { describe, expect, it } from "vitest";
import {
  type CredentialRow,
  composeSiteConfig,
  type DirectoryRow,
  type EventSourceRow,
  liveSecrets,
  type PcProbeRow,
  type PointRow,
  type SiteRows,
  type SyslogSourceRow,
} from "./compose-site-config.ts";

const now = Date.UTC(2026, 10, 24);
const at = (offsetMs: number) => new Date(now + offsetMs);

function aPoint(of: Partial<PointRow> = {}): PointRow {
  return {
    id: "p1",
    siteId: "site",
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
    push: null,
    pushFrom: "agent",
    pushSecret: null,
    pushAgentId: "a1",
    pushTurn: 3,
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
    credentials: [],
    eventSources: [],
    wefReceiver: null,
    pcProbe: null,
    syslogSources: [],
    filters: [],
    points: [],
    profiles: [],
    addressMarks: [],
    hostMarks: [],
    dismissedAccounts: [],
    firstEnrolledAt: null,
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

describe("a site's logins at Windows servers", () => {
  const credential = (id: string): CredentialRow => ({
    id,
    name: `Reader ${id}`,
    user: "reader@corp.example",
    realm: null,
    kdcs: [],
    allowNtlm: false,
    sealed: [
      { agentId: "a1", ciphertext: "for-a1" },
      { agentId: "a2", ciphertext: "for-a2" },
    ],
  });
  const credentials = ["of-directory", "of-log", "of-probe", "of-nobody"].map(credential);
  const directory: DirectoryRow = {
    id: "ad",
    name: "AD",
    host: "dc1.corp.example",
    port: 636,
    tls: "ldaps",
    caPem: null,
    dangerouslyTrustAnyCertificate: false,
    bindUser: null,
    credentialId: "of-directory",
    baseDn: null,
    domain: null,
    netbiosDomain: null,
    pollSeconds: 30,
    secret: null,
  };
  const log: EventSourceRow = {
    id: "dc",
    kind: "domain-controller",
    name: "DC-01",
    host: "dc1.corp.example",
    addressSpaceId: "plant",
    credentialId: "of-log",
    channelPath: null,
    query: null,
    catchUpMinutes: 60,
    lifetimeMinutes: 480,
    rulesOff: ["event:4769"],
    rulesOn: ["event:5140"],
    shares: ["Homes"],
    endpointMapperPort: 135,
    headerSigning: true,
  };
  const probe: PcProbeRow = {
    addressSpaceId: "default",
    include: ["10.30.0.0/16"],
    exclude: [],
    allowPublic: false,
    methods: ["wmi", "winrm"],
    verifyAtExpiry: true,
    onUnknownAddress: true,
    onEventWithoutUser: true,
    holdIfAlive: false,
    workers: 20,
    lifetimeMinutes: 60,
    credentials: [
      { credentialId: "of-log", ordinal: 2 },
      { credentialId: "of-probe", ordinal: 1 },
    ],
  };

  it("travel to it only where one of its sources uses them, each with the password sealed to this agent", () => {
    const all = { credentials, directories: [directory], eventSources: [log], pcProbe: probe };
    const config = composeSiteConfig(someRows(all), now);
    expect(config.credentials.map(({ id }) => id)).toEqual(["of-directory", "of-log", "of-probe"]);
    expect(config.credentials[0]?.password).toEqual({ sealed: [{ agentId: "a1", ciphertext: "for-a1" }] });
    expect(config.directories[0]).toMatchObject({ credentialId: "of-directory" });
    expect(config.directories[0]?.bindUser).toBeUndefined();
    expect(composeSiteConfig(someRows({ credentials }), now).credentials).toEqual([]);
  });

  it("are tried by the probe in the order that was chosen", () => {
    const config = composeSiteConfig(someRows({ credentials, pcProbe: probe }), now);
    expect(config.pcProbe).toMatchObject({ enabled: true, credentialIds: ["of-probe", "of-log"] });
  });

  it("come with how long a session lasts that the probe made", () => {
    const config = composeSiteConfig(someRows({ credentials, pcProbe: probe }), now);
    expect(config.pcProbe?.lifetimeMinutes).toBe(60);
  });

  it("bring the address space of an event log, of event forwarding and of the probe with them", () => {
    const spacesOf = (of: Partial<SiteRows>) =>
      composeSiteConfig(someRows({ credentials, ...of }), now).addressSpaces.map(({ id }) => id);
    expect(spacesOf({ eventSources: [log] })).toEqual(["default", "plant"]);
    expect(spacesOf({ pcProbe: { ...probe, addressSpaceId: "plant" } })).toEqual(["default", "plant"]);
    expect(spacesOf({})).toEqual(["default"]);
  });

  it("leave a source to its kind's own log and query where nobody chose", () => {
    const [source] = composeSiteConfig(someRows({ credentials, eventSources: [log] }), now).eventSources;
    expect(source).toMatchObject({ kind: "domain-controller", rulesOff: ["event:4769"] });
    expect([source?.channelPath, source?.query]).toEqual([undefined, undefined]);
  });

  it("stand beside the addresses of servers, at which no logon is placed", () => {
    const settings = { infrastructure: ["10.0.0.10"], eventRulesOff: ["event:4776"] };
    const customer = { id: "t", name: "T", configVersion: 1, settings };
    expect(composeSiteConfig(someRows({ customer }), now).settings).toMatchObject(settings);
  });
});

describe("a firewall that the agent posts to", () => {
  const push = { url: "https://192.0.2.1:8443", user: "rollcall", maxPostsPerSecond: 10 };
  const pushSecret = {
    sealed: [
      { agentId: "a1", ciphertext: "for-a1" },
      { agentId: "a2", ciphertext: "for-a2" },
    ],
  };
  const pushOf = (of: Partial<PointRow>) =>
    composeSiteConfig(someRows({ points: [aPoint({ push, pushSecret, ...of })] }), now).enforcementPoints[0]
      ?.push;

  it("comes with the password that was sealed to this agent, and with no other's", () => {
    expect(pushOf({})).toMatchObject({
      ...push,
      password: { sealed: [{ agentId: "a1", ciphertext: "for-a1" }] },
      turn: 3,
    });
  });

  it("is left to the cloud, to the agents of its own site, and to those who hold its password", () => {
    expect(pushOf({ pushFrom: "cloud" })).toBeUndefined();
    expect(pushOf({ siteId: "another" })).toBeUndefined();
    expect(pushOf({ siteId: null })).toBeUndefined();
    expect(pushOf({ pushSecret: { sealed: [{ agentId: "a2", ciphertext: "for-a2" }] } })).toBeUndefined();
    expect(pushOf({ push: null })).toBeUndefined();
  });

  it("is posted to by the one agent that was chosen, and by none while none is", () => {
    expect(pushOf({ pushAgentId: "a2" })).toBeUndefined();
    expect(pushOf({ pushAgentId: null })).toBeUndefined();
  });
});

describe("how a firewall is answered", () => {
  const profiles = [
    { id: "mine", name: "Ours", document: { v: 1 } },
    { id: "unused", name: "Nobody's", document: { v: 1 } },
  ];
  const profilesOf = (of: Partial<PointRow>) =>
    composeSiteConfig(someRows({ profiles, points: [aPoint(of)] }), now).profiles.map(({ id }) => id);

  it("by a profile of the customer's own is said with the profile; all are said while it learns", () => {
    expect(profilesOf({})).toEqual([]);
    expect(profilesOf({ profile: "mine" })).toEqual(["mine"]);
    expect(profilesOf({ learnUntil: at(1) })).toEqual(["mine", "unused"]);
    expect(profilesOf({ learnUntil: at(0) })).toEqual([]);
  });

  it("is learnt until a time that the agent knows, so that it ends without the cloud", () => {
    const learnOf = (learnUntil: Date | null) => {
      const [point] = composeSiteConfig(
        someRows({ points: [aPoint({ learnUntil })] }),
        now,
      ).enforcementPoints;
      return [point?.learn, point?.learnUntil];
    };
    expect(learnOf(at(60_000))).toEqual([true, now + 60_000]);
    expect(learnOf(at(0))).toEqual([false, undefined]);
    expect(learnOf(null)).toEqual([false, undefined]);
  });

  it("over TLS is as the customer chose, and as the schema has it where nobody chose", () => {
    const tlsOf = (settings: unknown) =>
      composeSiteConfig(someRows({ customer: { id: "t", name: "T", configVersion: 1, settings } }), now)
        .firewallListener.tls;
    expect([tlsOf({ listenerTls: "modern" }), tlsOf({})]).toEqual(["modern", "compat"]);
  });
});

describe("the listener for old firewalls", () => {
  it("is configured while it lasts, and not any more once it is over", () => {
    const legacyUntil = (until: number) =>
      composeSiteConfig(
        someRows({
          customer: {
            id: "t",
            name: "T",
            configVersion: 1,
            settings: { legacyListener: { until, sources: ["10.20.0.1"], port: 8446 } },
          },
        }),
        now,
      ).firewallListener.legacy;
    expect(legacyUntil(now + 1)).toEqual({ until: now + 1, sources: ["10.20.0.1"], port: 8446 });
    expect(legacyUntil(now)).toBeNull();
  });
});

describe("shared hosts and accounts", () => {
  it("are told to the agents that hold the mark's address space", () => {
    const mark = (id: string, addressSpaceId: string) => ({
      id,
      addressSpaceId,
      range: "10.20.9.0/24",
      mark: "multi-user",
      mode: "pseudo-user",
      pseudoUser: { domain: "corp", name: "kiosk", groups: [] },
    });
    const addressMarks = [
      mark("m1", "default"),
      mark("m2", "plant"),
      { ...mark("m3", "default"), mode: "suppress", pseudoUser: null },
    ];
    const config = composeSiteConfig(someRows({ addressMarks }), now);
    expect(config.addressMarks.map(({ id, pseudoUser }) => [id, pseudoUser?.name])).toEqual([
      ["m1", "kiosk"],
      ["m3", undefined],
    ]);
  });

  it("by their place in the directory are told to every agent", () => {
    const mark = { under: "OU=RDS,DC=corp,DC=example", remoteDesktopOnly: true, mode: "suppress" };
    const hostMarks = [{ id: "h1", ...mark, pseudoUser: null }];
    expect(composeSiteConfig(someRows({ hostMarks }), now).hostMarks).toEqual([{ id: "h1", ...mark }]);
  });

  it("that a person dismissed are exempt from detection, beside those that the settings name", () => {
    const settings = { detection: { mode: "on", exempt: ["corp\\backup"] } };
    const { detection } = composeSiteConfig(
      someRows({
        customer: { id: "t", name: "T", configVersion: 1, settings },
        dismissedAccounts: ["corp\\scan", "corp\\backup", "x".repeat(300)],
      }),
      now,
    ).settings;
    expect(detection).toMatchObject({ mode: "on", exempt: ["corp\\backup", "corp\\scan"], natAt: 5 });
  });
});

describe("the first days of a site", () => {
  const DAY = 86_400_000;
  const untilOf = (firstEnrolledAt: Date | null, detection: object = {}) =>
    composeSiteConfig(
      someRows({
        customer: { id: "t", name: "T", configVersion: 1, settings: { detection } },
        firstEnrolledAt,
      }),
      now,
    ).settings.detection.suggestAccountsUntil;

  it("are seven from its first agent on, or as many as the settings say", () => {
    expect(untilOf(new Date(now - 6 * DAY))).toBe(now + DAY);
    expect(untilOf(new Date(now - 6 * DAY), { learnDays: 14 })).toBe(now + 8 * DAY);
    expect(untilOf(new Date(now - 7 * DAY))).toBeUndefined();
    expect(untilOf(new Date(now - DAY), { learnDays: 0 })).toBeUndefined();
    expect(untilOf(null)).toBeUndefined();
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
