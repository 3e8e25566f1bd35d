import { type HealthReport, PROTOCOL_VERSION } from "@rollcall/agent-protocol";
import type { SourceHealth } from "@rollcall/collectors/collector";
import type { SyslogListener } from "@rollcall/collectors/syslog";
import type { Detection } from "@rollcall/identity-core";
import { loopDelay } from "@rollcall/observability";
import type { FirewallContact } from "@rollcall/srx-server";
import type { Identity } from "../enrolment/identity.ts";
import type { DarkKeeper } from "../firewall/dark-keeper.ts";
import { type FirewallTls, notAfterOf as firewallNotAfterOf } from "../firewall/firewall-certificate.ts";
import type { FirewallDoor } from "../firewall/firewall-door.ts";
import type { LegacyDoor } from "../firewall/legacy/legacy-door.ts";
import type { PushKeeper } from "../firewall/push-keeper.ts";
import type { GroupCommit } from "../pipeline/group-commit.ts";
import { type LookUpView, lookUp } from "../pipeline/look-up.ts";
import { type Overlap, overlapsThatMatter } from "../pipeline/overlaps.ts";
import type { TableKeeper } from "../pipeline/table-keeper.ts";
import type { PlainDoor } from "../relay/plain-door.ts";
import { type AgentSettings, formatListen } from "../settings.ts";
import type { Shadow } from "../shadow/shadow-part.ts";
import type { SiteRuntime } from "../sources/site-runtime.ts";
import type { Part } from "../supervisor/part.ts";
import type { PortalLink } from "../uplink/portal-link.ts";
import { notAfterOf } from "../uplink/renewal.ts";
import type { StreamSender } from "../uplink/stream-sender.ts";
import { VERSION } from "../version.ts";
import { metricsOf } from "./agent-metrics.ts";
import { PLAIN_LISTENER } from "./listener-names.ts";
import { metricsText } from "./metrics-text.ts";
import {
  CONFIG_SCHEMA,
  type ConfigDocument,
  FORWARDERS_SCHEMA,
  type ForwardersDocument,
  STATUS_SCHEMA,
  type StatusDocument,
  WHO_SCHEMA,
  type WhoDocument,
} from "./status-document.ts";
import { verdictOf } from "./verdict.ts";
import { whoEntry } from "./who-entry.ts";

const UNKNOWN_SENDERS_MAX = 50;
const DETECTIONS_MAX = 200;
const OVERLAPS_MAX = 200;
/** Looking for overlaps goes over every address: not at each report. */
const OVERLAPS_EVERY_MS = 30_000;
const DARK_MAX = 400;
/** A table of less is counted whenever somebody asks. */
const COUNT_AT_ONCE = 20_000;
const COUNT_MS = 10_000;
const FORWARDERS_MAX = 1000;
const CHARACTERS_MAX = 500;
const SUBJECT_MAX = 300;

export interface ReportSources {
  readonly settings: AgentSettings;
  readonly startedAt: number;
  readonly now: () => number;
  readonly keeper: TableKeeper;
  readonly commits: GroupCommit;
  readonly site: SiteRuntime;
  readonly door: FirewallDoor | null;
  readonly dark: DarkKeeper;
  readonly push: PushKeeper;
  readonly lookUpView: () => LookUpView;
  readonly syslog: SyslogListener | null;
  readonly identity: () => Identity | null;
  readonly link: PortalLink | null;
  readonly sender: StreamSender | null;
  readonly legacy: LegacyDoor | null;
  readonly firewallTls: () => FirewallTls | null;
  /** Where the own CA lies for people, while it is in use. */
  readonly ownAuthorityFile: string;
  readonly refusedConfig: () => { readonly version: number; readonly reason: string } | null;
  /** Null where no listener without TLS was asked for. */
  readonly plain: PlainDoor | null;
  /** Null where this agent does not run beside another server. */
  readonly shadow: Shadow | null;
  readonly parts: () => readonly Part[];
}

/** Says how the agent is: to the portal, to the person at the machine, to a metrics reader. One look, three forms. */
export interface AgentReport {
  health(): HealthReport;
  status(): StatusDocument;
  who(asked: string): WhoDocument;
  forwarders(): ForwardersDocument;
  /** The configuration in force; null before the first. Secrets are left out. */
  configuration(): ConfigDocument | null;
  metrics(): string;
  /** A text that differs when the state of anything differs: a change is told at once. */
  stateKey(): string;
}

export function createAgentReport(from: ReportSources): AgentReport {
  const { settings, keeper, commits, site, door, syslog, now } = from;
  // Begun now, so that the first look has something to say.
  loopDelay();

  const sources = (): SourceHealth[] =>
    site.sourceHealth().map((one) => ({ ...one, sentence: one.sentence.slice(0, CHARACTERS_MAX) }));

  let found: { readonly at: number; readonly overlaps: Overlap[] } | null = null;
  function overlaps(): Overlap[] {
    const at = now();
    if (found === null || Math.abs(at - found.at) >= OVERLAPS_EVERY_MS) {
      const points = site.effective?.site.enforcementPoints ?? [];
      found = { at, overlaps: overlapsThatMatter(keeper.table, points, OVERLAPS_MAX) };
    }
    return found.overlaps;
  }

  const detections = (): HealthReport["detections"] =>
    keeper.detections(DETECTIONS_MAX).map((one) => ({
      ...one,
      subject: one.subject.slice(0, SUBJECT_MAX),
      examples: one.examples.map((example) => example.slice(0, SUBJECT_MAX)),
      signs: [...one.signs],
    }));

  function listeners(): StatusDocument["listeners"] {
    const made: StatusDocument["listeners"] = [];
    const firewall = door?.address ?? null;
    made.push(
      settings.firewallListen === null
        ? {
            name: "firewalls",
            address: "",
            state: "off",
            sentence:
              from.shadow === null
                ? "Firewalls are not answered: --firewall-listen is off."
                : "Firewalls are not answered: this agent runs in shadow mode.",
          }
        : {
            name: "firewalls",
            address: formatListen(firewall ?? settings.firewallListen),
            state: firewall === null ? "broken" : "ok",
            sentence: firewall === null ? "Firewalls cannot ask." : "Firewalls may ask.",
          },
    );
    if (from.legacy !== null && (from.legacy.isWanted || from.legacy.address !== null)) {
      const { state, sentence } = from.legacy.health();
      const bound = from.legacy.address;
      made.push({
        name: "legacy firewalls",
        address: bound === null ? "" : formatListen(bound),
        state: state === "degraded" ? "degraded" : state === "broken" ? "broken" : "off",
        sentence,
      });
    }
    if (from.plain !== null) {
      const { state, sentence } = from.plain.health();
      const bound = from.plain.address;
      made.push({
        name: PLAIN_LISTENER,
        address: bound === null ? "" : formatListen(bound),
        state: state === "degraded" ? "degraded" : "off",
        sentence,
      });
    }
    const forwarding = site.wefListener;
    if (forwarding !== null) {
      const { address: bound, fault } = forwarding;
      made.push({
        name: "event forwarding",
        address: formatListen(bound ?? { host: "*", port: forwarding.port }),
        state: bound !== null ? "ok" : fault === null ? "off" : "broken",
        sentence:
          bound === null
            ? (fault ?? "The port of event forwarding is being opened.")
            : "Computers may forward their events.",
      });
    }
    const { udp = null, tcp = null } = syslog?.addresses ?? {};
    for (const [name, bound] of [
      ["syslog UDP", udp],
      ["syslog TCP", tcp],
    ] as const) {
      made.push(
        settings.syslogListen === null
          ? { name, address: "", state: "off", sentence: "Syslog is not heard: --syslog-listen is off." }
          : {
              name,
              address: formatListen(bound ?? settings.syslogListen),
              state: bound === null ? "broken" : "ok",
              sentence: bound === null ? "Syslog is not heard." : "Syslog is heard.",
            },
      );
    }
    return made;
  }

  function spool(): StatusDocument["spool"] {
    const { nextSeq, ackedSeq, pendingBytes, epoch } = keeper.store.spool.numbers();
    // Without a cloud nothing waits for it.
    const isAlone = from.link === null;
    return {
      pending: isAlone ? 0 : nextSeq - 1 - ackedSeq,
      bytes: isAlone ? 0 : pendingBytes,
      oldestPendingAt: isAlone ? null : keeper.store.spool.oldestPendingAt(),
      epoch,
      nextSeq,
      ackedSeq,
      leftOut: from.sender?.state.leftOut ?? 0,
    };
  }

  let counted = { at: 0, revision: -1, people: 0, onlyDevice: 0 };

  function people(): StatusDocument["people"] {
    const { table } = keeper;
    const at = now();
    // Who asks again and again must not make the agent count half a million people each time.
    if (
      table.revision !== counted.revision &&
      (table.liveCount < COUNT_AT_ONCE || at - counted.at >= COUNT_MS)
    )
      counted = { at, revision: table.revision, ...table.countPeople() };
    return {
      known: counted.people,
      unknown: counted.onlyDevice,
      addresses: table.liveCount,
      revision: table.revision,
    };
  }

  function firewalls(): (FirewallContact & { readonly name: string })[] {
    const contacts = new Map(
      (door?.contacts() ?? []).map((contact) => [contact.enforcementPointId, contact]),
    );
    return (site.effective?.site.enforcementPoints ?? []).map((point) => ({
      ...(contacts.get(point.id) ?? noContact(point.id)),
      name: point.name,
    }));
  }

  function pushes(): StatusDocument["pushes"] {
    const names = new Map(site.effective?.site.enforcementPoints.map(({ id, name }) => [id, name]));
    return from.push.states().map((state) => ({
      ...state,
      name: names.get(state.enforcementPointId) ?? state.enforcementPointId,
    }));
  }

  function learning(): StatusDocument["learning"] {
    const names = new Map(site.effective?.site.enforcementPoints.map(({ id, name }) => [id, name]));
    return (door?.learning() ?? []).map(({ enforcementPointId, profile, state, since, sentence }) => ({
      enforcementPointId,
      name: names.get(enforcementPointId) ?? enforcementPointId,
      profile,
      state,
      since,
      sentence,
    }));
  }

  function portal(): StatusDocument["portal"] {
    const { link } = from;
    const identity = from.identity();
    if (link === null || identity === null) {
      return {
        state: "off",
        sentence: "This agent runs by itself.",
        since: from.startedAt,
        address: null,
        certificateNotAfter: null,
        clockOffsetMs: null,
      };
    }
    const { state, sentence, since, clockOffsetMs } = link.status;
    if (from.sender?.state.isLocked === true) {
      return {
        state: "refused",
        sentence:
          "Another machine uses this agent's identity; nothing is sent. Find the copy, stop it, and enrol this agent anew.",
        since,
        address: identity.streamUrl,
        certificateNotAfter: notAfterOf(identity),
        clockOffsetMs,
      };
    }
    const { blockedBecause = null } = from.sender?.state ?? {};
    const isBlocked = state === "connected" && blockedBecause !== null;
    return {
      state: isBlocked ? "unreachable" : state,
      sentence: isBlocked ? blockedBecause : sentence,
      since,
      address: identity.streamUrl,
      certificateNotAfter: notAfterOf(identity),
      clockOffsetMs,
    };
  }

  function configurationState(): StatusDocument["configuration"] {
    const effective = site.effective;
    const origins = new Set(Object.values(effective?.origins ?? {}));
    const origin = origins.has("portal")
      ? origins.has("file")
        ? "portal and file"
        : "portal"
      : origins.has("file")
        ? "file"
        : "none";
    return { version: effective?.version ?? null, origin, refused: from.refusedConfig() };
  }

  function certificate(): StatusDocument["firewallCertificate"] {
    const tls = from.firewallTls();
    if (tls === null) return null;
    return {
      origin: tls.origin,
      notAfter: firewallNotAfterOf(tls) ?? 0,
      caFile: tls.origin === "own" ? from.ownAuthorityFile : null,
    };
  }

  return {
    health() {
      const { pending, bytes, oldestPendingAt } = spool();
      return {
        v: PROTOCOL_VERSION,
        at: now(),
        startedAt: from.startedAt,
        version: VERSION,
        configVersion: site.effective?.version ?? null,
        sessions: keeper.table.liveCount,
        revision: keeper.table.revision,
        spool: { pending, bytes, oldestPendingAt },
        store: commits.storeState,
        listeners: listeners(),
        sources: sources().map((one) => ({ ...one, counters: { ...one.counters } })),
        firewalls: (door?.contacts() ?? []).map((contact) => ({
          ...contact,
          told: contact.told.map((told) => ({ ...told, groups: [...told.groups] })),
        })),
        unknownSenders: [...(syslog?.unknownSenders() ?? [])].slice(0, UNKNOWN_SENDERS_MAX),
        detections: detections(),
        pushes: [...from.push.states()],
        learning: (door?.learning() ?? []).map(({ enforcementPointId, profile, state, since, tried }) => ({
          enforcementPointId,
          profile,
          state,
          since,
          tried: [...tried],
        })),
        overlaps: overlaps(),
        credentials: site.credentials.states(),
        darkSources: [...from.dark.darkSources()].slice(0, DARK_MAX),
      };
    },
    status() {
      const document: Omit<StatusDocument, "state" | "sentence" | "next"> = {
        schema: STATUS_SCHEMA,
        at: now(),
        version: VERSION,
        startedAt: from.startedAt,
        enrolment: enrolmentOf(from.identity()),
        portal: portal(),
        configuration: configurationState(),
        eventLoop: loopDelay(),
        sources: sources().map((one) => ({ ...one, counters: { ...one.counters } })),
        credentials: site.credentials.states(),
        firewalls: firewalls().map(({ told: _told, ...contact }) => contact),
        pushes: pushes(),
        learning: learning(),
        listeners: listeners(),
        people: people(),
        spool: spool(),
        store: commits.storeState,
        firewallCertificate: certificate(),
        shadow: from.shadow?.summary() ?? null,
        suppressed: Object.fromEntries(keeper.suppressed),
        findings: countFindings(keeper.detections(DETECTIONS_MAX)),
        corroborationDifferences: keeper.table.corroborationDifferences,
        overlaps: overlaps().length,
        darkSources: from.dark.darkSources().map(({ sourceId, since }) => ({ sourceId, since })),
        unknownSenders: [...(syslog?.unknownSenders() ?? [])]
          .slice(0, UNKNOWN_SENDERS_MAX)
          .map(({ sample: _sample, ...rest }) => rest),
        parts: from.parts().map((part) => ({ name: part.name, ...part.health() })),
      };
      return { ...document, ...verdictOf(document) };
    },
    who(asked) {
      const answers = lookUp(from.lookUpView(), asked, now());
      return {
        schema: WHO_SCHEMA,
        at: now(),
        asked,
        entries: answers.map(whoEntry),
      };
    },
    forwarders: () => ({
      schema: FORWARDERS_SCHEMA,
      computers: site.forwarders(FORWARDERS_MAX).map((one) => ({ ...one })),
    }),
    configuration() {
      const { effective } = site;
      if (effective === null) return null;
      const { directories, credentials, enforcementPoints, ...rest } = effective.site;
      return {
        schema: CONFIG_SCHEMA,
        version: effective.version,
        origins: effective.origins,
        site: {
          ...rest,
          directories: directories.map(({ bindPassword: _secret, ...directory }) => directory),
          credentials: credentials.map(withoutPassword),
          enforcementPoints: enforcementPoints.map(({ verifiers, push, ...point }) => ({
            ...point,
            secrets: verifiers.length,
            ...(push === undefined ? {} : { push: withoutPassword(push) }),
          })),
        },
      };
    },
    metrics: () =>
      metricsText(metricsOf(from, { sources: sources(), firewalls: firewalls(), spool: spool() })),
    stateKey() {
      return JSON.stringify([
        sources().map((one) => [one.id, one.state]),
        site.credentials.states().map((one) => [one.credentialId, one.state]),
        listeners().map((one) => one.state),
        commits.storeState.state,
        from.dark.darkSources().map(({ sourceId }) => sourceId),
        findingKeys(keeper.detections(DETECTIONS_MAX)),
        site.effective?.version ?? null,
        firewalls().map((one) => [
          one.enforcementPointId,
          one.lastTokenAt !== null,
          one.lastBatchAt !== null,
          one.lastIpQueryAt !== null,
          one.lastRefusal,
        ]),
        from.push.states().map((one) => [one.enforcementPointId, one.state, one.refusedPosts[0]?.at]),
        learning().map((one) => [one.enforcementPointId, one.profile, one.state]),
      ]);
    },
  };
}

/** Which findings there are, whatever their numbers: those change all the time. */
function findingKeys(detections: readonly Detection[]): string[] {
  return detections.map(({ kind, subject, acted }) => `${kind} ${subject} ${acted}`).sort();
}

function countFindings(detections: readonly Detection[]): StatusDocument["findings"] {
  const counts = new Map<string, { kind: string; acted: number; suggested: number }>();
  for (const { kind, acted } of detections) {
    const before = counts.get(kind) ?? { kind, acted: 0, suggested: 0 };
    counts.set(kind, {
      kind,
      acted: before.acted + Number(acted),
      suggested: before.suggested + Number(!acted),
    });
  }
  return [...counts.values()];
}

function withoutPassword<T extends { readonly password: unknown }>({
  password: _secret,
  ...rest
}: T): Omit<T, "password"> {
  return rest;
}

function enrolmentOf(identity: Identity | null): StatusDocument["enrolment"] {
  if (identity === null) return { state: "alone", agentId: null, agent: null, tenant: null, site: null };
  return {
    state: "enrolled",
    agentId: identity.agentId,
    agent: identity.agentName,
    tenant: identity.tenant.name,
    site: identity.site.name,
  };
}

function noContact(enforcementPointId: string): FirewallContact {
  return {
    enforcementPointId,
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
    told: [],
  };
}
