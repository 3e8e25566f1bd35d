import {
  LEARN_DAYS,
  type SiteConfig,
  type SyslogSourceConfig,
  secretRef,
  siteConfig,
} from "@rollcall/agent-protocol";
import type { z } from "zod";
import { firewallNamesOf } from "./firewall-certificate.ts";
import { heldSpaces } from "./held-spaces.ts";

type DirectoryConfig = SiteConfig["directories"][number];
type SealedSecret = Extract<z.infer<typeof secretRef>, { sealed: unknown }>;

/** The rows that one agent's configuration is made of, as the database has them. */
export interface SiteRows {
  readonly customer: {
    readonly id: string;
    readonly name: string;
    readonly configVersion: number;
    readonly settings: unknown;
  };
  readonly agent: {
    readonly id: string;
    readonly firewallNames: readonly string[];
    readonly name: string;
  };
  readonly site: { readonly id: string; readonly name: string };
  readonly addressSpaces: readonly {
    readonly id: string;
    readonly name: string;
    readonly isDefault: boolean;
  }[];
  readonly directories: readonly DirectoryRow[];
  readonly credentials: readonly CredentialRow[];
  readonly eventSources: readonly EventSourceRow[];
  readonly wefReceiver: WefReceiverRow | null;
  readonly pcProbe: PcProbeRow | null;
  readonly syslogSources: readonly SyslogSourceRow[];
  readonly filters: readonly {
    readonly id: string;
    readonly kind: string;
    readonly value: string;
    readonly domain: string | null;
  }[];
  readonly points: readonly PointRow[];
  readonly profiles: readonly { readonly id: string; readonly name: string; readonly document: unknown }[];
  readonly addressMarks: readonly AddressMarkRow[];
  readonly hostMarks: readonly HostMarkRow[];
  /** Accounts (`domain\\name`) of which a person said that they are no service accounts. */
  readonly dismissedAccounts: readonly string[];
  /** When the first agent of the site was enrolled. */
  readonly firstEnrolledAt: Date | null;
}

export interface AddressMarkRow {
  readonly id: string;
  readonly addressSpaceId: string;
  readonly range: string;
  readonly mark: string;
  readonly mode: string;
  readonly pseudoUser: unknown;
}

export interface HostMarkRow {
  readonly id: string;
  readonly under: string;
  readonly remoteDesktopOnly: boolean;
  readonly mode: string;
  readonly pseudoUser: unknown;
}

export interface DirectoryRow {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: string;
  readonly caPem: string | null;
  readonly dangerouslyTrustAnyCertificate: boolean;
  /** Null where a credential is named. */
  readonly bindUser: string | null;
  readonly credentialId: string | null;
  readonly baseDn: string | null;
  readonly domain: string | null;
  readonly netbiosDomain: string | null;
  readonly pollSeconds: number;
  readonly secret: { readonly sealed: unknown } | null;
}

export interface CredentialRow {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly realm: string | null;
  readonly kdcs: readonly string[];
  readonly allowNtlm: boolean;
  readonly sealed: unknown;
}

export interface EventSourceRow {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly host: string;
  readonly addressSpaceId: string;
  readonly credentialId: string;
  readonly channelPath: string | null;
  readonly query: string | null;
  readonly catchUpMinutes: number;
  readonly lifetimeMinutes: number;
  readonly rulesOff: readonly string[];
  readonly rulesOn: readonly string[];
  readonly shares: readonly string[];
  readonly endpointMapperPort: number;
  readonly headerSigning: boolean;
}

export interface WefReceiverRow {
  readonly id: string;
  readonly name: string;
  readonly addressSpaceId: string;
  readonly host: string;
  readonly port: number;
  readonly clientCaPem: string;
  readonly allow: readonly string[];
  readonly channels: readonly string[];
  readonly query: string | null;
  readonly heartbeatSeconds: number;
  readonly readExisting: boolean;
  readonly compress: boolean;
  readonly lifetimeMinutes: number;
  readonly rulesOff: readonly string[];
  readonly rulesOn: readonly string[];
}

export interface PcProbeRow {
  readonly addressSpaceId: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly allowPublic: boolean;
  readonly methods: readonly string[];
  readonly verifyAtExpiry: boolean;
  readonly onUnknownAddress: boolean;
  readonly onEventWithoutUser: boolean;
  readonly holdIfAlive: boolean;
  readonly workers: number;
  readonly lifetimeMinutes: number;
  readonly credentials: readonly { readonly credentialId: string; readonly ordinal: number }[];
}

export interface SyslogSourceRow {
  readonly id: string;
  readonly name: string;
  readonly senders: readonly string[];
  readonly transport: string;
  readonly addressSpaceId: string;
  readonly speaksFor: readonly string[];
  readonly defaultDomain: string | null;
  readonly timeZone: string | null;
  readonly lifetimeMinutes: number;
  readonly maxLinesPerSecond: number;
  readonly sequences: readonly {
    readonly id: string;
    readonly ordinal: number;
    readonly description: string;
    readonly kind: string;
    readonly trigger: string;
    readonly patterns: unknown;
    readonly matchSourceIp: boolean;
    readonly startingTimeMinutes: number;
    readonly positiveSamples: readonly string[];
    readonly negativeSamples: readonly string[];
  }[];
}

export interface PointRow {
  readonly id: string;
  readonly siteId: string | null;
  readonly name: string;
  readonly clientId: string;
  readonly sourceAddresses: readonly string[];
  readonly addressSpaceIds: readonly string[];
  readonly profile: string;
  readonly ipv6: boolean;
  readonly tokenTtlSeconds: number;
  readonly domains: readonly string[];
  readonly includeIp: readonly string[];
  readonly excludeIp: readonly string[];
  readonly learnUntil: Date | null;
  readonly mayReport: readonly string[];
  readonly whenSourcesDark: string;
  readonly darkMinutes: number;
  readonly reannounceMinutes: number;
  readonly push: unknown;
  readonly pushFrom: string;
  readonly pushSecret: { readonly sealed: unknown } | null;
  /** The one agent that posts. */
  readonly pushAgentId: string | null;
  readonly pushTurn: number;
  readonly secrets: readonly SecretRow[];
}

export interface SecretRow {
  readonly verifier: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

/** The schema takes at most this many verifiers: those of the newest secrets count. */
const MAX_VERIFIERS = 4;
const SETTING_NAMES = [
  "deviceLifetimeMinutes",
  "arbitration",
  "dropUsersWithoutIncludedGroup",
  "tombstoneHours",
  "corroboration",
  "infrastructure",
  "eventRulesOff",
  "detection",
] as const;

/**
 * Makes an agent's configuration of the rows that describe its site.
 *
 * Shape:  only what this agent may know: of a sealed secret its own ciphertext, of the customer's logins those that its
 *         site uses, of a firewall the verifiers of live secrets, and only firewalls all of whose address spaces this
 *         agent holds.
 * Errors: throws where the rows do not make a valid configuration: a bug of whoever wrote them.
 */
export function composeSiteConfig(rows: SiteRows, now: number): SiteConfig {
  const one = (speaker: { readonly addressSpaceId: string } | null) => (speaker === null ? [] : [speaker]);
  const held = heldSpaces(rows.addressSpaces, [
    ...rows.syslogSources,
    ...rows.eventSources,
    ...one(rows.wefReceiver),
    ...one(rows.pcProbe),
  ]);
  const points = rows.points.filter(
    (point) => point.addressSpaceIds.length > 0 && point.addressSpaceIds.every((id) => held.has(id)),
  );
  const { settings } = rows.customer;
  return siteConfig.parse({
    version: rows.customer.configVersion,
    site: {
      tenantId: rows.customer.id,
      tenantName: rows.customer.name,
      siteId: rows.site.id,
      siteName: rows.site.name,
    },
    addressSpaces: rows.addressSpaces.filter(({ id }) => held.has(id)).map(({ id, name }) => ({ id, name })),
    settings: settingsOf(settings, rows, now),
    directories: rows.directories.map((row) => directoryOf(row, rows.agent.id)),
    credentials: usedCredentials(rows).map((row) => credentialOf(row, rows.agent.id)),
    eventSources: rows.eventSources.map(eventSourceOf),
    wefReceiver: rows.wefReceiver && wefReceiverOf(rows.wefReceiver),
    pcProbe: rows.pcProbe && pcProbeOf(rows.pcProbe),
    syslogSources: rows.syslogSources.map(syslogSourceOf),
    filters: rows.filters.map(filterOf),
    enforcementPoints: points.map((point) => pointOf(point, { ...rows, now })),
    profiles: profilesOf(rows.profiles, points, now),
    addressMarks: rows.addressMarks.filter((mark) => held.has(mark.addressSpaceId)).map(markOf),
    hostMarks: rows.hostMarks.map(hostMarkOf),
    firewallListener: {
      names: firewallNamesOf(rows.agent),
      tls: settingNamed(settings, "listenerTls"),
      legacy: legacyOf(settingNamed(settings, "legacyListener"), now),
    },
  });
}

function settingNamed(settings: unknown, name: string): unknown {
  return typeof settings === "object" && settings !== null
    ? new Map(Object.entries(settings)).get(name)
    : undefined;
}

/** Null once it is over: an agent is not told of a listener that it would not open. */
function legacyOf(legacy: unknown, now: number): unknown {
  const until = settingNamed(legacy, "until");
  return typeof until === "number" && until > now ? legacy : null;
}

/** The schema takes at most this many exempt accounts: those that the settings name come first. */
const MAX_EXEMPT = 2000;
const MAX_ACCOUNT = 256;

function settingsOf(settings: unknown, rows: SiteRows, now: number): Record<string, unknown> {
  const named = SETTING_NAMES.map((name): [string, unknown] => [name, settingNamed(settings, name)]);
  const chosen = Object.fromEntries(named.filter(([, value]) => value !== undefined));
  const { learnDays, exempt, ...detection } = recordOf(chosen.detection);
  const dismissed = rows.dismissedAccounts.filter((account) => account.length <= MAX_ACCOUNT);
  const accounts = [...(Array.isArray(exempt) ? exempt : []), ...dismissed];
  const until = learnsAccountsUntil(learnDays, rows.firstEnrolledAt);
  return {
    ...chosen,
    detection: {
      ...detection,
      ...(accounts.length === 0 ? {} : { exempt: [...new Set(accounts)].slice(0, MAX_EXEMPT) }),
      ...(until === null || until <= now ? {} : { suggestAccountsUntil: until }),
    },
  };
}

const DAY_MS = 86_400_000;
/** The days begin with the site's first agent: before it nothing was seen, and one that takes its place has nothing to learn anew. */
function learnsAccountsUntil(learnDays: unknown, firstEnrolledAt: Date | null): number | null {
  const days = typeof learnDays === "number" ? learnDays : LEARN_DAYS;
  return firstEnrolledAt === null || days <= 0 ? null : firstEnrolledAt.getTime() + days * DAY_MS;
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

/** Only profiles that one of the agent's firewalls is answered by. */
function profilesOf(profiles: SiteRows["profiles"], points: readonly PointRow[], now: number): unknown[] {
  const used = new Set(points.map((point) => point.profile));
  // A firewall that is learning may come to any of them.
  const isLearning = points.some((point) => learnsUntil(point, now) !== null);
  return profiles
    .filter(({ id }) => isLearning || used.has(id))
    .map(({ id, name, document }) => ({ id, name, document }));
}

function markOf(row: AddressMarkRow): unknown {
  const { id, addressSpaceId, range, mark, mode, pseudoUser } = row;
  return { id, addressSpaceId, range, mark, mode, pseudoUser: pseudoUser ?? undefined };
}

function hostMarkOf(row: HostMarkRow): unknown {
  const { id, under, remoteDesktopOnly, mode, pseudoUser } = row;
  return { id, under, remoteDesktopOnly, mode, pseudoUser: pseudoUser ?? undefined };
}

function directoryOf(row: DirectoryRow, agentId: string): unknown {
  return {
    id: row.id,
    name: row.name,
    host: row.host,
    port: row.port,
    tls: row.tls as DirectoryConfig["tls"],
    caPem: row.caPem ?? undefined,
    dangerouslyTrustAnyCertificate: row.dangerouslyTrustAnyCertificate,
    credentialId: row.credentialId ?? undefined,
    bindUser: row.bindUser ?? undefined,
    bindPassword: row.secret === null ? undefined : { sealed: sealedFor(row.secret.sealed, agentId) },
    baseDn: row.baseDn ?? undefined,
    domain: row.domain ?? undefined,
    netbiosDomain: row.netbiosDomain ?? undefined,
    pollSeconds: row.pollSeconds,
  };
}

/** A login travels to a site that has a use for it, and to no other. */
function usedCredentials({ credentials, directories, eventSources, pcProbe }: SiteRows): CredentialRow[] {
  const used = new Set([
    ...directories.map(({ credentialId }) => credentialId),
    ...eventSources.map(({ credentialId }) => credentialId),
    ...(pcProbe?.credentials ?? []).map(({ credentialId }) => credentialId),
  ]);
  return credentials.filter(({ id }) => used.has(id));
}

function credentialOf(row: CredentialRow, agentId: string): unknown {
  return {
    id: row.id,
    name: row.name,
    user: row.user,
    password: { sealed: sealedFor(row.sealed, agentId) },
    realm: row.realm ?? undefined,
    kdcs: row.kdcs,
    allowNtlm: row.allowNtlm,
  };
}

function eventSourceOf(row: EventSourceRow): unknown {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    host: row.host,
    addressSpaceId: row.addressSpaceId,
    credentialId: row.credentialId,
    channelPath: row.channelPath ?? undefined,
    query: row.query ?? undefined,
    catchUpMinutes: row.catchUpMinutes,
    lifetimeMinutes: row.lifetimeMinutes,
    rulesOff: row.rulesOff,
    rulesOn: row.rulesOn,
    shares: row.shares,
    endpointMapperPort: row.endpointMapperPort,
    headerSigning: row.headerSigning,
  };
}

function wefReceiverOf(row: WefReceiverRow): unknown {
  return {
    id: row.id,
    name: row.name,
    addressSpaceId: row.addressSpaceId,
    host: row.host,
    port: row.port,
    clientCaPem: row.clientCaPem,
    allow: row.allow,
    channels: row.channels,
    query: row.query ?? undefined,
    heartbeatSeconds: row.heartbeatSeconds,
    readExisting: row.readExisting,
    compress: row.compress,
    lifetimeMinutes: row.lifetimeMinutes,
    rulesOff: row.rulesOff,
    rulesOn: row.rulesOn,
  };
}

function pcProbeOf(row: PcProbeRow): unknown {
  return {
    enabled: true,
    addressSpaceId: row.addressSpaceId,
    credentialIds: row.credentials
      .toSorted((a, b) => a.ordinal - b.ordinal)
      .map(({ credentialId }) => credentialId),
    include: row.include,
    exclude: row.exclude,
    allowPublic: row.allowPublic,
    methods: row.methods,
    verifyAtExpiry: row.verifyAtExpiry,
    onUnknownAddress: row.onUnknownAddress,
    onEventWithoutUser: row.onEventWithoutUser,
    holdIfAlive: row.holdIfAlive,
    workers: row.workers,
    lifetimeMinutes: row.lifetimeMinutes,
  };
}

/** Of a sealed secret what one agent can open: nothing where it was not sealed to it. */
export function sealedFor(sealed: unknown, agentId: string): SealedSecret["sealed"] {
  const parsed = secretRef.safeParse({ sealed });
  if (!parsed.success || !("sealed" in parsed.data)) return [];
  return parsed.data.sealed.filter((one) => one.agentId === agentId);
}

function syslogSourceOf(row: SyslogSourceRow): unknown {
  return {
    id: row.id,
    name: row.name,
    senders: row.senders,
    transport: row.transport as SyslogSourceConfig["transport"],
    addressSpaceId: row.addressSpaceId,
    speaksFor: row.speaksFor,
    defaultDomain: row.defaultDomain ?? undefined,
    timeZone: row.timeZone ?? undefined,
    lifetimeMinutes: row.lifetimeMinutes,
    maxLinesPerSecond: row.maxLinesPerSecond,
    sequences: row.sequences
      .toSorted((a, b) => a.ordinal - b.ordinal)
      .map((sequence) => ({
        id: sequence.id,
        ordinal: sequence.ordinal,
        description: sequence.description,
        kind: sequence.kind,
        trigger: sequence.trigger,
        patterns: sequence.patterns,
        matchSourceIp: sequence.matchSourceIp,
        startingTimeMinutes: sequence.startingTimeMinutes,
        positiveSamples: sequence.positiveSamples,
        negativeSamples: sequence.negativeSamples,
      })),
  };
}

function filterOf(row: SiteRows["filters"][number]): unknown {
  if (row.kind === "ip-include" || row.kind === "ip-exclude")
    return { id: row.id, kind: row.kind, range: row.value };
  if (row.kind === "group-include")
    return { id: row.id, kind: row.kind, pattern: row.value, domain: row.domain ?? undefined };
  return { id: row.id, kind: row.kind, pattern: row.value };
}

function pointOf(
  row: PointRow,
  { agent, site, now }: Pick<SiteRows, "agent" | "site"> & { readonly now: number },
): unknown {
  const learnUntil = learnsUntil(row, now);
  return {
    id: row.id,
    name: row.name,
    clientId: row.clientId,
    verifiers: liveSecrets(row.secrets, now)
      .slice(0, MAX_VERIFIERS)
      .map((secret) => secret.verifier),
    sourceAddresses: row.sourceAddresses,
    addressSpaceIds: row.addressSpaceIds,
    profile: row.profile,
    ipv6: row.ipv6,
    tokenTtlSeconds: row.tokenTtlSeconds,
    domains: row.domains,
    includeIp: row.includeIp,
    excludeIp: row.excludeIp,
    learn: learnUntil !== null,
    learnUntil: learnUntil ?? undefined,
    mayReport: row.mayReport,
    whenSourcesDark: row.whenSourcesDark,
    darkMinutes: row.darkMinutes,
    reannounceMinutes: row.reannounceMinutes,
    push: row.siteId === site.id ? pushOf(row, agent.id) : undefined,
  };
}

/** Null where it does not learn, or not any more. */
function learnsUntil({ learnUntil }: PointRow, now: number): number | null {
  return learnUntil !== null && learnUntil.getTime() > now ? learnUntil.getTime() : null;
}

/** Where this agent posts to; nothing where the cloud or another agent does, or without a password sealed to it. */
function pushOf(row: PointRow, agentId: string): unknown {
  if (row.pushFrom !== "agent" || typeof row.push !== "object" || row.push === null) return undefined;
  if (row.pushAgentId !== agentId) return undefined;
  const sealed = sealedFor(row.pushSecret?.sealed, agentId);
  return sealed.length === 0 ? undefined : { ...row.push, password: { sealed }, turn: row.pushTurn };
}

/** The secrets that are still valid, newest first. */
export function liveSecrets<S extends SecretRow>(secrets: readonly S[], now: number): S[] {
  return secrets
    .filter(
      (secret) =>
        secret.revokedAt === null && (secret.expiresAt === null || secret.expiresAt.getTime() > now),
    )
    .toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
}
