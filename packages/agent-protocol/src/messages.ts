import { z } from "zod";
import { siteConfig } from "./site-config.ts";

/**
 * Messages between agent and gateway, JSON over HTTPS (TLS 1.3; mutual but for enrolment).
 * Fields are added, never renamed or re-used; objects here are not strict: an unknown field is ignored,
 * an unknown item kind is kept as opaque history. One schema is used on both sides.
 *
 *   GET  /v1/enrol/nonce                 -> nonceReply          (no client certificate)
 *   POST /v1/enrol        enrolRequest   -> enrolReply          (no client certificate)
 *   POST /v1/renew        renewRequest   -> renewReply
 *   POST /v1/firewall-certificate        -> firewallCertificateReply
 *   POST /v1/streams/open openRequest    -> openReply
 *   POST /v1/streams/{stream}/batches    -> batchReply | batchRefusal   (gzip allowed)
 *   GET  /v1/config?have=N&wait=S        -> configReply | 204   (long poll)
 *   POST /v1/config/applied configApplied-> 204
 *   GET  /v1/commands?wait=S             -> commandsReply | 204 (long poll)
 *   POST /v1/commands/{id}  commandUpdate-> 204
 *   GET  /v1/downlink?after=N&wait=S     -> downlinkReply | 204 (long poll; own=1: the agent's own items too)
 *   POST /v1/health       healthReport   -> healthReply
 *
 * Errors: `errorReply` with a stable `code`; 4xx are not retried but for 409 (stream state) and 429.
 */
export const PROTOCOL_VERSION = 1;

export const MAX_BATCH_ITEMS = 1000;
export const MAX_BATCH_BYTES = 1_048_576;
export const MAX_BATCH_BYTES_INFLATED = 8_388_608;
export const MAX_ITEM_BYTES = 8192;
/** A principal may be in many groups: its facts are longer than any observation. */
export const MAX_PRINCIPAL_ITEM_BYTES = 524_288;

const epochMs = z.number().int().nonnegative();

export const errorReply = z.object({
  code: z.string(),
  message: z.string(),
  remedy: z.string().optional(),
  requestId: z.string().optional(),
});
export type ErrorReply = z.infer<typeof errorReply>;

// --- enrolment -----------------------------------------------------------------------------------
export const nonceReply = z.object({ nonce: z.string(), serverTime: epochMs });

/** `proof` = Ed25519 signature by the token's seed over JCS({token_id, csr_sha256, ca_sha256, nonce, time}). */
export const enrolRequest = z.object({
  v: z.literal(PROTOCOL_VERSION),
  tenantId: z.uuid(),
  tokenId: z.string().max(64),
  csrPem: z.string().max(8192),
  sealingPublicKey: z.string().max(100).describe("X25519, raw 32 bytes, base64url"),
  nonce: z.string().max(100),
  time: epochMs,
  caSha256: z.string().max(64),
  proof: z.string().max(200),
  host: z.object({
    hostname: z.string().max(253),
    os: z.string().max(100),
    version: z.string().max(50),
    machineIdSha256: z.string().max(64).optional(),
  }),
});
export type EnrolRequest = z.infer<typeof enrolRequest>;

export const enrolReply = z.object({
  agentId: z.uuid(),
  certificatePem: z.string(),
  caPem: z.string(),
  streamUrl: z.url(),
  serverTime: epochMs,
});
export type EnrolReply = z.infer<typeof enrolReply>;

export const renewRequest = z.object({ v: z.literal(PROTOCOL_VERSION), csrPem: z.string().max(8192) });
export const renewReply = z.object({
  certificatePem: z.string(),
  caPem: z.string(),
  generation: z.number().int(),
});

/** The agent's firewall-facing certificate, from the customer's SRX CA; the names come from the gateway's configuration of that agent, not from the CSR. */
export const firewallCertificateRequest = z.object({
  v: z.literal(PROTOCOL_VERSION),
  csrPem: z.string().max(8192),
});
export const firewallCertificateReply = z.object({
  certificatePem: z.string(),
  caPem: z.string(),
  notAfter: epochMs,
});

// --- stream --------------------------------------------------------------------------------------
const principalName = z.object({
  sid: z.string().max(200).optional(),
  name: z.string().max(256).optional(),
  domain: z.string().max(255).optional(),
  upn: z.string().max(320).optional(),
});

export const observationBody = z.object({
  id: z.string().max(200),
  recordId: z.string().max(200),
  sourceId: z.string().max(64),
  family: z.enum(["syslog", "radius", "event-log", "probe", "srx-push", "dhcp", "cloud"]),
  addressSpaceId: z.string().max(64),
  ip: z.string().max(45),
  kind: z.enum(["user", "device"]),
  verb: z.enum(["start", "refresh", "end"]),
  class: z.enum(["A", "B", "C", "D"]),
  effectiveAt: epochMs,
  receivedAt: epochMs,
  lifetimeMs: z.number().int().positive(),
  principal: principalName.nullable(),
  correlator: z.string().max(256).nullable(),
  endScope: z.object({ principal: z.enum(["named", "any"]), family: z.enum(["same", "any"]) }).optional(),
  rule: z.string().max(100),
  sourceLabel: z.string().max(100).optional(),
});

export const principalFactsBody = z.object({
  key: z.string().max(300),
  kind: z.enum(["user", "device"]),
  directoryId: z.string().max(64),
  asOf: epochMs,
  aliases: z.array(z.string().max(400)).max(20),
  domain: z.string().max(255),
  netbiosDomain: z.string().max(15).optional(),
  name: z.string().max(256),
  upn: z.string().max(320).optional(),
  displayName: z.string().max(256).optional(),
  groups: z.array(z.string().max(256)).max(1000),
  device: z
    .object({
      os: z.string().max(256).optional(),
      osVersion: z.string().max(256).optional(),
      category: z.string().max(256).optional(),
      vendor: z.string().max(256).optional(),
      model: z.string().max(256).optional(),
    })
    .optional(),
  hostMarkId: z.string().max(64).optional(),
  enabled: z.boolean(),
});

/** One sequenced item of a stream. `seq` is given when the item becomes durable in the spool, starts at 1 per epoch, has no gaps. */
export const streamItem = z.discriminatedUnion("kind", [
  z.object({
    seq: z.number().int().positive(),
    kind: z.literal("observation"),
    observation: observationBody,
  }),
  z.object({ seq: z.number().int().positive(), kind: z.literal("principal"), principal: principalFactsBody }),
]);
export type StreamItem = z.infer<typeof streamItem>;

export const openRequest = z.object({
  v: z.literal(PROTOCOL_VERSION),
  lane: z.enum(["live"]),
  spoolId: z.uuid(),
  epoch: z.number().int().nonnegative(),
  nextSeq: z.number().int().positive(),
  oldestRetained: z.number().int().positive(),
  acked: z.number().int().nonnegative(),
  bootId: z.uuid(),
  wall: epochMs,
});
export type OpenRequest = z.infer<typeof openRequest>;

/**
 * `continue`: send from `resumeFrom`. `snapshot`: a new epoch begins; the agent re-numbers what it holds:
 * it drops acknowledged items, gives its current state (observations of all live keys and principal facts) new
 * sequence numbers from 1 under `epoch`, and sends them. `locked`: another machine uses this identity; stop and say so.
 */
export const openReply = z.object({
  action: z.enum(["continue", "snapshot", "locked"]),
  stream: z.string(),
  epoch: z.number().int().nonnegative(),
  resumeFrom: z.number().int().positive(),
  serverTime: epochMs,
  limits: z.object({ maxItems: z.number().int().positive(), minGapMs: z.number().int().nonnegative() }),
});
export type OpenReply = z.infer<typeof openReply>;

export const batch = z.object({
  v: z.literal(PROTOCOL_VERSION),
  epoch: z.number().int().nonnegative(),
  first: z.number().int().positive(),
  last: z.number().int().positive(),
  count: z.number().int().positive().max(MAX_BATCH_ITEMS),
  tSent: epochMs,
  /** Parsed one by one with `streamItem`, so that one bad item becomes a dead letter and not a stopped stream. */
  items: z.array(z.unknown()).max(MAX_BATCH_ITEMS),
});
export type Batch = z.infer<typeof batch>;

/** Sent only after the transaction is committed. `ack` is cumulative. */
export const batchReply = z.object({
  ack: z.number().int().nonnegative(),
  epoch: z.number().int(),
  revision: z.number().int(),
  serverTime: epochMs,
  deadLetters: z.number().int().default(0),
});
export type BatchReply = z.infer<typeof batchReply>;

/** HTTP 409. */
export const batchRefusal = z.object({
  code: z.enum(["stale-epoch", "unknown-epoch", "gap"]),
  message: z.string(),
  expected: z.number().int().positive().optional(),
});

// --- configuration -------------------------------------------------------------------------------
export const configReply = z.object({ version: z.number().int(), config: siteConfig });
export const configApplied = z.object({
  version: z.number().int(),
  outcome: z.enum(["applied", "refused"]),
  reason: z.string().max(2000).optional(),
});

// --- commands ------------------------------------------------------------------------------------
/** What a site listens to. */
export const sourceKind = z.enum(["directory", "syslog", "event-log", "wef", "pc-probe"]);
export type SourceKind = z.infer<typeof sourceKind>;

export const agentCommand = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("test-source"),
    sourceKind,
    sourceId: z.string(),
  }),
  z.object({
    kind: z.literal("look-up-address"),
    addressSpaceId: z.string().optional(),
    ip: z.string().max(45),
  }),
  /** Examines every source and the agent's own machine. */
  z.object({ kind: z.literal("doctor") }),
  /** Sends a push firewall everything again. */
  z.object({ kind: z.literal("push-resync"), enforcementPointId: z.string().max(64) }),
  /** Ends the pause of a credential: it is tried once more. */
  z.object({ kind: z.literal("resume-credential"), credentialId: z.string().max(64) }),
  /** Asks the computer at an address who sits there. */
  z.object({
    kind: z.literal("probe-address"),
    addressSpaceId: z.string().max(64).optional(),
    ip: z.string().max(45),
  }),
  z.object({
    kind: z.literal("tail"),
    sourceId: z.string().optional(),
    lines: z.number().int().min(1).max(200).default(50),
    seconds: z.number().int().min(1).max(60).default(10),
    unmatchedOnly: z.boolean().default(false),
  }),
]);
export type AgentCommand = z.infer<typeof agentCommand>;
export const commandEnvelope = z.object({ id: z.uuid(), deadline: epochMs, command: z.unknown() });
export const commandsReply = z.object({ commands: z.array(commandEnvelope) });

/**
 * One check of a test: in order, the first failed one is what to mend. One that is `ok` and has a remedy is advice: it works,
 * and could be better.
 */
export const checkResult = z.object({
  name: z.string(),
  ok: z.boolean(),
  detail: z.string().max(1000),
  remedy: z.string().max(1000).optional(),
});
/** A source, or the agent's own machine, with its checks. */
export const examinedSection = z.object({
  /** `machine`, or which kind of source; more may come. */
  kind: z.string().max(40),
  id: z.string().max(64),
  name: z.string().max(100),
  checks: z.array(checkResult).max(100),
});
export const tailLine = z.object({
  at: epochMs,
  sender: z.string(),
  sourceId: z.string().nullable(),
  line: z.string().max(4096),
  matched: z.boolean(),
  reason: z.string().optional(),
  result: z.record(z.string(), z.string()).optional(),
});
/** One thing that was said of an address, what became of it, and which number of the session law decided. */
export const explanationLine = z.object({
  /** `accepted`, `refused`, `voided`, `expired`, `suppressed`, `end`, `decision`, `notice`, `kept-from`; more may come. */
  kind: z.string().max(40),
  of: z.enum(["user", "device"]).default("user"),
  at: epochMs.nullable(),
  rule: z.string().max(200),
  law: z.string().max(40),
  sentence: z.string().max(1000),
  observationId: z.string().max(200).nullable(),
  sourceId: z.string().max(64).nullable(),
  principal: z.string().max(700).nullable(),
});
export const commandResult = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("test-source"), ok: z.boolean(), checks: z.array(checkResult) }),
  z.object({ kind: z.literal("doctor"), ok: z.boolean(), sections: z.array(examinedSection).max(500) }),
  z.object({
    kind: z.literal("look-up-address"),
    entry: z.unknown().nullable(),
    explanation: z.array(z.string()).max(50),
    explanationLines: z.array(explanationLine).max(200).optional(),
  }),
  z.object({ kind: z.literal("push-resync"), entries: z.number().int() }),
  /** `resumed`: false where it was not paused. */
  z.object({ kind: z.literal("resume-credential"), resumed: z.boolean() }),
  z.object({
    kind: z.literal("probe-address"),
    /** `user`, `nobody`, `unreachable`, `denied`, `no-login`, `failed`, `not-asked`; more may come. */
    outcome: z.string().max(40),
    sentence: z.string().max(1000),
    user: z.string().max(700).nullable(),
    computer: z.string().max(700).nullable(),
  }),
  z.object({ kind: z.literal("tail"), lines: z.array(tailLine).max(200) }),
]);
export const commandUpdate = z.discriminatedUnion("state", [
  z.object({ state: z.literal("running"), progress: z.unknown() }),
  z.object({ state: z.literal("done"), result: commandResult }),
  z.object({ state: z.literal("failed"), code: z.string().max(100), message: z.string().max(2000) }),
  z.object({ state: z.literal("refused"), message: z.string().max(2000) }),
]);
export type CommandUpdate = z.infer<typeof commandUpdate>;

// --- downlink ------------------------------------------------------------------------------------
/**
 * What other agents of the tenant and the cloud learnt about this agent's address spaces, same format, same identities.
 * An item of a later version is read as an empty one: it must not stop what comes behind it.
 */
export const downlinkReply = z.object({
  next: z.number().int().nonnegative(),
  items: z.array(
    z.object({ observation: observationBody.optional(), principal: principalFactsBody.optional() }).catch({}),
  ),
});

// --- health --------------------------------------------------------------------------------------
export const sourceHealth = z.object({
  id: z.string(),
  kind: sourceKind,
  name: z.string(),
  state: z.enum(["ok", "degraded", "broken", "off", "never"]),
  sentence: z.string().max(500),
  since: epochMs,
  lastActivityAt: epochMs.nullable(),
  counters: z.record(z.string(), z.number()),
});
export type SourceHealth = z.infer<typeof sourceHealth>;

/** Which profile the learn mode of one firewall has come to. */
export const learnState = z.object({
  enforcementPointId: z.string(),
  profile: z.string().max(64),
  state: z.enum(["trying", "understood", "exhausted"]),
  since: epochMs,
  tried: z.array(z.string().max(64)).max(60),
});
export type LearnState = z.infer<typeof learnState>;

export const firewallContact = z.object({
  enforcementPointId: z.string(),
  lastTokenAt: epochMs.nullable(),
  lastBatchAt: epochMs.nullable(),
  lastIpQueryAt: epochMs.nullable(),
  tokens: z.number().int(),
  batches: z.number().int(),
  ipQueries: z.number().int(),
  entriesSent: z.number().int(),
  refused: z.number().int(),
  lastRefusal: z.string().max(300).nullable(),
  lastSourceAddress: z.string().nullable(),
  /** What it spoke when it got its last token: version, suite, name asked for. */
  tls: z.string().max(320).optional(),
  /** When a token last went to an address that it had never asked from. */
  newSource: z.object({ at: epochMs, address: z.string().max(64) }).optional(),
  /** Live addresses that it is not told of, because its profile says that it cannot hold them. */
  entriesBeyondLimit: z.number().int().default(0),
  /** What the responder's learning has come to; agents say it in their health report's `learning` instead. */
  learning: learnState.nullable().optional(),
  /** The newest entries handed to it, newest first, at most 20. */
  told: z
    .array(
      z.object({
        at: epochMs,
        ip: z.string(),
        user: z.string().nullable(),
        domain: z.string().nullable(),
        groups: z.array(z.string()).max(5),
        how: z.enum(["batch", "ip-query"]),
      }),
    )
    .max(20),
});
export type FirewallContact = z.infer<typeof firewallContact>;

export const unknownSender = z.object({
  sender: z.string(),
  transport: z.enum(["udp", "tcp"]),
  lines: z.number().int(),
  lastAt: epochMs,
  sample: z.string().max(1000),
});

/** What an agent found by what people and addresses do; the newest numbers of each. */
export const detectionReport = z.object({
  kind: z.enum(["service-account", "multi-user", "nat"]),
  /** `domain\\name`, or `addressSpaceId|address`. */
  subject: z.string().max(300),
  /** True: the agent acts on it already (mode `on`, or the threshold for acting by itself). */
  acted: z.boolean(),
  firstSeenAt: epochMs,
  lastSeenAt: epochMs,
  /** Distinct addresses, users or devices in the window. */
  count: z.number().int(),
  examples: z.array(z.string().max(300)).max(10),
  /** What speaks for it besides the count; see `DetectionSign`. A word that is not known is shown as it is. */
  signs: z.array(z.string().max(64)).max(8).default([]),
});
export type DetectionReport = z.infer<typeof detectionReport>;

/** What became of pushing to one firewall's Web API. */
export const pushState = z.object({
  enforcementPointId: z.string(),
  state: z.enum(["ok", "waiting", "refused", "broken", "resyncing"]),
  sentence: z.string().max(500),
  lastPostAt: epochMs.nullable(),
  lastOkAt: epochMs.nullable(),
  posts: z.number().int(),
  entries: z.number().int(),
  failures: z.number().int(),
  /** Posts the firewall called malformed, newest first: never retried. */
  refusedPosts: z
    .array(z.object({ at: epochMs, status: z.number().int(), sentence: z.string().max(500) }))
    .max(10),
  pending: z.number().int(),
});
export type PushState = z.infer<typeof pushState>;

/** What became of the logins of one credential, over all that use it. */
export const credentialState = z.object({
  credentialId: z.string().max(64),
  name: z.string().max(100),
  /** `paused`: it was refused twice in a row and is not tried again until it is changed or resumed, so that no account is locked. */
  state: z.enum(["ok", "paused", "never"]),
  sentence: z.string().max(500),
  successes: z.number().int(),
  failures: z.number().int(),
  lastSuccessAt: epochMs.nullable(),
  lastFailureAt: epochMs.nullable(),
  usedBy: z.array(z.object({ kind: sourceKind, id: z.string().max(64), name: z.string().max(100) })).max(200),
});
export type CredentialState = z.infer<typeof credentialState>;

export const healthReport = z.object({
  v: z.literal(PROTOCOL_VERSION),
  at: epochMs,
  startedAt: epochMs,
  version: z.string().max(50),
  configVersion: z.number().int().nullable(),
  sessions: z.number().int(),
  revision: z.number().int(),
  spool: z.object({
    pending: z.number().int(),
    bytes: z.number().int(),
    oldestPendingAt: epochMs.nullable(),
  }),
  store: z.object({ state: z.enum(["ok", "full", "broken"]), sentence: z.string().max(500) }),
  listeners: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      state: z.enum(["ok", "degraded", "broken", "off"]),
      sentence: z.string().max(500),
    }),
  ),
  sources: z.array(sourceHealth),
  firewalls: z.array(firewallContact),
  unknownSenders: z.array(unknownSender).max(50),
  detections: z.array(detectionReport).max(200).default([]),
  pushes: z.array(pushState).max(1200).default([]),
  credentials: z.array(credentialState).max(200).default([]),
  learning: z.array(learnState).max(1200).default([]),
  /** Addresses live in more than one address space of one firewall: neither is served. */
  overlaps: z
    .array(z.object({ ip: z.string(), addressSpaceIds: z.array(z.string()) }))
    .max(200)
    .default([]),
  /** Sources whose people some firewall is told less of, because they cannot be heard. */
  darkSources: z
    .array(z.object({ sourceId: z.string(), since: epochMs }))
    .max(400)
    .default([]),
});
export type HealthReport = z.infer<typeof healthReport>;
export const healthReply = z.object({ serverTime: epochMs, nextInMs: z.number().int().positive() });
