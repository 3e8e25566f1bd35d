import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { agentHealth } from "./agent-health.ts";
import { chainOf, compareWorstFirst } from "./chain.ts";
import type { PushFacts } from "./facts.ts";
import { firewallHealth } from "./firewall-health.ts";
import { sourceHealth } from "./source-health.ts";
import { type LinkState, spellLength } from "./state.ts";
import {
  aChain,
  aFirewall,
  anAgent,
  anAgentReport,
  aSource,
  minutes,
  NOW,
  seconds,
} from "./testing/builders.ts";
import { ALARM_MS, STALE_MS, UNKNOWN_MS } from "./thresholds.ts";

describe("the chain", () => {
  it("is healthy when all five links are", () => {
    const chain = chainOf(aChain());
    expect(chain.links.map((link) => [link.link, link.state])).toEqual([
      ["directory", "ok"],
      ["sources", "ok"],
      ["agent", "ok"],
      ["firewall", "ok"],
      ["people", "ok"],
    ]);
    expect(chain.state).toBe("ok");
    expect(chain.sentence).toBe("236 people are known now.");
  });

  it("takes state, sentence and since of its worst link", () => {
    const broken = {
      ...reportOf("broken"),
      sentence: "DC-02 refuses the account (0x5).",
      since: NOW - minutes(14),
    };
    const chain = chainOf(aChain({ directories: [aSource({ name: "DC-02", reports: [broken] })] }));
    expect(chain).toMatchObject({
      state: "bad",
      sentence: "DC-02 refuses the account (0x5).",
      since: NOW - minutes(14),
    });
  });

  it("does not count what is paused or never began", () => {
    const chain = chainOf(aChain({ directories: [aSource({ isEnabled: false })], firewalls: [] }));
    expect(chain.state).toBe("ok");
    expect(chain.sentence).toBe(
      "Works so far. No firewall yet. Add an enforcement point and paste its Junos lines.",
    );
  });

  it("is paused or not begun only when nothing else is there", () => {
    const nothing = {
      agents: [],
      sources: [],
      firewalls: [],
      directories: [],
      people: { live: 0, lastObservedAt: null },
    };
    expect(chainOf(aChain(nothing)).state).toBe("never");
    expect(chainOf(aChain({ ...nothing, sources: [aSource({ isEnabled: false })] })).state).toBe("off");
  });

  it("is never green on old data: once no agent has spoken for a minute, no link that lives by it is", () => {
    fc.assert(
      fc.property(fc.integer({ min: STALE_MS, max: 100 * UNKNOWN_MS }), (age) => {
        const at = NOW - age;
        const chain = chainOf(
          aChain({
            agents: [anAgent({ lastSeenAt: at, report: anAgentReport({ receivedAt: at }) })],
            directories: [aSource({ reports: [{ ...reportOf("ok"), receivedAt: at }] })],
            sources: [aSource({ reports: [{ ...reportOf("ok"), receivedAt: at }] })],
            firewalls: [
              withContact({ heardAt: at, lastBatchAt: at - seconds(5), lastTokenAt: at - seconds(60) }),
            ],
          }),
        );
        for (const link of chain.links)
          if (link.link !== "firewall" || age > seconds(90)) expect(link.state, link.sentence).not.toBe("ok");
        expect(chain.state).not.toBe("ok");
      }),
    );
  });

  it("says how far an agent has come that is not connected yet", () => {
    const facts = (onboarding: Parameters<typeof aChain>[0]) =>
      chainOf(aChain({ agents: [], ...onboarding })).links[2];
    const file = { agentName: "lon-a", createdAt: NOW - minutes(3), fileReadAt: null, lastRefusal: null };
    expect(facts({ onboarding: null })).toMatchObject({ state: "never", headline: "none" });
    expect(facts({ onboarding: file }).sentence).toBe(
      "The onboarding file of lon-a was made 3 min ago and not read yet.",
    );
    expect(facts({ onboarding: { ...file, fileReadAt: NOW - seconds(20) } })).toMatchObject({
      state: "busy",
    });
    expect(facts({ onboarding: { ...file, lastRefusal: "its clock is 2 h behind." } })).toMatchObject({
      state: "bad",
      sentence: "lon-a was not enrolled: its clock is 2 h behind.",
    });
  });

  it("names one trouble and counts the others", () => {
    const broken = (id: string) =>
      aSource({ id, name: id, reports: [{ ...reportOf("broken"), sentence: "gone." }] });
    expect(chainOf(aChain({ sources: [broken("A"), broken("B"), broken("C")] })).links[1]).toMatchObject({
      sentence: "A: gone. And 2 more.",
      headline: "0 of 3 answering",
    });
  });

  it("counts an agent with a trouble of its own as connected, and one that is silent as not", () => {
    const report = anAgentReport({
      listeners: [{ name: "legacy", state: "degraded", sentence: "The legacy listener is open." }],
    });
    const weak = (name: string) => anAgent({ name, report });
    expect(chainOf(aChain({ agents: [weak("lon-a"), weak("lon-b")] })).links[2]).toMatchObject({
      state: "warn",
      sentence: "lon-a: The legacy listener is open. And 1 more.",
      headline: "2 of 2 connected",
    });
    const silent = anAgent({ name: "lon-c", lastSeenAt: NOW - STALE_MS });
    expect(chainOf(aChain({ agents: [weak("lon-a"), silent] })).links[2].headline).toBe("1 of 2 connected");
    const revoked = anAgent({ name: "lon-d", state: "revoked" });
    expect(chainOf(aChain({ agents: [weak("lon-a"), revoked] })).links[2].headline).toBe("1 of 1 connected");
  });

  it("puts customers in order worst first, and of equals the one that lasts longest", () => {
    const of = (state: LinkState, since: number | null = null) => ({ state, sentence: "", since });
    const sorted = [
      of("ok"),
      of("never"),
      of("bad", 20),
      of("unknown"),
      of("warn"),
      of("bad", 10),
      of("off"),
      of("busy"),
    ]
      .sort(compareWorstFirst)
      .map(({ state, since }) => (since === null ? state : `${state} ${since}`));
    expect(sorted).toEqual(["bad 10", "bad 20", "unknown", "warn", "busy", "ok", "off", "never"]);
  });
});

describe("an agent", () => {
  it("turns from healthy over stale and alarm to unknown as it is silent", () => {
    const after = (ms: number) =>
      agentHealth(anAgent({ lastSeenAt: NOW - ms, report: anAgentReport() }), NOW).state;
    expect([after(STALE_MS - 1), after(STALE_MS), after(ALARM_MS), after(UNKNOWN_MS)]).toEqual([
      "ok",
      "warn",
      "bad",
      "unknown",
    ]);
  });

  it("is unknown when it polls but does not report", () => {
    const agent = anAgent({ report: anAgentReport({ receivedAt: NOW - seconds(75) }) });
    expect(agentHealth(agent, NOW)).toMatchObject({
      state: "unknown",
      sentence: "lon-a is connected but has not reported for 75 s.",
    });
  });

  it("says a clock offset from 5 s on and is degraded from 60 s on", () => {
    const withOffset = (clockOffsetMs: number) =>
      agentHealth(anAgent({ report: anAgentReport({ clockOffsetMs }) }), NOW);
    expect(withOffset(4_999).sentence).toBe("lon-a reported 4 s ago.");
    expect(withOffset(-5_000)).toMatchObject({
      state: "ok",
      sentence: "lon-a reported 4 s ago; its clock is 5 s behind.",
    });
    expect(withOffset(60_000).state).toBe("warn");
  });

  it.each([
    ["a full store", { store: { state: "full", sentence: "Disk full: nothing new is kept." } }, "bad"],
    [
      "a listener that is weak on purpose",
      { listeners: [{ name: "f", state: "degraded", sentence: "TLS 1.0 is answered." }] },
      "warn",
    ],
    [
      "a listener that cannot listen",
      { listeners: [{ name: "f", state: "broken", sentence: "Port taken." }] },
      "bad",
    ],
    ["an address in two address spaces of one firewall", { overlaps: ["10.0.0.1", "10.0.0.2"] }, "warn"],
    ["people whose source cannot be heard", { darkSources: 2 }, "warn"],
    ["a backlog", { pending: 9000, oldestPendingAt: NOW - minutes(5) }, "warn"],
  ] as const)("tells %s", (_, changes, state) => {
    expect(agentHealth(anAgent({ report: anAgentReport(changes) }), NOW).state).toBe(state);
  });

  it("tells a refused configuration, one being taken up, a lock, a revocation, a certificate that ends", () => {
    const of = (changes: Parameters<typeof anAgent>[0]) => agentHealth(anAgent(changes), NOW);
    expect(of({ configRefused: { version: 3, reason: "unknown key" } })).toMatchObject({
      state: "warn",
      sentence: "lon-a refused configuration 3: unknown key",
    });
    expect(of({ configApplied: 2 }).state).toBe("busy");
    expect(of({ configApplied: 3, configRefused: { version: 2, reason: "old" } }).state).toBe("ok");
    expect(of({ state: "locked" }).state).toBe("bad");
    expect(of({ state: "revoked" }).state).toBe("off");
    expect(of({ certificateExpiresAt: NOW + seconds(3600) }).state).toBe("warn");
    expect(of({ certificateExpiresAt: NOW - 1 }).state).toBe("bad");
    expect(of({ lastSeenAt: null, report: null, enrolledAt: NOW - seconds(5) }).state).toBe("busy");
    expect(of({ lastSeenAt: null, report: null, enrolledAt: NOW - minutes(5) }).state).toBe("never");
  });
});

describe("a source", () => {
  it("is degraded, not broken, while one of two agents reads it", () => {
    const source = aSource({
      reports: [reportOf("ok"), { ...reportOf("broken"), sentence: "no way there." }],
    });
    expect(sourceHealth(source, NOW)).toMatchObject({ state: "warn", sentence: "VPN: no way there." });
  });

  it("stays healthy while one agent sees it fresh and the other is silent", () => {
    const source = aSource({
      reports: [reportOf("ok"), { ...reportOf("ok"), receivedAt: NOW - minutes(9) }],
    });
    expect(sourceHealth(source, NOW).state).toBe("ok");
  });

  it("keeps saying broken for five minutes after its agent fell silent, then says unknown", () => {
    const at = (age: number) =>
      sourceHealth(aSource({ reports: [{ ...reportOf("broken"), receivedAt: NOW - age }] }), NOW);
    expect(at(UNKNOWN_MS - 1).state).toBe("bad");
    expect(at(UNKNOWN_MS).state).toBe("unknown");
  });

  it("waits for an agent, or for its agent to take it up", () => {
    expect(sourceHealth(aSource({ reports: [], hasAgent: false }), NOW).state).toBe("never");
    expect(sourceHealth(aSource({ reports: [] }), NOW).state).toBe("busy");
    expect(sourceHealth(aSource({ isEnabled: false }), NOW).state).toBe("off");
  });
});

describe("a firewall", () => {
  it("is healthy while it asks, then quiet, then silent", () => {
    const after = (ms: number) =>
      firewallHealth(withContact({ lastBatchAt: NOW - ms, lastTokenAt: null }), NOW).state;
    expect([after(seconds(89)), after(seconds(90)), after(seconds(200))]).toEqual(["ok", "warn", "bad"]);
  });

  it("counts what it asked of any responder", () => {
    const cloud = { ...contactOf(), responder: "cloud", heardAt: null, lastBatchAt: NOW - seconds(3) };
    const quietAtAgent = { ...contactOf(), lastBatchAt: NOW - minutes(30) };
    expect(firewallHealth(aFirewall({ contacts: [quietAtAgent, cloud] }), NOW).state).toBe("ok");
  });

  it("is unknown, not silent, when the agent that answers it is silent", () => {
    const contact = { heardAt: NOW - minutes(3), lastBatchAt: NOW - minutes(3) };
    expect(firewallHealth(withContact(contact), NOW).state).toBe("unknown");
  });

  it("says why it is refused when it never got in", () => {
    const contact = { lastTokenAt: null, lastBatchAt: null, refused: 3, lastRefusal: "the secret is wrong" };
    expect(firewallHealth(withContact(contact), NOW)).toMatchObject({
      state: "bad",
      sentence: "HQ-FW1 asks and is refused: the secret is wrong.",
    });
    expect(firewallHealth(aFirewall({ contacts: [] }), NOW).state).toBe("never");
  });
});

describe("a firewall that speaks an old TLS", () => {
  it.each([
    ["TLSv1 AES128-SHA no SNI", "TLS 1.0"],
    ["TLSv1.1 AES128-SHA no SNI", "TLS 1.1"],
  ])("is said to: %s", (tls, words) => {
    expect(firewallHealth(withContact({ tls, lastBatchAt: NOW - seconds(4) }), NOW)).toMatchObject({
      state: "warn",
      sentence: expect.stringContaining(`It still speaks ${words}`),
    });
  });

  it("is as well as any other with TLS 1.2", () => {
    const contact = { tls: "TLSv1.2 AES128-SHA no SNI", lastBatchAt: NOW - seconds(4) };
    expect(firewallHealth(withContact(contact), NOW).state).toBe("ok");
  });
});

describe("a firewall that is posted to", () => {
  const report = {
    state: "ok" as const,
    sentence: "The last post was taken",
    heardAt: NOW - seconds(4),
    lastOkAt: NOW - seconds(9),
  };
  const pushed = (...push: readonly PushFacts[]) => firewallHealth(aFirewall({ contacts: [], push }), NOW);

  it("is as its posts are: it need not ask", () => {
    expect(pushed(report)).toMatchObject({ state: "ok", sentence: "The last post was taken." });
    expect(pushed({ ...report, state: "resyncing" }).state).toBe("busy");
    expect(pushed().state).toBe("never");
  });

  it("is as bad as the worst who posts, and since when the last post was taken", () => {
    const refused = { ...report, state: "refused" as const, sentence: "400: bad time." };
    expect(pushed(report, refused)).toEqual({
      state: "bad",
      sentence: "400: bad time.",
      since: NOW - seconds(9),
    });
  });

  it("is unknown when every agent that posts is silent, and never when it is the cloud", () => {
    expect(pushed({ ...report, heardAt: NOW - minutes(3) }).state).toBe("unknown");
    expect(pushed({ ...report, heardAt: null }).state).toBe("ok");
    expect(pushed({ ...report, heardAt: NOW - minutes(3) }, report).state).toBe("ok");
  });
});

describe("lengths in words", () => {
  it("uses the unit a person would", () => {
    expect([-5, 4_000, 89_000, 90_000, 5_340_000, 7_200_000, 200_000_000].map(spellLength)).toEqual([
      "0 s",
      "4 s",
      "89 s",
      "2 min",
      "89 min",
      "2 h",
      "2 d",
    ]);
  });
});

function reportOf(state: "ok" | "broken") {
  return {
    agentName: "lon-a",
    receivedAt: NOW - seconds(4),
    state,
    sentence: "as it is.",
    since: NOW - minutes(60),
    lastActivityAt: NOW - seconds(5),
  };
}

function contactOf() {
  const contact = aFirewall().contacts[0];
  if (contact === undefined) throw new Error("the builder gives one contact");
  return contact;
}

function withContact(changes: Partial<ReturnType<typeof contactOf>>) {
  return aFirewall({ contacts: [{ ...contactOf(), ...changes }] });
}
