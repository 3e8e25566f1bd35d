import path from "node:path";
import { createEven6Wire } from "@rollcall/collectors/event-log";
import { createSyslogListener } from "@rollcall/collectors/syslog";
import type { Logger } from "@rollcall/observability";
import { AgentError } from "./agent-error.ts";
import type { LocalFile } from "./config.ts";
import { createDoctor } from "./doctor/doctor.ts";
import { runningMachineChecks } from "./doctor/machine-checks.ts";
import { readIdentity } from "./enrolment/identity.ts";
import { createDarkKeeper } from "./firewall/dark-keeper.ts";
import {
  type FirewallTls,
  isDueForRenewal,
  makeOwnTls,
  ownNames,
  readFirewallTls,
} from "./firewall/firewall-certificate.ts";
import { createFirewallDoor } from "./firewall/firewall-door.ts";
import { createLegacyDoor } from "./firewall/legacy/legacy-door.ts";
import { listenFault } from "./firewall/listen-fault.ts";
import { createPushKeeper } from "./firewall/push-keeper.ts";
import { openPushStore } from "./firewall/push-store.ts";
import { openResponderIdentity } from "./firewall/responder-identity.ts";
import { createGroupCommit } from "./pipeline/group-commit.ts";
import { housekeeping } from "./pipeline/housekeeping.ts";
import type { LookUpView } from "./pipeline/look-up.ts";
import { TableKeeper } from "./pipeline/table-keeper.ts";
import { createPlainDoor, type PlainDoorOptions, type PlainDoorSettings } from "./relay/plain-door.ts";
import type { AgentSettings, ListenAddress } from "./settings.ts";
import { createShadow } from "./shadow/shadow-part.ts";
import { type EffectiveSite, effectiveSite } from "./sources/effective-site.ts";
import { createLoginLedger, type LoginLedger } from "./sources/login-ledger.ts";
import { systemProbeWire } from "./sources/pc-probe-wire.ts";
import { openSecret } from "./sources/secret-opener.ts";
import { createSiteRuntime, type SiteRuntime } from "./sources/site-runtime.ts";
import { wefIdentities } from "./sources/wef-identity.ts";
import type { LoginRows } from "./state/login-record.ts";
import { openStore } from "./state/open-store.ts";
import { openStateFolder } from "./state/state-folder.ts";
import { StoreFault } from "./state/store-fault.ts";
import { type AgentReport, createAgentReport } from "./status/agent-report.ts";
import { openLocalToken } from "./status/local-token.ts";
import { createStatusServer } from "./status/status-server.ts";
import type { Clock } from "./supervisor/clock.ts";
import { keepRunning } from "./supervisor/keep-running.ts";
import { HealthRecord, type Part } from "./supervisor/part.ts";
import { buildUplink } from "./uplink/build-uplink.ts";
import { parsePortalConfig } from "./uplink/config-poll.ts";

/** Lines that have come in and are not yet written when the agent stops: waited for at most this long. */
const DRAIN_MS_MAX = 3000;
const CERTIFICATE_LOOK_MS = 6 * 3_600_000;

export interface BuildOptions {
  readonly settings: AgentSettings;
  readonly local: LocalFile | null;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Counts how often logins are shown; the store's own where absent. */
  readonly ledger?: LoginLedger;
  /** A listener without TLS for an hour, for the first look at a firewall. */
  readonly plainFirewalls?: PlainDoorSettings & Pick<PlainDoorOptions, "say">;
}

export interface BuiltAgent {
  /** In the order of starting; reversed, of stopping. */
  readonly parts: readonly Part[];
  readonly report: AgentReport;
  readonly site: SiteRuntime;
  /** What a person should read when it runs, a sentence each. */
  readonly greeting: () => readonly string[];
}

/** Builds the parts of an agent and hands them to each other. Nothing listens and nothing is read before they start. */
export async function buildAgent(options: BuildOptions): Promise<BuiltAgent> {
  const { local, clock, log } = options;
  const isShadow = local?.shadow !== undefined;
  // Beside another server no firewall is answered, whatever the flags say.
  const settings: AgentSettings = isShadow ? { ...options.settings, firewallListen: null } : options.settings;
  const startedAt = clock.now();
  const folder = openStateFolder(settings.stateDir);
  const identity = readIdentity(folder.identity);
  if (identity === null && local === null) {
    throw new AgentError(
      "not-enrolled",
      "This machine is not enrolled, and no local configuration was given.",
      {
        exit: "not-enrolled",
        remedy:
          "Enrol it: rollcall-agent enroll FILE. Or run it by itself: rollcall-agent run --config FILE.",
      },
    );
  }
  const responder = openResponderIdentity(folder.responder);
  const open = (logins: LoginRows | null = null): ReturnType<typeof openStore>["store"] => {
    const { store, how } = openStore(folder.store, clock.now(), logins);
    store.setBound(settings.maxSpoolBytes);
    if (how.kind === "replaced")
      log.error(
        { file: how.keptAs, reason: how.reason },
        "store could not be read; it is kept aside and the agent begins with an empty one",
      );
    return store;
  };
  const keeper: TableKeeper = new TableKeeper(openFirst(open, folder.store), {
    issuer: responder.issuer,
    now: clock.now,
    log,
    books: () => site.books(),
    contextOf: (facts) => site.contextOf(facts),
    accountOf: (facts) => site.accountOf(facts),
    groupsOf: (facts) => site.groupsOf(facts),
    onLogon: (facts) => site.noteLogon(facts),
    onComputer: (addressSpaceId, ip) => site.probe?.heardOf(addressSpaceId, ip),
  });
  const commits = createGroupCommit({
    keeper,
    clock,
    log,
    reopen() {
      // What is known of logins is in memory too: another store goes on with it.
      const logins = keeper.store.logins.all();
      keeper.store.close();
      keeper.replaceStore(open(logins));
    },
  });

  const listen = settings.firewallListen;
  let tls = listen === null ? null : await usableTls(folder, local, listen, startedAt);
  const door =
    listen === null || tls === null
      ? null
      : createFirewallDoor({
          listen,
          keeper,
          commits,
          onIpMiss: ({ point, ip }) =>
            site.probe?.missed({ firewallId: point.id, addressSpaceIds: point.filter.addressSpaceIds, ip }) ??
            null,
          responder,
          tenantId: identity?.tenant.id ?? "local",
          tls,
          now: clock.now,
          log,
        });
  const legacy =
    listen === null || door === null
      ? null
      : createLegacyDoor({
          listen: settings.legacyListen,
          host: listen.host,
          stateDir: settings.stateDir,
          tls: () => tls,
          take: (socket, peer) => door.take(socket, peer),
          clock,
          random: options.random,
          log,
        });
  const plain =
    options.plainFirewalls === undefined || door === null
      ? null
      : createPlainDoor({ ...options.plainFirewalls, door, clock, log });
  const syslog =
    settings.syslogListen === null
      ? null
      : createSyslogListener({
          udp: settings.syslogListen,
          tcp: settings.syslogListen,
          sources: [],
          now: clock.now,
          log,
          onRefused: (line) => keeper.journal.noteRefusedLine(line),
        });
  const push = createPushKeeper({
    source: () => keeper.source,
    openStore: () =>
      openPushStore(folder.push, {
        now: clock.now,
        onReplaced: (file, reason) =>
          log.error({ file, reason }, "what firewalls were told could not be read; everything is told anew"),
      }),
    identity: () => uplink?.link.identity ?? identity,
    clock,
    random: options.random,
    log,
  });
  commits.onCommit(push.wake);
  const dark = createDarkKeeper({
    receivers: door === null ? [push] : [door, push],
    sources: () => site.sourceHealth(),
    onDark: (sourceIds) => keeper.table.setDarkSources(sourceIds),
    clock,
    random: options.random,
    log,
  });
  const ledger = createLoginLedger({ record: () => keeper.store.logins, now: clock.now });
  const site: SiteRuntime = createSiteRuntime({
    ledger: options.ledger ?? ledger,
    keeper,
    commits,
    clock,
    random: options.random,
    log,
    door: {
      setListener(listener) {
        door?.setTlsMode(listener.tls);
        legacy?.configure(listener.legacy);
      },
      setProfiles: (profiles) => door?.setProfiles(profiles),
      setOrigin: push.setOrigin,
      setPoints: dark.setPoints,
    },
    syslog,
    secrets: () => ({ identity: uplink?.link.identity ?? identity }),
    probeWire: systemProbeWire({ now: clock.now }),
    eventLogWire: createEven6Wire,
    wefIdentity: wefIdentities({ folder, firewallTls: () => tls, now: clock.now }),
  });

  const localSite = local === null ? null : siteOf(local);
  const combine = (portal: Parameters<typeof effectiveSite>[0]): EffectiveSite =>
    withoutFirewalls(effectiveSite(portal, localSite, settings.configFile), isShadow);
  const lookUpView = (): LookUpView => ({
    table: keeper.table,
    journal: keeper.journal,
    spaces: site.effective?.site.addressSpaces.map(({ id }) => id) ?? [],
    readers: dark.readers(),
  });
  const shadow =
    local?.shadow === undefined
      ? null
      : createShadow({
          settings: local.shadow,
          site: () => site.effective?.site ?? null,
          openSecret: () =>
            openSecret(local.shadow?.secret ?? { file: "" }, {
              identity: uplink?.link.identity ?? identity,
              baseFolder: settings.configFile === null ? null : path.dirname(settings.configFile),
            }),
          view: lookUpView,
          clock,
          random: options.random,
          log,
        });
  const uplink =
    identity === null
      ? null
      : buildUplink({
          identity,
          folder,
          keeper,
          commits,
          site,
          syslog,
          combine,
          clock,
          random: options.random,
          log,
          firewallTls: {
            current: () => tls,
            use(next) {
              tls = next;
              door?.setTls(next);
              legacy?.renew();
            },
          },
          report: () => report,
          doctor: () => doctor,
          lookUpView,
          push,
        });
  const parts: Part[] = [];
  const report = createAgentReport({
    settings,
    startedAt,
    now: clock.now,
    keeper,
    commits,
    site,
    door,
    legacy,
    dark,
    push,
    lookUpView,
    syslog,
    identity: () => uplink?.link.identity ?? identity,
    link: uplink?.link ?? null,
    sender: uplink?.sender ?? null,
    firewallTls: () => tls,
    ownAuthorityFile: folder.ownAuthorityCertificate,
    refusedConfig: () => uplink?.refusedConfig() ?? null,
    shadow,
    plain,
    parts: () => parts,
  });
  const doctor = createDoctor({
    site,
    machine: () => runningMachineChecks(report.status(), settings.stateDir),
    now: clock.now,
  });
  // Firewalls are let in once the table is loaded and it is known who may ask; sources are heard last, so that on the
  // way down nothing comes in while the rest is still written.
  parts.push(storeFile(keeper), commits, firstConfiguration(keeper, site, combine, log));
  if (door !== null) parts.push(door);
  if (plain !== null) parts.push(plain);
  if (legacy !== null) parts.push(legacy);
  parts.push(push, site, dark.part);
  if (syslog !== null && settings.syslogListen !== null)
    parts.push(syslogPart(syslog, settings.syslogListen, clock));
  parts.push(
    housekeeping({ keeper, commits, isAlone: identity === null, clock, random: options.random, log }),
  );
  if (uplink !== null) parts.push(...uplink.parts);
  if (shadow !== null) parts.push(shadow.part);
  if (door !== null)
    parts.push(
      ownCertificate({
        clock,
        random: options.random,
        log,
        current: () => tls,
        async renew(expiring) {
          tls = await makeOwnTls(folder, expiring.names, clock.now());
          door.setTls(tls);
          legacy?.renew();
        },
      }),
    );
  if (settings.statusListen !== null) {
    parts.push(
      createStatusServer({
        listen: settings.statusListen,
        token: openLocalToken(folder.localToken),
        status: report.status,
        who: report.who,
        forwarders: report.forwarders,
        configuration: report.configuration,
        metrics: report.metrics,
        shadow: shadow === null ? null : shadow.document,
        resumeCredential: site.credentials.resume,
        logins: ledger,
        probe: (ip) => site.probe?.report(ip) ?? null,
        doctor,
        isReady: () => (isShadow || (door !== null && door.address !== null)) && site.effective !== null,
        now: clock.now,
        log,
      }),
    );
  }
  return { parts, report, site, greeting: () => greetingOf(report) };
}

function openFirst<T>(open: () => T, file: string): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof StoreFault) || error.kind !== "full") throw error;
    throw new AgentError("disk-full", `There is no room on the disk to make the agent's store at ${file}.`, {
      cause: error,
      remedy: "Free some disk, or name another folder with --state-dir.",
    });
  }
}

async function usableTls(
  folder: ReturnType<typeof openStateFolder>,
  local: LocalFile | null,
  listen: ListenAddress,
  now: number,
): Promise<FirewallTls> {
  const found = readFirewallTls(folder);
  const names = ownNames(local?.firewallListener.names ?? [], listen.host);
  const isOtherNames = found?.origin === "own" && [...found.names].sort().join() !== [...names].sort().join();
  if (found !== null && !isOtherNames && !(found.origin === "own" && isDueForRenewal(found, now)))
    return found;
  return makeOwnTls(folder, names, now);
}

/** In shadow mode nobody is told anything: no firewall may ask, and nothing is pushed to one. */
function withoutFirewalls(effective: EffectiveSite, isShadow: boolean): EffectiveSite {
  return isShadow ? { ...effective, site: { ...effective.site, enforcementPoints: [] } } : effective;
}

function siteOf(local: LocalFile): Omit<LocalFile, "agent" | "shadow"> {
  const { agent: _agent, shadow: _shadow, ...site } = local;
  return site;
}

/** The store is open before anything starts and closes after everything has stopped. */
function storeFile(keeper: TableKeeper): Part {
  return {
    name: "store file",
    start: async () => undefined,
    stop: async () => keeper.store.close(),
    health: () => ({ state: "ok", sentence: "Open.", since: 0 }),
  };
}

function syslogPart(
  syslog: ReturnType<typeof createSyslogListener>,
  listen: ListenAddress,
  clock: Clock,
): Part {
  const health = new HealthRecord(clock.now, "off", "not started");
  return {
    name: "syslog listener",
    async start() {
      try {
        await syslog.start();
      } catch (error) {
        throw listenFault("syslog", listen, isUdpFault(error) ? "udp" : "tcp", "--syslog-listen", error);
      }
      health.set("ok", "Syslog is heard.");
    },
    async stop() {
      await syslog.stop();
      health.set("off", "stopped");
      // The site still reads: what was taken from the wire is written before the reader stops.
      const until = clock.now() + DRAIN_MS_MAX;
      while ((syslog.counters.waitingLines ?? 0) > 0 && clock.now() < until) await clock.sleep(10);
    },
    health: () => health.current,
  };
}

function isUdpFault(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("UDP");
}

/** Renews the certificate of the own authority in its time. One of the portal is renewed through the portal. */
function ownCertificate(options: {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly current: () => FirewallTls | null;
  readonly renew: (expiring: FirewallTls) => Promise<void>;
}): Part {
  const { clock, log } = options;
  return keepRunning({
    name: "own firewall certificate",
    does: "renews the certificate of the agent's own authority",
    clock,
    random: options.random,
    log,
    async run(signal) {
      while (!signal.aborted) {
        const tls = options.current();
        if (tls?.origin === "own" && isDueForRenewal(tls, clock.now())) {
          await options.renew(tls);
          log.info("firewall certificate of the own authority renewed");
        }
        await clock.sleep(CERTIFICATE_LOOK_MS, signal);
      }
    },
  });
}

/** Before the portal has spoken: its last good configuration, kept in the store, over the local file. */
function firstConfiguration(
  keeper: TableKeeper,
  site: ReturnType<typeof createSiteRuntime>,
  combine: (portal: Parameters<typeof effectiveSite>[0]) => EffectiveSite,
  log: Logger,
): Part {
  return {
    name: "last good configuration",
    async start() {
      const stored = keeper.store.configuration;
      const parsed = stored === null ? null : parsePortalConfig(JSON.parse(stored.body));
      if (parsed?.kind === "refused")
        log.error(
          { configVersion: stored?.version, reason: parsed.reason },
          "stored configuration cannot be used by this version",
        );
      await site.apply(combine(parsed?.kind === "usable" ? parsed.config : null));
    },
    stop: async () => undefined,
    health: () => ({ state: "ok", sentence: "Read.", since: 0 }),
  };
}

function greetingOf(report: AgentReport): string[] {
  const status = report.status();
  const { tenant, site, agent } = status.enrolment;
  const lines = [tenant === null ? "Running by itself." : `Running as ${agent} of ${tenant}, ${site}.`];
  for (const listener of status.listeners) {
    if (listener.state === "off") lines.push(listener.sentence);
    else
      lines.push(
        `${listener.name}: ${listener.address}${listener.address.startsWith("127.") ? " (only from this machine)" : ""}`,
      );
  }
  const ca = status.firewallCertificate?.caFile ?? null;
  if (ca !== null) lines.push(`Firewalls that check certificates need this CA: ${ca}`);
  lines.push("See how it is: rollcall-agent status");
  return lines;
}
