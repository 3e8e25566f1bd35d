import { describe, expect, it } from "vitest";
import { issueSentences } from "./issues.ts";
import { siteConfig } from "./site-config.ts";

const minimal = { addressSpaces: [{ id: "default", name: "Default" }] };

describe("a site's configuration", () => {
  it("needs an address space and nothing else; every default is in the schema", () => {
    const config = siteConfig.parse(minimal);
    expect(config).toMatchObject({ version: 0, directories: [], syslogSources: [], filters: [] });
    // Nothing listens to Windows computers and nothing asks them until somebody says so.
    expect(config).toMatchObject({ credentials: [], eventSources: [], wefReceiver: null, pcProbe: null });
    expect(config.settings).toEqual({
      deviceLifetimeMinutes: 1440,
      arbitration: "law",
      dropUsersWithoutIncludedGroup: false,
      tombstoneHours: 24,
      corroboration: "detect",
      infrastructure: [],
      eventRulesOff: [],
      detection: {
        mode: "detect",
        suggestServiceAccountAt: 10,
        suppressServiceAccountAt: 25,
        multiUserAt: 3,
        natAt: 5,
        remoteDesktopAt: 2,
        exempt: [],
        exemptGroups: [],
      },
    });
    expect(siteConfig.parse(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it("refuses an unknown key on every level, and names each by its path", () => {
    const source = { id: "s1", name: "VPN", senders: ["10.0.0.1"], addressSpaceId: "default" };
    const outcome = siteConfig.safeParse({
      ...minimal,
      setings: {},
      settings: { tombstonehours: 48 },
      syslogSources: [{ ...source, sender: "10.0.0.1" }],
    });
    expect(outcome.success).toBe(false);
    if (outcome.success) return;
    const said = issueSentences(outcome.error).join("\n");
    expect(said).toContain('(the whole): Unrecognized key: "setings"');
    expect(said).toContain('settings: Unrecognized key: "tombstonehours"');
    expect(said).toContain('syslogSources[0]: Unrecognized key: "sender"');
  });

  it("refuses a place in the directory that is none", () => {
    const marked = (under: string) => siteConfig.safeParse({ ...minimal, hostMarks: [{ id: "h", under }] });
    expect(marked("OU=Session hosts,DC=corp,DC=example").success).toBe(true);
    for (const under of ["Session hosts", "corp.example/Session hosts", "OU=,DC=corp"])
      expect(marked(under).success).toBe(false);
  });

  it("says at most twenty faults and how many more there are", () => {
    const outcome = siteConfig.safeParse({
      addressSpaces: Array.from({ length: 30 }, () => ({ id: "", name: "x" })),
    });
    if (outcome.success) throw new Error("an empty id was accepted");
    const said = issueSentences(outcome.error);
    expect(said).toHaveLength(21);
    expect(said.at(-1)).toBe("and 10 more");
  });
});
