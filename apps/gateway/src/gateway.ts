import { hostname } from "node:os";
import { createDatabase, type Database } from "@rollcall/db";
import { createErrorReporter, type Logger } from "@rollcall/observability";
import { issueServerCertificate, openInstallationKeys } from "@rollcall/pki";
import { createBell } from "@rollcall/queue";
import { createSrxServer } from "@rollcall/srx-server";
import { AgentDoor } from "./agents/agent-door.ts";
import { agentRoutes } from "./agents/agent-routes.ts";
import { createAgentServer } from "./agents/agent-server.ts";
import { expireCommands } from "./agents/commands.ts";
import { HealthDesk } from "./agents/health.ts";
import { RateLimit } from "./agents/rate-limit.ts";
import { TrustedSources } from "./agents/trusted-sources.ts";
import type { GatewayConfig } from "./config.ts";
import { ContactDesk } from "./firewalls/contact-desk.ts";
import { DarkBook } from "./firewalls/dark-book.ts";
import { PointBook } from "./firewalls/point-book.ts";
import { PosterDesk } from "./firewalls/poster-desk.ts";
import { PushDesk } from "./firewalls/push-desk.ts";
import { PushLeases } from "./firewalls/push-lease.ts";
import { type PushTargets, readPushTargets } from "./firewalls/push-targets.ts";
import { ReplicaPool } from "./firewalls/replica-pool.ts";
import { ReportDesk } from "./firewalls/report-desk.ts";
import { SharedTokens } from "./firewalls/shared-tokens.ts";
import { DeviceRings } from "./process/device-rings.ts";
import { retireExpiredSecrets } from "./process/housekeeping.ts";
import { onlyGatewayWithoutRedis } from "./process/only-gateway.ts";
import type { Part } from "./process/part.ts";
import { repeatedly } from "./process/repeat.ts";
import { createStatusServer } from "./process/status-server.ts";
import { within } from "./process/within.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const CERTIFICATE_DAYS = 90;
/** How long the start waits for the other processes to be heard. */
const BELL_MS = 15_000;

export interface Gateway {
  /** In the order of starting. */
  readonly parts: readonly Part[];
  /** Ends all waits and takes readiness away; call before the parts are stopped. */
  beginStop(): void;
  readonly addresses: () => {
    readonly agents: Address | null;
    readonly firewalls: Address | null;
    readonly status: Address | null;
  };
}
type Address = { readonly host: string; readonly port: number };

/** Builds the parts of a gateway and hands them to each other. Nothing listens before they are started. */
export async function buildGateway(
  config: GatewayConfig,
  log: Logger,
  now: () => number = Date.now,
  mayPostTo: PushTargets = pushTargetsOf(config),
): Promise<Gateway> {
  const report = createErrorReporter({ log });
  const keys = await openInstallationKeys(config.keysDir);
  const databaseUrl = config.databaseUrl.reveal();
  const redisUrl = config.redisUrl?.reveal();
  const stopping = new AbortController();

  const database: Database = createDatabase({
    url: databaseUrl,
    darkSources: (tenantId) => darkness.dark(tenantId),
    node: `gateway@${hostname()}`,
    now,
    onConnectionError: (error) => report(error, { attempted: "keep a connection to PostgreSQL open" }),
  });
  const darkness: DarkBook = new DarkBook({ database, report, now });
  const bell = createBell({
    redisUrl,
    databaseUrl,
    onFault: (error) => report(error, { attempted: "hear the bell" }),
  });
  const rings = new DeviceRings(bell);

  const door = new AgentDoor({ database, rings, log, now });
  const trusted = new TrustedSources(database, now);
  const health = new HealthDesk(database, rings, now);
  const agentsTls = () => agentListenerTls(keys, config, now());
  const agents = createAgentServer({
    listen: config.agentListen,
    tls: await agentsTls(),
    routes: agentRoutes({
      database,
      keys,
      rings,
      trusted,
      health,
      unknownTokenNotes: new RateLimit({ burst: 10, perMinute: 1, maxAddresses: 10_000, now }),
      streamUrl: config.agentUrl,
      log,
      now,
    }),
    door,
    strangers: new RateLimit({ burst: 30, perMinute: 60, maxAddresses: 100_000, now }),
    everybody: new RateLimit({ burst: 2000, perMinute: 60_000, maxAddresses: 100_000, now }),
    log: log.child({ listener: "agents" }),
    report,
    now,
    stopping: stopping.signal,
  });

  const replicas = new ReplicaPool({ database, rings, issuer: keys.feedIssuer, log, report, now });
  const points = new PointBook({
    database,
    rings,
    darkness,
    now,
    log: log.child({ listener: "firewalls" }),
  });
  const tokens = new SharedTokens({ database, report, now });
  const contacts = new ContactDesk({ database, rings, now });
  const reports = new ReportDesk({ database, rings, replicas, log, now });
  const leases = new PushLeases({
    databaseUrl,
    onLost(error) {
      report(error, { attempted: "hold the leases of firewalls that are posted to" });
      void pushes.lose();
    },
  });
  const pushes: PushDesk = new PushDesk({
    database,
    rings,
    cipher: keys,
    points,
    sourceFor: (tenantId) => replicas.sourceFor(tenantId),
    leases,
    mayPostTo,
    now,
    log: log.child({ component: "push" }),
    report,
  });
  const posters = new PosterDesk({ database, rings, now, log: log.child({ component: "push" }), report });
  const firewallsTls = () => firewallListenerTls(keys, config, now());
  const firewalls = createSrxServer({
    listen: config.firewallListen,
    tls: await firewallsTls(),
    points,
    tokens,
    sourceFor: (point) => replicas.sourceFor(point.tenantId),
    cursorMac: keys.cursorMac,
    contacts: contacts.recorder,
    onUserReport: reports.take,
    now,
    log: log.child({ listener: "firewalls" }),
  });
  contacts.askForLearning((tenantId) => firewalls.learning(tenantId));

  let isReady = false;
  const status = createStatusServer(config.statusListen, async () => {
    if (!isReady) return stopping.signal.aborted ? "stopping" : "starting";
    return database.ping().then(
      () => null,
      () => "PostgreSQL does not answer",
    );
  });

  const forConnectedTenants = async (work: (tenantId: string) => Promise<unknown>) => {
    for (const tenantId of door.connectedTenants) await work(tenantId);
  };
  const parts: Part[] = [
    { name: "database", start: async () => undefined, stop: () => database.close() },
    onlyGatewayWithoutRedis({
      databaseUrl,
      hasRedis: redisUrl !== undefined,
      gateways: config.gateways,
      log,
    }),
    {
      name: "bell",
      start: () =>
        within(
          BELL_MS,
          bell.ready(),
          `hear the bell: ${redisUrl ? "Redis" : "PostgreSQL"} did not answer within ${BELL_MS / 1000} s; start it, or mend ${redisUrl ? "REDIS_URL" : "DATABASE_URL"}.`,
        ),
      stop: async () => {
        rings.stop();
        await bell.close();
      },
    },
    status,
    repeatedly("recheck of connected agents", 2000, report, () =>
      forConnectedTenants((id) => door.recheck(id)),
    ),
    repeatedly("expiry of commands and secrets", 5000, report, () =>
      forConnectedTenants(async (tenantId) => {
        await expireCommands({ database, rings, log, now }, tenantId);
        await retireExpiredSecrets({ database, rings, now }, tenantId);
      }),
    ),
    repeatedly("clean-up of memory", MINUTE_MS, report, async () => {
      for (const kept of [trusted, health, points, replicas, darkness]) kept.sweep();
      await tokens.sweep();
    }),
    repeatedly("new server certificates", DAY_MS, report, async () => {
      agents.setTls(await agentsTls());
      firewalls.setTls(await firewallsTls());
    }),
    { name: "replicas", start: async () => undefined, stop: async () => replicas.stop() },
    pusher(
      pushes,
      leases,
      repeatedly("posting to firewalls", 2000, report, () => pushes.look()),
    ),
    repeatedly("choice of the agents that post", 2000, report, () => posters.look()),
    writerOfContacts(
      contacts,
      repeatedly("writing of contacts with firewalls", 1000, report, () => contacts.flush()),
    ),
    agents,
    { name: "firewalls' listener", start: () => firewalls.start(), stop: () => firewalls.stop() },
    {
      name: "readiness",
      start: async () => {
        isReady = true;
      },
      stop: async () => {
        isReady = false;
      },
    },
  ];

  return {
    parts,
    beginStop: () => {
      isReady = false;
      stopping.abort();
    },
    addresses: () => ({ agents: agents.address, firewalls: firewalls.address, status: status.address }),
  };
}

/** Posts end before the connection that holds their leases. */
function pusher(pushes: PushDesk, leases: PushLeases, looking: Part): Part {
  return {
    name: looking.name,
    start: () => looking.start(),
    async stop() {
      await looking.stop();
      await pushes.stop();
      await leases.close();
    },
  };
}

function pushTargetsOf({ pushTargets }: GatewayConfig): PushTargets {
  const targets = readPushTargets(pushTargets);
  if (targets === null)
    throw new Error(
      `ROLLCALL_PUSH_TARGETS is "${pushTargets}": write none, public, or addresses and prefixes with commas between.`,
    );
  return targets;
}

/** What was told between the last writing and the stop is written as well. */
function writerOfContacts(contacts: ContactDesk, writing: Part): Part {
  return {
    name: writing.name,
    start: () => writing.start(),
    async stop() {
      await writing.stop();
      await contacts.flush();
    },
  };
}

type Keys = Awaited<ReturnType<typeof openInstallationKeys>>;

async function agentListenerTls(keys: Keys, config: GatewayConfig, now: number) {
  const names = serverNames([new URL(config.agentUrl).hostname, config.agentListen.host]);
  const issued = await issueServerCertificate({
    authority: keys.issuing,
    kind: "p256",
    names,
    now,
    days: CERTIFICATE_DAYS,
  });
  return { certPem: issued.certPem, keyPem: issued.keyPem, issuerPem: keys.issuing.certPem };
}

async function firewallListenerTls(keys: Keys, config: GatewayConfig, now: number) {
  const names = serverNames([config.firewallAddress, config.firewallListen.host]);
  const issued = await issueServerCertificate({
    authority: keys.firewall,
    kind: "rsa2048",
    names,
    now,
    days: CERTIFICATE_DAYS,
  });
  return { certPem: issued.certPem + keys.firewall.certPem, keyPem: issued.keyPem };
}

/** Names for a certificate: an address to listen on everywhere is no name, and a URL writes IPv6 in brackets. */
function serverNames(candidates: readonly string[]): string[] {
  const plain = candidates.map((name) => name.replace(/^\[|\]$/g, ""));
  return [...new Set(plain.filter((name) => name !== "0.0.0.0" && name !== "::"))];
}
