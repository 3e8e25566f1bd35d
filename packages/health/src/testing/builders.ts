import type { AgentFacts, AgentReportFacts, ChainFacts, FirewallFacts, SourceFacts } from "../facts.ts";

export const NOW = 1_800_000_000_000;
export const seconds = (n: number) => n * 1000;
export const minutes = (n: number) => n * 60_000;

export function anAgentReport(changes: Partial<AgentReportFacts> = {}): AgentReportFacts {
  return {
    receivedAt: NOW - seconds(4),
    clockOffsetMs: 0,
    store: { state: "ok", sentence: "The store has room." },
    listeners: [{ name: "firewalls", state: "ok", sentence: "Listening." }],
    pending: 0,
    oldestPendingAt: null,
    overlaps: [],
    darkSources: 0,
    ...changes,
  };
}

export function anAgent(changes: Partial<AgentFacts> = {}): AgentFacts {
  return {
    id: "a1",
    name: "lon-a",
    state: "active",
    enrolledAt: NOW - minutes(600),
    lastSeenAt: NOW - seconds(4),
    configWanted: 3,
    configApplied: 3,
    configRefused: null,
    certificateExpiresAt: NOW + minutes(6 * 24 * 60),
    report: anAgentReport(),
    ...changes,
  };
}

export function aSource(changes: Partial<SourceFacts> = {}): SourceFacts {
  return {
    id: "s1",
    name: "VPN",
    isEnabled: true,
    hasAgent: true,
    reports: [
      {
        agentName: "lon-a",
        receivedAt: NOW - seconds(4),
        state: "ok",
        sentence: "12 lines/s, 99.7 % matched.",
        since: NOW - minutes(60),
        lastActivityAt: NOW - seconds(5),
      },
    ],
    ...changes,
  };
}

export function aFirewall(changes: Partial<FirewallFacts> = {}): FirewallFacts {
  return {
    id: "f1",
    name: "HQ-FW1",
    isEnabled: true,
    contacts: [
      {
        responder: "a1",
        heardAt: NOW - seconds(4),
        lastTokenAt: NOW - minutes(30),
        lastBatchAt: NOW - seconds(8),
        lastIpQueryAt: null,
        refused: 0,
        lastRefusal: null,
      },
    ],
    push: null,
    ...changes,
  };
}

export function aChain(changes: Partial<ChainFacts> = {}): ChainFacts {
  return {
    now: NOW,
    directories: [aSource({ id: "d1", name: "DC-01" })],
    sources: [aSource()],
    agents: [anAgent()],
    firewalls: [aFirewall()],
    people: { live: 236, lastObservedAt: NOW - seconds(5) },
    onboarding: null,
    ...changes,
  };
}
