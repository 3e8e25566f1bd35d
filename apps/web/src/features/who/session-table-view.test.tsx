import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { SessionTableView } from "./session-table-view.tsx";
import { ruleInWords, type Session } from "./session-words.ts";

function aSession(over: Partial<Session> = {}): Session {
  return {
    ip: "10.20.31.77",
    addressSpace: { id: "s1", name: "Default" },
    isLive: true,
    user: {
      principalKey: "k",
      name: "jane",
      domain: "CD",
      displayName: "Jane",
      upn: null,
      groups: ["Finance", "Staff", "VPN", "All"],
    },
    device: null,
    unknownBecause: null,
    lastUser: null,
    source: { id: "x", name: "VPN gateway", label: "" },
    rule: null,
    evidence: "A",
    since: null,
    lastSeenAt: null,
    expiresAt: null,
    changedAt: new Date(0),
    revision: 1,
    ...over,
  };
}

const render = (row: Session, showSpace = false) =>
  renderToStaticMarkup(<SessionTableView rows={[row]} showSpace={showSpace} linkOf={({ ip }) => ip} />);

describe("who is at which address", () => {
  it("names the person, and says how many groups are not shown", () => {
    const html = render(aSession());
    expect(html).toContain("CD\\jane");
    expect(html).toContain("Finance, Staff, VPN");
    expect(html).toContain("and 1 more");
  });

  it("says why nobody is known, and who was there before", () => {
    const html = render(
      aSession({
        isLive: false,
        user: null,
        unknownBecause: "ended",
        lastUser: { name: "jane", domain: "CD" },
      }),
    );
    expect(html).toContain("logged off");
    expect(html).toContain("was CD\\jane");
    expect(html).toContain('aria-label="Nobody now"');
  });

  it("names the address space only where an address could mean two hosts", () => {
    expect(render(aSession(), true)).toContain("Default");
    expect(render(aSession(), false)).not.toContain("Default");
  });

  it("shortens the id of a rule, and nothing else", () => {
    expect(ruleInWords("syslog:59f52d9e-1874-4b1b-8ef0-069beb4e91b4")).toBe("syslog rule 59f52d9e");
    expect(ruleInWords("event:4768")).toBe("event:4768");
  });
});
