import type { EpochMs } from "./state.ts";

/** What is known of one agent. Times are by our clock. */
export interface AgentFacts {
  readonly id: string;
  readonly name: string;
  readonly state: "active" | "locked" | "revoked";
  readonly enrolledAt: EpochMs;
  /** Any word: a batch, a poll, a report. */
  readonly lastSeenAt: EpochMs | null;
  readonly configWanted: number;
  readonly configApplied: number | null;
  readonly configRefused: { readonly version: number; readonly reason: string } | null;
  readonly certificateExpiresAt: EpochMs | null;
  /** Its last report; null before the first. */
  readonly report: AgentReportFacts | null;
}

export interface AgentReportFacts {
  /** When we received it. */
  readonly receivedAt: EpochMs;
  /** Agent's clock minus ours when it was received. */
  readonly clockOffsetMs: number;
  readonly store: { readonly state: "ok" | "full" | "broken"; readonly sentence: string };
  readonly listeners: readonly {
    readonly name: string;
    readonly state: "ok" | "degraded" | "broken" | "off";
    readonly sentence: string;
  }[];
  readonly pending: number;
  readonly oldestPendingAt: EpochMs | null;
  /** Addresses that two address spaces of one firewall have: it is told of neither. */
  readonly overlaps: readonly string[];
  /** Sources whose people some firewall is not told of, because they cannot be heard. */
  readonly darkSources: number;
}

/** A directory or a source of logons. */
export interface SourceFacts {
  readonly id: string;
  readonly name: string;
  readonly isEnabled: boolean;
  /** What each agent of its site says of it. */
  readonly reports: readonly SourceReportFacts[];
  /** Whether its site has an agent that should say something. */
  readonly hasAgent: boolean;
}

export interface SourceReportFacts {
  readonly agentName: string;
  readonly receivedAt: EpochMs;
  readonly state: "ok" | "degraded" | "broken" | "off" | "never";
  readonly sentence: string;
  readonly since: EpochMs;
  readonly lastActivityAt: EpochMs | null;
}

/** A firewall, and what each responder (agents, the cloud) says of its questions. */
export interface FirewallFacts {
  readonly id: string;
  readonly name: string;
  readonly isEnabled: boolean;
  readonly contacts: readonly {
    readonly responder: string;
    /** When this responder last spoke of its firewalls; the cloud speaks always: null. */
    readonly heardAt: EpochMs | null;
    readonly lastTokenAt: EpochMs | null;
    readonly lastBatchAt: EpochMs | null;
    readonly lastIpQueryAt: EpochMs | null;
    readonly refused: number;
    readonly lastRefusal: string | null;
    /** What it spoke when it last got a token, version first: `TLSv1.2 AES128-SHA fw.example`. */
    readonly tls?: string | undefined;
  }[];
  /** What those who post to its Web API say; null: it is not pushed to, it asks. */
  readonly push: readonly PushFacts[] | null;
}

export interface PushFacts {
  readonly state: "ok" | "waiting" | "refused" | "broken" | "resyncing";
  readonly sentence: string;
  /** When the one who posts last spoke; the cloud speaks always: null. */
  readonly heardAt: EpochMs | null;
  readonly lastOkAt: EpochMs | null;
}

export interface PeopleFacts {
  /** Live addresses with a person. */
  readonly live: number;
  /** When a source last spoke of anybody. */
  readonly lastObservedAt: EpochMs | null;
}

/** The newest onboarding file that may still enrol an agent. */
export interface OnboardingFacts {
  readonly agentName: string;
  readonly fileReadAt: EpochMs | null;
  readonly createdAt: EpochMs;
  readonly lastRefusal: string | null;
}

/** Everything the chain of one customer is told from. */
export interface ChainFacts {
  readonly now: EpochMs;
  readonly directories: readonly SourceFacts[];
  readonly sources: readonly SourceFacts[];
  readonly agents: readonly AgentFacts[];
  readonly firewalls: readonly FirewallFacts[];
  readonly people: PeopleFacts;
  readonly onboarding: OnboardingFacts | null;
}
