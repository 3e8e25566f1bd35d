/**
 * What may import what: the one truth, read by check-boundaries.ts and printed into docs/ARCHITECTURE.md
 * by generate.ts. A room absent from `rooms` fails the check.
 */
export interface Room {
  readonly path: string;
  readonly is: string;
  /** Rooms of ours it may import. */
  readonly mayImport: readonly string[];
  /** Pure: no package at all but those named, no Node built-ins, no clock, no randomness. */
  readonly pure?: boolean;
  /** A server that tests and people start: it may use what the rooms it imports keep for tests. */
  readonly isForTests?: boolean;
  /** Why the limit exists, said when the check fails. */
  readonly because: string;
}

export const rooms: Readonly<Record<string, Room>> = {
  "identity-core": {
    path: "packages/identity-core",
    is: "observations, the law, session table, change log",
    mayImport: [],
    pure: true,
    because: "the centre gives the same answer in agent and cloud only if it can reach nothing outside",
  },
  "directory-graph": {
    path: "packages/directory-graph",
    is: "users, devices, groups and nested membership",
    mayImport: ["identity-core"],
    pure: true,
    because:
      "membership is computed alike in agent and cloud; half a million users are held in its packed columns",
  },
  "srx-protocol": {
    path: "packages/srx-protocol",
    is: "SRX queries and answers; profiles",
    mayImport: ["identity-core"],
    pure: true,
    because: "a profile is text in, text out; HTTP lives in srx-server",
  },
  "syslog-rules": {
    path: "packages/syslog-rules",
    is: "regular-expression sequences, linear time",
    mayImport: ["identity-core"],
    pure: true,
    because: "the same engine runs in agent, browser and CI",
  },
  "event-rules": {
    path: "packages/event-rules",
    is: "what Windows events say of who is where; rules as data",
    mayImport: ["identity-core"],
    pure: true,
    because: "the portal lists the rules that the agent obeys, and both read one table",
  },
  "windows-rpc": {
    path: "packages/windows-rpc",
    is: "Windows' remote procedure calls and event records",
    mayImport: [],
    because: "a wire format knows nothing of identity; it can be read and tested by itself",
  },
  junos: {
    path: "packages/junos",
    is: "the Junos lines of an enforcement point",
    mayImport: [],
    pure: true,
    because: "web and agent print the same lines",
  },
  handover: {
    path: "packages/handover",
    is: "the pack for a customer's administrators: scripts, openings",
    mayImport: [],
    pure: true,
    because: "a script that an administrator runs is the same bytes for the same configuration",
  },
  health: {
    path: "packages/health",
    is: "thresholds, the chain, the sentences",
    mayImport: [],
    pure: true,
    because: "one vocabulary of health for portal, API and agent",
  },
  "agent-protocol": {
    path: "packages/agent-protocol",
    is: "messages between agent and gateway",
    mayImport: ["identity-core"],
    because: "both sides parse with one schema",
  },
  pki: {
    path: "packages/pki",
    is: "certificates, signatures, sealing, verifiers",
    mayImport: ["agent-protocol"],
    because: "cryptographic formats stand in one room",
  },
  collectors: {
    path: "packages/collectors",
    is: "one folder per source",
    mayImport: [
      "identity-core",
      "directory-graph",
      "syslog-rules",
      "event-rules",
      "windows-rpc",
      "observability",
    ],
    because: "a collector decides nothing about identity and knows no cloud",
  },
  "srx-server": {
    path: "packages/srx-server",
    is: "HTTPS shell around srx-protocol",
    mayImport: ["identity-core", "srx-protocol", "observability"],
    because: "agent and gateway use it unchanged",
  },
  "srx-push": {
    path: "packages/srx-push",
    is: "posts to a firewall's Web API",
    mayImport: ["identity-core", "srx-protocol", "observability"],
    because: "agent and gateway push alike; what a firewall was told is kept by whoever runs it",
  },
  observability: {
    path: "packages/observability",
    is: "logger, redaction, names of metrics and fields",
    mayImport: [],
    because: "it knows no domain",
  },
  config: {
    path: "packages/config",
    is: "reads, checks and explains configuration",
    mayImport: [],
    because: "it knows no domain",
  },
  db: {
    path: "packages/db",
    is: "Prisma client, tenant-bound handles, the ledger",
    mayImport: ["identity-core"],
    because: "the ledger applies the law and nothing else of ours",
  },
  queue: {
    path: "packages/queue",
    is: "jobs and the bell",
    mayImport: ["observability"],
    because: "jobs carry ids and facts, not objects",
  },
  auth: {
    path: "packages/auth",
    is: "sign-in",
    mayImport: ["db"],
    because: "sign-in turns a browser session into a principal and does nothing else",
  },
  api: {
    path: "packages/api",
    is: "tRPC routers and use cases",
    mayImport: [
      "db",
      "queue",
      "identity-core",
      "agent-protocol",
      "observability",
      "pki",
      "junos",
      "handover",
      "health",
      "syslog-rules",
      "event-rules",
      "srx-protocol",
      "config",
    ],
    because: "use cases know neither Next nor React nor a collector",
  },
  ui: {
    path: "packages/ui",
    is: "presentational React",
    mayImport: [],
    because: "a piece is given its data; it fetches nothing",
  },
  testkit: {
    path: "packages/testkit",
    is: "fake clock, embedded Postgres, throw-away folders",
    mayImport: [],
    because: "it knows no domain; only tests import it",
  },
  web: {
    path: "apps/web",
    is: "the portal",
    mayImport: [
      "api",
      "auth",
      "ui",
      "config",
      "observability",
      "health",
      "junos",
      "syslog-rules",
      "event-rules",
      "srx-protocol",
      "identity-core",
      "db",
      "queue",
      "pki",
    ],
    because: "only src/server/ wires db, queue and pki; pages speak to the API",
  },
  gateway: {
    path: "apps/gateway",
    is: "device plane",
    mayImport: [
      "agent-protocol",
      "db",
      "queue",
      "srx-server",
      "srx-push",
      "srx-protocol",
      "syslog-rules",
      "identity-core",
      "health",
      "config",
      "observability",
      "pki",
    ],
    because: "the gateway serves devices, never browsers",
  },
  worker: {
    path: "apps/worker",
    is: "background jobs",
    mayImport: ["queue", "db", "api", "config", "observability", "identity-core"],
    because: "work that may be late, without a listener",
  },
  "edge-agent": {
    path: "apps/edge-agent",
    is: "on-prem daemon and CLI",
    mayImport: [
      "identity-core",
      "collectors",
      "srx-protocol",
      "srx-server",
      "srx-push",
      "agent-protocol",
      "config",
      "observability",
      "pki",
      "syslog-rules",
      "event-rules",
      "windows-rpc",
      "directory-graph",
      "health",
      "junos",
    ],
    because:
      "the agent stays light: no database, no queue, no Redis; facts travel through @rollcall/agent-protocol",
  },
  "srx-simulator": {
    path: "tools/srx-simulator",
    is: "a firewall simulator",
    mayImport: [],
    because: "a peer that shares code with what it checks proves nothing",
  },
  "webapi-server": {
    path: "tools/webapi-server",
    is: "a firewall's Web API to post to",
    mayImport: [],
    because: "a peer that shares code with what it checks proves nothing",
  },
  "wmi-server": {
    path: "tools/wmi-server",
    is: "a Windows computer that is asked who sits there",
    mayImport: ["windows-rpc"],
    isForTests: true,
    because: "transport and login are those for tests, checked by impacket; what it says it writes by itself",
  },
  "even6-server": {
    path: "tools/even6-server",
    is: "a Windows event log service to read from",
    mayImport: ["windows-rpc"],
    isForTests: true,
    because:
      "it answers over the RPC server that windows-rpc keeps for tests; impacket reads it, whom nobody here wrote",
  },
  "audit-verify": {
    path: "tools/audit-verify",
    is: "checks an exported audit chain",
    mayImport: [],
    because: "a customer can read all of it",
  },
};

/** Folders of `web` that alone may import the server-side rooms. */
export const serverOnly = {
  room: "web",
  folders: ["src/server/", "src/app/api/"],
  rooms: ["db", "queue", "pki", "auth"],
} as const;

/** Packages a pure room may use. */
export const purePackages: Readonly<Record<string, readonly string[]>> = { "syslog-rules": ["re2js"] };
