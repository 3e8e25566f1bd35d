import type { DirectoryConfig, SiteConfig } from "@rollcall/agent-protocol";
import type { CheckResult, SourceHealth, SourceKind } from "@rollcall/collectors/collector";
import type { DirectoryReader } from "@rollcall/collectors/directory";
import type { LoginPort } from "@rollcall/collectors/login-port";
import { PROBE_SOURCE_ID } from "@rollcall/collectors/pc-probe";
import type { SyslogListener } from "@rollcall/collectors/syslog";
import type { HeardComputer, ServerIdentity } from "@rollcall/collectors/wef";
import {
  type AccountSigns,
  MARK_DIRECTORY,
  type PrincipalFacts,
  type SuppressionContext,
} from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import { applyFilters } from "../pipeline/apply-filters.ts";
import type { DirectoryBook } from "../pipeline/facts-index.ts";
import { compileSiteRules, type SiteRules } from "../pipeline/site-rules.ts";
import { HealthRecord, type Part } from "../supervisor/part.ts";
import { type CredentialDesk, createCredentialDesk } from "./credential-desk.ts";
import { createDirectorySet, type DirectorySet, partOfBook } from "./directory-source.ts";
import { type EffectiveSite, obeyingCustomer } from "./effective-site.ts";
import { EventKnowledge } from "./event-knowledge.ts";
import { createEventLogSources, type EventLogSourcesOptions } from "./event-log-source.ts";
import { createLoginLedger, type LoginLedger } from "./login-ledger.ts";
import { createPcProbe, type PcProbeSource, type ProbeWire } from "./pc-probe-source.ts";
import type { SecretContext } from "./secret-opener.ts";
import { type PumpDeps, pump } from "./source-pump.ts";
import { createWefSource, type WefListener } from "./wef-source.ts";

export interface SiteRuntimeOptions extends PumpDeps {
  /** Whoever keeps what firewalls are told of, and how. */
  readonly door: {
    setListener(listener: SiteConfig["firewallListener"]): void;
    setProfiles(profiles: SiteConfig["profiles"]): void;
    /** Comes before the points that come from there. */
    setOrigin(origin: { readonly isPortals: boolean; readonly baseFolder: string | null }): void;
    setPoints(points: SiteConfig["enforcementPoints"]): void;
  } | null;
  readonly syslog: SyslogListener | null;
  readonly secrets: () => Pick<SecretContext, "identity">;
  readonly log: Logger;
  /** How often logins were shown; kept in the store where absent. */
  readonly ledger?: LoginLedger;
  /** How computers are asked who sits there. */
  readonly probeWire?: ProbeWire;
  /** How a server's event log is reached and read. */
  readonly eventLogWire?: EventLogSourcesOptions["wireOf"];
  /** The certificate that computers which forward their events see, for the name they use. */
  readonly wefIdentity?: (host: string) => Promise<ServerIdentity>;
}

/** Runs what the configuration asks for, and changes over to another configuration without a restart. */
export interface SiteRuntime extends Part {
  apply(effective: EffectiveSite): Promise<void>;
  readonly effective: EffectiveSite | null;
  sourceHealth(): readonly SourceHealth[];
  /** Tests a source; null where there is none of that id. */
  test(kind: SourceKind, id: string, signal: AbortSignal): Promise<readonly CheckResult[] | null>;
  /** What the directories say, the one to believe first. */
  books(): readonly DirectoryBook[];
  contextOf(facts: PrincipalFacts): SuppressionContext;
  /** What a directory says of an account that may be a service's, and all its groups. */
  accountOf(facts: PrincipalFacts): AccountSigns | null;
  groupsOf(facts: PrincipalFacts): readonly string[];
  /** Somebody logged on whom a directory of this site knows. */
  noteLogon(facts: PrincipalFacts): void;
  /** Every login that sources share. */
  readonly credentials: CredentialDesk;
  /** Asks computers who sits there; null where no way to them was built in. */
  readonly probe: PcProbeSource | null;
  /** Where computers forward their events to; null where that is not asked for. */
  readonly wefListener: WefListener | null;
  /** Who forwards, last heard first, at most `limit`. */
  forwarders(limit: number): readonly HeardComputer[];
  /** Ids of the sources and directories of this site. */
  ownSources(): ReadonlySet<string>;
}

interface RunningDirectory {
  readonly config: DirectoryConfig;
  readonly reader: DirectoryReader | null;
  readonly part: Part | null;
  /** Why it is not read, where it is not. */
  readonly refusal: SourceHealth | null;
}

export function createSiteRuntime(options: SiteRuntimeOptions): SiteRuntime {
  const { clock, log, keeper, door, syslog } = options;
  const health = new HealthRecord(clock.now, "off", "not started");
  const directories = new Map<string, RunningDirectory>();
  const syslogPump = syslog === null ? null : pump(syslog, options);
  const credentials = createCredentialDesk({
    ...options,
    ledger: options.ledger ?? createLoginLedger({ record: () => keeper.store.logins, now: clock.now }),
  });
  let directorySet: DirectorySet | null = null;
  /** What those before said of directories that are still read, until these have told of everybody themselves. */
  let setsBefore: readonly { readonly set: DirectorySet; readonly book: DirectoryBook }[] = [];
  const knowledge = new EventKnowledge(keeper, () => directorySet);
  const eventLogs =
    options.eventLogWire === undefined
      ? null
      : createEventLogSources({
          ...options,
          knowledge,
          login: (credentialId) => credentials.port(credentialId),
          wireOf: options.eventLogWire,
        });
  const { wefIdentity } = options;
  const wef =
    wefIdentity === undefined ? null : createWefSource({ ...options, knowledge, identityFor: wefIdentity });
  const probe =
    options.probeWire === undefined
      ? null
      : createPcProbe({
          ...options,
          login: (credentialId) => credentials.port(credentialId),
          isInfrastructure: (addressSpaceId, ip) => knowledge.of(addressSpaceId).isInfrastructure(ip),
          wire: options.probeWire,
        });
  let effective: EffectiveSite | null = null;
  let isRunning = false;
  let applying: Promise<void> = Promise.resolve();

  async function change(next: EffectiveSite): Promise<void> {
    const { site } = next;
    const before = effective;
    const rules = compileSiteRules(site);
    keeper.setSettings({
      arbitration: site.settings.arbitration,
      corroboration: site.settings.corroboration,
      tombstoneMs: site.settings.tombstoneHours * 3_600_000,
    });
    keeper.setRules(rules);
    // Not waited for: while the disk is full it would hold up the change itself.
    options.commits
      .submit({
        observations: keeper.endsAtMarks(),
        facts: [],
        bookmark: null,
        origin: "site",
        renewed: keeper.renewedFacts(),
      })
      .catch((error: unknown) =>
        log.warn({ err: error, attempted: "apply other rules to groups" }, "rules hold for what comes"),
      );
    if (before === null || JSON.stringify(keptBackBy(before.site)) !== JSON.stringify(keptBackBy(site)))
      applyFilters(options).catch((error: unknown) =>
        log.warn(
          { err: error, attempted: "end sessions that are filtered now" },
          "filters hold for what comes",
        ),
      );
    door?.setListener(site.firewallListener);
    door?.setProfiles(site.profiles);
    door?.setOrigin({
      isPortals: next.origins.enforcementPoints === "portal",
      baseFolder: next.baseFolder,
    });
    door?.setPoints(site.enforcementPoints);
    syslog?.setSources(site.syslogSources);
    const areOtherCredentials = JSON.stringify(before?.site.credentials) !== JSON.stringify(site.credentials);
    credentials.configure(next);
    knowledge.configure(site);
    probe?.configure(site.pcProbe, site.settings.infrastructure);
    effective = next;
    if (directorySet !== null && before !== null && fingerprintOf(before) === fingerprintOf(next)) {
      const areOtherGroups =
        JSON.stringify(groupFiltersOf(before.site)) !== JSON.stringify(groupFiltersOf(site));
      const areOtherHosts = JSON.stringify(before.site.hostMarks) !== JSON.stringify(site.hostMarks);
      if (areOtherGroups) directorySet.setGroupFilter(rules.groupFilter);
      if (areOtherHosts) directorySet.setHostMarks(rules.marks);
      if (areOtherCredentials) directorySet.refresh();
    } else await changeDirectories(next, rules);
    const obeyed = obeyingCustomer(next);
    await eventLogs?.change(obeyed);
    await wef?.change(obeyed);
    const { directories: read, syslogSources, eventSources, enforcementPoints } = site;
    health.set(
      "ok",
      `${read.length} directories, ${eventSources.length} event logs, ${syslogSources.length} syslog sources, ${enforcementPoints.length} enforcement points`,
    );
    log.info(
      {
        configVersion: next.version ?? undefined,
        count: read.length + eventSources.length + syslogSources.length,
      },
      "configuration in force",
    );
  }

  function books(): readonly DirectoryBook[] {
    return sets().map(({ book }) => book);
  }

  function sets(): typeof setsBefore {
    if (directorySet === null) return [];
    const set = directorySet;
    const { directories: read } = effective?.site ?? { directories: [] };
    const hasBegun = read.every(({ id }) => directories.has(id));
    if (hasBegun && read.every(({ id }) => set.isTold(id))) setsBefore = [];
    return [{ set, book: set.book }, ...setsBefore];
  }

  /** The directories that know somebody; null where none does. */
  function setOf({ key }: PrincipalFacts): DirectorySet | null {
    return sets().find(({ book }) => book.factsOf(key) !== null)?.set ?? null;
  }

  async function changeDirectories(next: EffectiveSite, rules: SiteRules): Promise<void> {
    await Promise.all([...directories.values()].map(({ part }) => part?.stop()));
    const gone = [...directories.keys()].filter((id) =>
      next.site.directories.every((config) => config.id !== id),
    );
    for (const id of gone) keeper.dropDirectory(id);
    directories.clear();
    // The last ones, and those that had told of most: two at most, however often the configuration changes meanwhile.
    const said = sets().filter(({ book }) => book.size > 0);
    const kept = said.length > 2 ? [...said.slice(0, 1), ...said.slice(-1)] : said;
    const set = createDirectorySet({
      now: clock.now,
      log,
      groupFilter: rules.groupFilter,
      marks: rules.marks,
    });
    directorySet = set;
    const wanted = new Set(next.site.directories.map(({ id }) => id));
    const isUntold = (id: string): boolean => wanted.has(id) && !set.isTold(id);
    setsBefore = kept.map(({ set: earlier, book }) => ({ set: earlier, book: partOfBook(book, isUntold) }));
    for (const config of next.site.directories) directories.set(config.id, await begin(config, next, set));
  }

  async function begin(
    config: DirectoryConfig,
    next: EffectiveSite,
    set: DirectorySet,
  ): Promise<RunningDirectory> {
    const isPortals = next.origins.directories === "portal";
    const refusal = (sentence: string): RunningDirectory => {
      log.error({ directoryId: config.id, reason: sentence }, "directory is not read");
      return { config, reader: null, part: null, refusal: refusedHealth(config, sentence, clock.now()) };
    };
    if (isPortals && config.dangerouslyTrustAnyCertificate) {
      return refusal(
        "The portal asks to read it without checking its certificate; an agent does that only by its own configuration file. Give the CA's certificate in the portal.",
      );
    }
    const login = loginOf(config, isPortals ? null : next.baseFolder);
    if (login === null)
      return refusal("Nobody is named to read it with: choose a credential, or give it a login of its own.");
    const reader = set.read(config, login);
    const part = pump(reader, options);
    if (isRunning) await part.start(new AbortController().signal);
    return { config, reader, part, refusal: null };
  }

  function loginOf(config: DirectoryConfig, baseFolder: string | null): LoginPort | null {
    const { credentialId, id, name, bindUser, bindPassword } = config;
    if (credentialId !== undefined) return credentials.port(credentialId);
    if (bindUser === undefined || bindPassword === undefined) return null;
    return credentials.ownPort({ id, name, user: bindUser, password: bindPassword }, baseFolder);
  }

  return {
    name: "site",
    async start(signal) {
      isRunning = true;
      credentials.open();
      await syslogPump?.start(signal);
      for (const { part } of directories.values()) await part?.start(signal);
      await eventLogs?.start(signal);
      await probe?.start(signal);
      await wef?.start(signal);
    },
    async stop() {
      isRunning = false;
      await applying.catch(() => undefined);
      await credentials.close();
      await probe?.stop();
      await wef?.stop();
      await eventLogs?.stop();
      await Promise.all([...directories.values()].map(({ part }) => part?.stop()));
      await syslogPump?.stop();
      health.set("off", "stopped");
    },
    health: () => health.current,
    apply(next) {
      // One after the other: two changes at once could leave a directory running that neither wants.
      applying = applying.catch(() => undefined).then(() => change(next));
      return applying;
    },
    get effective() {
      return effective;
    },
    sourceHealth() {
      const read = [...directories.values()].flatMap(
        ({ reader, refusal }) => refusal ?? reader?.health() ?? [],
      );
      return [
        ...read,
        ...(eventLogs?.health() ?? []),
        ...(probe?.sourceHealth() ?? []),
        ...(wef?.health() ?? []),
        ...(syslog?.health() ?? silentSources(effective?.site ?? null, clock.now())),
      ];
    },
    async test(kind, id, signal) {
      if (kind === "directory") {
        const found = directories.get(id);
        if (found === undefined) return null;
        if (found.reader !== null) return found.reader.test(signal);
        return [{ name: "password", ok: false, detail: found.refusal?.sentence ?? "It is not read." }];
      }
      if (kind === "event-log") return eventLogs?.test(id, signal) ?? null;
      if (kind === "pc-probe") return effective?.site.pcProbe ? (probe?.test() ?? null) : null;
      if (kind === "wef") return wef?.test(id) ?? null;
      const source = effective?.site.syslogSources.find((one) => one.id === id);
      return source === undefined ? null : testSyslog(source.id, source.senders, syslog);
    },
    books,
    contextOf: (facts) => setOf(facts)?.contextOf(facts) ?? {},
    accountOf: (facts) => setOf(facts)?.accountOf(facts) ?? null,
    groupsOf: (facts) => setOf(facts)?.groupsOf(facts) ?? [],
    noteLogon: (facts) => directorySet?.noteLogon(facts),
    credentials,
    probe,
    get wefListener() {
      return wef?.listener ?? null;
    },
    forwarders: (limit) => wef?.computers(limit) ?? [],
    ownSources() {
      const site = effective?.site;
      const sources = [
        ...(site?.directories ?? []),
        ...(site?.eventSources ?? []),
        ...(site?.wefReceiver ? [site.wefReceiver] : []),
        ...(site?.syslogSources ?? []),
        ...(site?.pcProbe ? [{ id: PROBE_SOURCE_ID }] : []),
      ].map(({ id }) => id);
      const marks = [...(site?.addressMarks ?? []), ...(site?.hostMarks ?? [])];
      const hasFixedUsers = marks.some(({ mode }) => mode === "pseudo-user");
      return new Set(hasFixedUsers ? [...sources, MARK_DIRECTORY] : sources);
    },
  };
}

/** What the directories' readers are made of: a difference means other readers. */
function fingerprintOf({ site, origins, baseFolder }: EffectiveSite): string {
  return JSON.stringify([site.directories, origins.directories, baseFolder]);
}

/** What ends sessions that stand already, when it changes. */
function keptBackBy(site: SiteConfig): readonly unknown[] {
  return [site.filters, site.settings.infrastructure];
}

function groupFiltersOf(site: SiteConfig): readonly unknown[] {
  return site.filters.filter((filter) => filter.kind === "group-include");
}

function refusedHealth(config: DirectoryConfig, sentence: string, now: number): SourceHealth {
  return {
    id: config.id,
    kind: "directory",
    name: config.name,
    state: "broken",
    sentence,
    since: now,
    lastActivityAt: null,
    counters: {},
  };
}

/** Sources that cannot be heard because the syslog listener is switched off. */
function silentSources(site: SiteConfig | null, now: number): SourceHealth[] {
  return (site?.syslogSources ?? []).map((source) => ({
    id: source.id,
    kind: "syslog",
    name: source.name,
    state: "off",
    sentence: "The syslog listener of this agent is switched off (--syslog-listen).",
    since: now,
    lastActivityAt: null,
    counters: {},
  }));
}

function testSyslog(id: string, senders: readonly string[], syslog: SyslogListener | null): CheckResult[] {
  if (syslog === null) {
    return [
      {
        name: "listener",
        ok: false,
        detail: "The syslog listener of this agent is switched off.",
        remedy: "Start the agent with --syslog-listen.",
      },
    ];
  }
  const { udp, tcp } = syslog.addresses;
  const where = [
    udp === null ? null : `UDP ${udp.host}:${udp.port}`,
    tcp === null ? null : `TCP ${tcp.host}:${tcp.port}`,
  ].filter((one) => one !== null);
  const health = syslog.health().find((one) => one.id === id);
  const counters = health?.counters ?? {};
  const received = counters.received ?? 0;
  const matched = counters.matched ?? 0;
  const unlisted = syslog.unknownSenders().map((one) => one.sender);
  return [
    {
      name: "listener",
      ok: where.length > 0,
      detail: where.length > 0 ? `Listens on ${where.join(" and ")}.` : "Listens nowhere.",
    },
    {
      name: "lines",
      ok: received > 0,
      detail:
        received > 0
          ? `${received} lines have come from ${senders.join(", ")}.`
          : `No line has come from ${senders.join(", ")}.${unlisted.length > 0 ? ` Others send: ${unlisted.slice(0, 5).join(", ")}.` : ""}`,
      ...(received > 0
        ? {}
        : { remedy: "Point the sender at one of these addresses, and allow its address in the source." }),
    },
    {
      name: "rules",
      ok: matched > 0,
      detail: `${matched} lines were matched by a sequence.`,
      ...(matched > 0 ? {} : { remedy: "Look at the lines with “tail”, and mend the sequences." }),
    },
    { name: "state", ok: health?.state === "ok", detail: health?.sentence ?? "The source is not running." },
  ];
}
