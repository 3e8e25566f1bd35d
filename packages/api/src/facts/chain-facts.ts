import type { PushState, SourceKind } from "@rollcall/agent-protocol";
import {
  type AgentFacts,
  agentHealth,
  type Chain,
  chainOf,
  type FirewallFacts,
  firewallHealth,
  type Health,
  type OnboardingFacts,
  type SourceFacts,
  sourceHealth,
} from "@rollcall/health";
import type { ChainView, HealthView } from "../chain.schema.ts";
import type { AgentRecord, ContactRecord, CustomerFacts, PointRecord, SourceRecord } from "./read-facts.ts";
import { dateOf } from "./stored-json.ts";

/** The chain of one customer, ready to leave the API. */
export function chainView(facts: CustomerFacts): ChainView {
  const chain = chainFromFacts(facts);
  return {
    ...healthView(chain),
    links: chain.links.map((link) => ({ ...healthView(link), link: link.link, headline: link.headline })),
  };
}

export function chainFromFacts(facts: CustomerFacts): Chain {
  return chainOf({
    now: facts.now,
    directories: facts.directories.map((record) => sourceFacts(record, "directory", facts.agents)),
    sources: logonSources(facts).map(({ record, kind }) => sourceFacts(record, kind, facts.agents)),
    agents: facts.agents.map((agent) => agentFacts(agent, facts.configVersion)),
    firewalls: facts.points.map((point) => firewallFacts(point, facts.agents)),
    people: { live: facts.people.live, lastObservedAt: facts.people.lastObservedAt?.getTime() ?? null },
    onboarding: openOnboarding(facts),
  });
}

/** Everything that says who is where; a directory alone does not. */
export function logonSources(
  facts: Pick<CustomerFacts, "syslogSources" | "eventSources" | "receivers" | "probes">,
): { readonly record: SourceRecord; readonly kind: SourceKind }[] {
  const of = (kind: SourceKind, records: readonly SourceRecord[]) =>
    records.map((record) => ({ record, kind }));
  return [
    ...of("event-log", facts.eventSources),
    ...of("wef", facts.receivers),
    ...of("syslog", facts.syslogSources),
    ...of("pc-probe", facts.probes),
  ];
}

export function healthView({ state, sentence, since }: Health): HealthView {
  return { state, sentence, since: dateOf(since) };
}

export function agentView(agent: AgentRecord, configVersion: number, now: number): HealthView {
  return healthView(agentHealth(agentFacts(agent, configVersion), now));
}

export function sourceView(
  record: SourceRecord,
  kind: SourceKind,
  agents: readonly AgentRecord[],
  now: number,
): HealthView {
  return healthView(sourceHealth(sourceFacts(record, kind, agents), now));
}

export function pointView(point: PointRecord, agents: readonly AgentRecord[], now: number): HealthView {
  return healthView(firewallHealth(firewallFacts(point, agents), now));
}

function agentFacts(agent: AgentRecord, configVersion: number): AgentFacts {
  const { report } = agent;
  return {
    id: agent.id,
    name: agent.name,
    state: agent.state,
    enrolledAt: agent.enrolledAt.getTime(),
    lastSeenAt: agent.lastSeenAt?.getTime() ?? null,
    configWanted: configVersion,
    configApplied: agent.appliedConfigVersion,
    configRefused: agent.refused,
    certificateExpiresAt: agent.certificateExpiresAt?.getTime() ?? null,
    report: report && {
      receivedAt: report.receivedAt.getTime(),
      clockOffsetMs: clockOffsetMs(agent) ?? 0,
      store: report.health.store,
      listeners: report.health.listeners,
      pending: report.health.spool.pending,
      oldestPendingAt: report.health.spool.oldestPendingAt,
      overlaps: report.health.overlaps.map(({ ip }) => ip),
      darkSources: report.health.darkSources.length,
    },
  };
}

/** The agent's clock minus ours: what its report says of its own time, against when we took it. */
export function clockOffsetMs({ report }: AgentRecord): number | null {
  return report === null ? null : report.health.at - report.receivedAt.getTime();
}

function sourceFacts(record: SourceRecord, kind: SourceKind, agents: readonly AgentRecord[]): SourceFacts {
  const atSite = agents.filter((agent) => agent.siteId === record.siteId && agent.state === "active");
  return {
    id: record.id,
    name: record.name,
    isEnabled: record.enabled,
    hasAgent: atSite.length > 0,
    reports: atSite.flatMap((agent) => {
      const said = agent.report?.health.sources.find((one) => one.id === record.id && one.kind === kind);
      if (!agent.report || !said) return [];
      const { state, sentence, since, lastActivityAt } = said;
      const receivedAt = agent.report.receivedAt.getTime();
      return [{ agentName: agent.name, receivedAt, state, sentence, since, lastActivityAt }];
    }),
  };
}

/** The newest activity and the sum of the counters over the agents that read a source. */
export function sourceActivity(
  record: SourceRecord,
  kind: SourceKind,
  agents: readonly AgentRecord[],
): { lastActivityAt: Date | null; counters: Record<string, number> } {
  let last: number | null = null;
  const counters: Record<string, number> = {};
  for (const agent of agents) {
    if (agent.siteId !== record.siteId || agent.state !== "active") continue;
    const said = agent.report?.health.sources.find((one) => one.id === record.id && one.kind === kind);
    if (!said) continue;
    if (said.lastActivityAt !== null) last = Math.max(last ?? 0, said.lastActivityAt);
    // Two agents of a pair read the same directory: its users are counted once.
    for (const [name, value] of Object.entries(said.counters))
      counters[name] = Math.max(counters[name] ?? 0, value);
  }
  return { lastActivityAt: dateOf(last), counters };
}

function firewallFacts(point: PointRecord, agents: readonly AgentRecord[]): FirewallFacts {
  return {
    id: point.id,
    name: point.name,
    isEnabled: point.enabled,
    contacts: point.contacts.map(({ responder, contact }) => ({
      responder,
      heardAt: heardAt(responder, agents),
      lastTokenAt: contact.lastTokenAt,
      lastBatchAt: contact.lastBatchAt,
      lastIpQueryAt: contact.lastIpQueryAt,
      refused: contact.refused,
      lastRefusal: contact.lastRefusal,
      tls: contact.tls,
    })),
    push: point.isPushed
      ? pushRecords(point, agents).map(({ responder, heardAt, state: { state, sentence, lastOkAt } }) => ({
          heardAt: responder === "cloud" ? null : heardAt.getTime(),
          state,
          sentence,
          lastOkAt,
        }))
      : null,
  };
}

export interface PushRecord {
  /** Agent id, or "cloud". */
  readonly responder: string;
  readonly name: string;
  readonly heardAt: Date;
  readonly state: PushState;
}

/** What each who posts to a firewall says of it. */
export function pushRecords(
  { id, cloudPush }: Pick<PointRecord, "id" | "cloudPush">,
  agents: readonly AgentRecord[],
): PushRecord[] {
  const ofAgents = agents.flatMap(({ id: responder, name, state, report }) => {
    if (state !== "active" || report === null) return [];
    const said = report.health.pushes.find((one) => one.enforcementPointId === id);
    return said === undefined ? [] : [{ responder, name, heardAt: report.receivedAt, state: said }];
  });
  return cloudPush === null ? ofAgents : [...ofAgents, { responder: "cloud", name: "Cloud", ...cloudPush }];
}

/** The cloud speaks always; an agent spoke with its last report. */
function heardAt(responder: string, agents: readonly AgentRecord[]): number | null {
  if (responder === "cloud") return null;
  return agents.find((agent) => agent.id === responder)?.report?.receivedAt.getTime() ?? 0;
}

/** The newest file that may still enrol an agent. */
function openOnboarding({ enrolments, now }: CustomerFacts): OnboardingFacts | null {
  const open = enrolments.find(
    (one) => one.usedAt === null && one.revokedAt === null && one.notAfter.getTime() > now,
  );
  if (open === undefined) return null;
  return {
    agentName: open.agentName,
    createdAt: open.createdAt.getTime(),
    fileReadAt: open.fileReadAt?.getTime() ?? null,
    lastRefusal: open.lastRefusal,
  };
}

/** When each of a point's questions was last asked, over all responders. */
export function contactTimes(contacts: readonly ContactRecord[]) {
  const newest = (pick: (record: ContactRecord) => number | null) => {
    const times = contacts.map(pick).filter((at) => at !== null);
    return times.length === 0 ? null : new Date(Math.max(...times));
  };
  const sum = (pick: (record: ContactRecord) => number) =>
    contacts.reduce((all, record) => all + pick(record), 0);
  return {
    lastTokenAt: newest(({ contact }) => contact.lastTokenAt),
    lastBatchAt: newest(({ contact }) => contact.lastBatchAt),
    lastIpQueryAt: newest(({ contact }) => contact.lastIpQueryAt),
    entriesSent: sum(({ contact }) => contact.entriesSent),
    refused: sum(({ contact }) => contact.refused),
  };
}
