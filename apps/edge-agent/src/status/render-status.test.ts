import { describe, expect, it } from "vitest";
import { ago, renderStatus } from "./render-status.ts";
import { type StatusDocument, statusDocument } from "./status-document.ts";

const NOW = Date.UTC(2026, 0, 5, 8);
const plain = { tint: (text: string) => text };

const source = (id: string, name: string, kind: "directory" | "syslog", state: string, sentence: string) => ({
  id,
  name,
  kind,
  state,
  sentence,
  since: NOW,
  lastActivityAt: NOW,
  counters: {},
});
const firewall = (name: string, parts: object) => ({
  enforcementPointId: name,
  name,
  lastTokenAt: null,
  lastBatchAt: null,
  lastIpQueryAt: null,
  tokens: 0,
  batches: 0,
  ipQueries: 0,
  entriesSent: 0,
  refused: 0,
  lastRefusal: null,
  lastSourceAddress: null,
  entriesBeyondLimit: 0,
  ...parts,
});

function aStatus(parts: object): StatusDocument {
  return statusDocument.parse({
    schema: "rollcall.status/v1",
    at: NOW,
    version: "1.9.0",
    startedAt: NOW,
    state: "broken",
    sentence: "VPN is broken",
    next: "Its rules cannot be used: mend them.",
    enrolment: {
      state: "enrolled",
      agentId: "a",
      agent: "cd-lon-01",
      tenant: "Castell & Daughters",
      site: "London",
    },
    portal: {
      state: "connected",
      sentence: "Connected.",
      since: NOW,
      address: "https://g",
      certificateNotAfter: NOW,
      clockOffsetMs: 4,
    },
    configuration: { version: 7, origin: "portal", refused: null },
    sources: [
      source(
        "d",
        "castell.local",
        "directory",
        "ok",
        "1184 users, 40 devices and 96 groups of castell.local",
      ),
      source("a", "10.20.0.9", "syslog", "ok", "997 of 1000 lines matched"),
      source("b", "VPN", "syslog", "broken", "Its rules cannot be used"),
    ],
    firewalls: [
      firewall("HQ-FW1", { lastBatchAt: NOW - 3000 }),
      firewall("HQ-FW2", { lastRefusal: "wrong secret" }),
      firewall("a firewall with a name that is far too long", {}),
    ],
    listeners: [],
    people: { known: 236, unknown: 11, addresses: 247, revision: 9 },
    spool: { pending: 12, bytes: 900, oldestPendingAt: NOW, epoch: 1, nextSeq: 20, ackedSeq: 7 },
    store: { state: "ok", sentence: "" },
    firewallCertificate: null,
    suppressed: {},
    unknownSenders: [],
    parts: [],
    ...parts,
  });
}

describe("renderStatus", () => {
  it("draws the whole picture in about a dozen lines", () => {
    expect(renderStatus(aStatus({}), plain, NOW)).toBe(
      `Castell & Daughters / London  cd-lon-01  1.9.0  BROKEN: VPN is broken
  directory   castell.local           ok        1184 users, 40 devices and 96 groups of castell.local
  sources     10.20.0.9               ok        997 of 1000 lines matched
              VPN                     BROKEN    Its rules cannot be used
  firewalls   HQ-FW1                  ok        asked 3 s ago
              HQ-FW2                  REFUSED   wrong secret
              a firewall with a name… never     has not asked yet
  people      236 known, 11 addresses unknown
  portal      connected, 12 events waiting
  next        Its rules cannot be used: mend them.`,
    );
  });

  it("says what stands in the way while the portal is away and the disk is full", () => {
    const text = renderStatus(
      aStatus({
        store: { state: "full", sentence: "No room is left." },
        portal: {
          state: "unreachable",
          sentence: "The gateway cannot be reached.",
          since: NOW,
          address: "https://g",
          certificateNotAfter: NOW,
          clockOffsetMs: null,
        },
      }),
      plain,
      NOW,
    );
    expect(text).toMatch(/store +FULL: No room is left\./);
    expect(text).toMatch(/portal +not reachable, 12 events waiting: The gateway cannot be reached\./);
  });

  it("says how many items were too large for the way to the cloud", () => {
    const spool = { pending: 0, bytes: 0, oldestPendingAt: null, epoch: 1, nextSeq: 20, ackedSeq: 19 };
    expect(renderStatus(aStatus({ spool: { ...spool, leftOut: 2 } }), plain, NOW)).toMatch(
      /portal +connected, 2 left out as too large for the way there$/m,
    );
  });

  it("tells of each firewall that is being learnt what that has come to, in a line of its own", () => {
    const lesson = (name: string, state: string, sentence: string) => ({
      enforcementPointId: name,
      name,
      profile: "userfw-xml",
      state,
      since: NOW,
      sentence,
    });
    const text = renderStatus(
      aStatus({
        learning: [
          lesson("HQ-FW1", "trying", "Trying."),
          lesson("HQ-FW2", "understood", "Choose it."),
          lesson("HQ-FW3", "exhausted", "Understood none."),
        ],
      }),
      plain,
      NOW,
    );
    expect(text).toContain(`
  learning    HQ-FW1                  trying    Trying.
              HQ-FW2                  found     Choose it.
              HQ-FW3                  NONE      Understood none.
`);
  });

  it("tells a length of time in the unit a person would use", () => {
    expect([500, 89_000, 120_000, 7_200_000, 5 * 86_400_000].map(ago)).toEqual([
      "1 s ago",
      "89 s ago",
      "2 min ago",
      "2 h ago",
      "5 days ago",
    ]);
  });
});
