import { type SiteConfig, type SyslogSourceConfig, secretRef, siteConfig } from "@rollcall/agent-protocol";
import type { z } from "zod";
import { firewallNamesOf } from "./firewall-certificate.ts";

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
  readonly syslogSources: readonly SyslogSourceRow[];
  readonly filters: readonly {
    readonly id: string;
    readonly kind: string;
    readonly value: string;
    readonly domain: string | null;
  }[];
  readonly points: readonly PointRow[];
}

export interface DirectoryRow {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: string;
  readonly caPem: string | null;
  readonly dangerouslyTrustAnyCertificate: boolean;
  readonly bindUser: string;
  readonly baseDn: string | null;
  readonly domain: string | null;
  readonly netbiosDomain: string | null;
  readonly pollSeconds: number;
  readonly secret: { readonly sealed: unknown };
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
  "detection",
] as const;

/**
 * Makes an agent's configuration of the rows that describe its site.
 *
 * Shape:  only what this agent may know: of a sealed secret its own ciphertext, of a firewall the verifiers of live
 *         secrets, and only firewalls all of whose address spaces this agent holds.
 * Errors: throws where the rows do not make a valid configuration: a bug of whoever wrote them.
 */
export function composeSiteConfig(rows: SiteRows, now: number): SiteConfig {
  const held = heldSpaces(rows);
  return siteConfig.parse({
    version: rows.customer.configVersion,
    site: {
      tenantId: rows.customer.id,
      tenantName: rows.customer.name,
      siteId: rows.site.id,
      siteName: rows.site.name,
    },
    addressSpaces: rows.addressSpaces.filter(({ id }) => held.has(id)).map(({ id, name }) => ({ id, name })),
    settings: settingsOf(rows.customer.settings),
    directories: rows.directories.map((row) => directoryOf(row, rows.agent.id)),
    syslogSources: rows.syslogSources.map(syslogSourceOf),
    filters: rows.filters.map(filterOf),
    enforcementPoints: rows.points
      .filter(
        (point) => point.addressSpaceIds.length > 0 && point.addressSpaceIds.every((id) => held.has(id)),
      )
      .map((point) => pointOf(point, now)),
    firewallListener: { names: firewallNamesOf(rows.agent) },
  });
}

/** An agent holds the spaces its site's sources speak for, and always the customer's default one. */
export function heldSpaces(rows: {
  readonly addressSpaces: readonly { readonly id: string; readonly isDefault: boolean }[];
  readonly syslogSources: readonly { readonly addressSpaceId: string }[];
}): Set<string> {
  return new Set([
    ...rows.addressSpaces.filter((space) => space.isDefault).map((space) => space.id),
    ...rows.syslogSources.map((source) => source.addressSpaceId),
  ]);
}

function settingsOf(settings: unknown): Record<string, unknown> {
  if (typeof settings !== "object" || settings === null) return {};
  const all = new Map(Object.entries(settings));
  return Object.fromEntries(
    SETTING_NAMES.filter((name) => all.has(name)).map((name) => [name, all.get(name)]),
  );
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
    bindUser: row.bindUser,
    bindPassword: { sealed: sealedFor(row.secret.sealed, agentId) },
    baseDn: row.baseDn ?? undefined,
    domain: row.domain ?? undefined,
    netbiosDomain: row.netbiosDomain ?? undefined,
    pollSeconds: row.pollSeconds,
  };
}

function sealedFor(sealed: unknown, agentId: string): SealedSecret["sealed"] {
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

function pointOf(row: PointRow, now: number): unknown {
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
    learn: row.learnUntil !== null && row.learnUntil.getTime() > now,
    mayReport: row.mayReport,
    whenSourcesDark: row.whenSourcesDark,
    darkMinutes: row.darkMinutes,
    reannounceMinutes: row.reannounceMinutes,
  };
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
