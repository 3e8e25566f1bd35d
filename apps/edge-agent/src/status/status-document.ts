import {
  credentialState,
  explanationLine,
  firewallContact,
  learnState,
  pushState,
  sourceHealth,
  unknownSender,
} from "@rollcall/agent-protocol";
import { z } from "zod";
import { shadowSummary } from "../shadow/shadow-document.ts";

export const STATUS_SCHEMA = "rollcall.status/v1";
export const WHO_SCHEMA = "rollcall.who/v1";
export const CONFIG_SCHEMA = "rollcall.config/v1";
export const FORWARDERS_SCHEMA = "rollcall.forwarders/v1";
export const RESUME_SCHEMA = "rollcall.resume/v1";

const partState = z.enum(["ok", "degraded", "broken", "off"]);
const at = z.number().int();

/**
 * What the running agent says of itself on its status address. Fields are only added within v1; a reader ignores
 * those it does not know. No person's name or address is in it.
 */
export const statusDocument = z.object({
  schema: z.literal(STATUS_SCHEMA),
  at,
  version: z.string(),
  startedAt: at,
  /** As bad as the worst that matters. */
  state: z.enum(["ok", "degraded", "broken"]),
  /** What is wrong first, or that all is well. */
  sentence: z.string(),
  /** The one thing to do first; null when nothing is. */
  next: z.string().nullable(),
  enrolment: z.object({
    state: z.enum(["enrolled", "alone"]),
    agentId: z.string().nullable(),
    agent: z.string().nullable(),
    tenant: z.string().nullable(),
    site: z.string().nullable(),
  }),
  portal: z.object({
    state: z.enum(["connected", "unreachable", "refused", "off"]),
    sentence: z.string(),
    since: at,
    address: z.string().nullable(),
    certificateNotAfter: at.nullable(),
    clockOffsetMs: z.number().nullable(),
  }),
  configuration: z.object({
    version: z.number().int().nullable(),
    origin: z.enum(["portal", "file", "portal and file", "none"]),
    refused: z.object({ version: z.number().int(), reason: z.string() }).nullable(),
  }),
  sources: z.array(sourceHealth),
  /** Logins that sources share: one that is paused stands here once, with everybody who waits for it. */
  credentials: z.array(credentialState).default([]),
  /** How late the agent comes to what is due, over the last minute or two. */
  eventLoop: z.object({ p50Ms: z.number(), p99Ms: z.number(), maxMs: z.number() }).nullable().default(null),
  firewalls: z.array(firewallContact.omit({ told: true }).extend({ name: z.string() })),
  /** Firewalls that are posted to. */
  pushes: z.array(pushState.extend({ name: z.string() })).default([]),
  /** Firewalls whose profile is being learnt, and what that has come to. */
  learning: z
    .array(learnState.omit({ tried: true }).extend({ name: z.string(), sentence: z.string() }))
    .default([]),
  listeners: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      state: z.enum(["ok", "degraded", "broken", "off"]),
      sentence: z.string(),
    }),
  ),
  people: z.object({
    known: z.number().int(),
    unknown: z.number().int(),
    addresses: z.number().int(),
    revision: z.number().int(),
  }),
  spool: z.object({
    pending: z.number().int(),
    bytes: z.number().int(),
    oldestPendingAt: at.nullable(),
    epoch: z.number().int(),
    nextSeq: z.number().int(),
    ackedSeq: z.number().int(),
    /** Items too large for the way to the cloud, since the start: the cloud got only their number. */
    leftOut: z.number().int().default(0),
  }),
  store: z.object({ state: z.enum(["ok", "full", "broken"]), sentence: z.string() }),
  firewallCertificate: z
    .object({ origin: z.enum(["portal", "own"]), notAfter: at, caFile: z.string().nullable() })
    .nullable(),
  /** Present where the agent runs beside another server; absent from agents that do not know of it. */
  shadow: shadowSummary.nullable().default(null),
  suppressed: z.record(z.string(), z.number()),
  /** Service accounts, shared hosts and translated networks that were found: how many are acted on, how many suggested. */
  findings: z
    .array(z.object({ kind: z.string(), acted: z.number().int(), suggested: z.number().int() }))
    .default([]),
  /** With corroboration in detect mode: addresses at which it would answer otherwise. */
  corroborationDifferences: z.number().int().default(0),
  /** Addresses that two address spaces of one firewall have: it is told of neither. */
  overlaps: z.number().int().default(0),
  /** Sources whose people some firewall is not told of, because they cannot be heard. */
  darkSources: z.array(z.object({ sourceId: z.string(), since: at })).default([]),
  unknownSenders: z.array(unknownSender.omit({ sample: true })),
  parts: z.array(z.object({ name: z.string(), state: partState, sentence: z.string(), since: at })),
});
export type StatusDocument = z.infer<typeof statusDocument>;

/** Who is at an address, or where a user is: local truth, the same that firewalls are told. */
export const whoDocument = z.object({
  schema: z.literal(WHO_SCHEMA),
  at,
  asked: z.string(),
  entries: z.array(
    z.object({
      addressSpaceId: z.string(),
      ip: z.string(),
      user: z
        .object({
          domain: z.string(),
          name: z.string(),
          displayName: z.string().nullable(),
          groups: z.array(z.string()),
          since: at,
          lastSeenAt: at,
          expiresAt: at,
          source: z.string(),
        })
        .nullable(),
      device: z.object({ domain: z.string(), name: z.string(), groups: z.array(z.string()) }).nullable(),
      unknownBecause: z.string().nullable(),
      revision: z.number().int(),
      changedAt: at,
      explanation: z.array(z.string()),
      /** Who is there, in one sentence. */
      answer: z.string().default(""),
      /** When time alone changes that; null: never. */
      nextChangeAt: at.nullable().default(null),
      /** Every observation and what became of it. */
      lines: z.array(explanationLine).default([]),
    }),
  ),
});
export type WhoDocument = z.infer<typeof whoDocument>;

/** What became of asking for a paused login to be tried once more. */
export const resumeDocument = z.object({
  schema: z.literal(RESUME_SCHEMA),
  credential: z.string(),
  outcome: z.enum(["resumed", "not-paused", "unknown"]),
});
export type ResumeDocument = z.infer<typeof resumeDocument>;

export const LOGINS_SCHEMA = "rollcall.logins/v1";

/** What a command beside the agent is told of a login, by its fingerprint. `isLent`: it may be shown once now, and that counts. */
export const loginsDocument = z.object({
  schema: z.literal(LOGINS_SCHEMA),
  salt: z.string().regex(/^[0-9a-f]{64}$/),
  isLent: z.boolean(),
  /** Null where no login was asked about. */
  standing: z
    .discriminatedUnion("kind", [
      z.object({ kind: z.literal("free"), refusal: z.string().nullable() }),
      z.object({ kind: z.literal("paused"), refusal: z.string() }),
      z.object({ kind: z.literal("held"), until: z.number(), doubt: z.string() }),
    ])
    .nullable(),
});
export type LoginsDocument = z.infer<typeof loginsDocument>;

export const PROBE_SCHEMA = "rollcall.probe/v1";

/** What came of `rollcall-agent probe ADDRESS`. */
export const probeDocument = z.object({
  schema: z.literal(PROBE_SCHEMA),
  ip: z.string(),
  /** `user`, `nobody`, `unreachable`, `denied`, `no-login`, `failed`, `not-asked`, `off`; more may come. */
  outcome: z.string(),
  sentence: z.string(),
  user: z.string().nullable(),
  computer: z.string().nullable(),
});
export type ProbeDocument = z.infer<typeof probeDocument>;

/** Computers that forward their events, last heard first. */
export const forwardersDocument = z.object({
  schema: z.literal(FORWARDERS_SCHEMA),
  computers: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      lastHeardAt: at,
      events: z.number().int(),
      forged: z.number().int(),
    }),
  ),
});
export type ForwardersDocument = z.infer<typeof forwardersDocument>;

const partOrigin = z.enum(["portal", "file", "none"]);

/** What the running agent does, and who said so. Secrets are left out. */
export const configDocument = z.object({
  schema: z.literal(CONFIG_SCHEMA),
  version: z.number().int().nullable(),
  origins: z.object({
    directories: partOrigin,
    credentials: partOrigin.default("none"),
    eventSources: partOrigin.default("none"),
    wefReceiver: partOrigin.default("none"),
    pcProbe: partOrigin.default("none"),
    syslogSources: partOrigin,
    filters: partOrigin,
    enforcementPoints: partOrigin,
  }),
  site: z.record(z.string(), z.unknown()),
});
export type ConfigDocument = z.infer<typeof configDocument>;
