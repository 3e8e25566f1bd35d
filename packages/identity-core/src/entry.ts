import type { IpAddress } from "./ip-address.ts";
import type { EpochMs, EvidenceClass } from "./observation.ts";

/**
 * What a firewall may be told of one address: the outcome of the law at one revision.
 * `user` and `device` null: nobody is known there (a tombstone, kept so that firewalls are told).
 * Plain JSON: stored, streamed and compared as it is.
 */
export interface Entry {
  readonly addressSpaceId: string;
  readonly ip: IpAddress;
  /** Greater is newer; unique within one issuer and feed incarnation. */
  readonly revision: number;
  readonly changedAt: EpochMs;
  readonly user: EntryUser | null;
  readonly device: EntryDevice | null;
  /** Why there is no user, where there is none: for explain and the portal. */
  readonly unknownBecause?:
    | "ended"
    | "expired"
    | "contested"
    | "disabled"
    | "suppressed"
    | "source-dark"
    | "never-seen";
  /** Where there is no user: whom the address was last served with, so that a firewall is told whose session ended. */
  readonly lastUser?: { readonly domain: string; readonly name: string };
  /** Domains (lower case) of users this address was served with while the entry is kept: lets a filtered reader be told of an end. */
  readonly domainsSeen: readonly string[];
}

export interface EntryUser {
  readonly principalKey: string;
  /** DNS name of the domain in lower case where the directory is known, else as the source wrote it. */
  readonly domain: string;
  /** NetBIOS name of the domain in lower case, where a directory gave it: firewalls filter by either. */
  readonly netbiosDomain?: string;
  readonly name: string;
  readonly upn?: string;
  readonly displayName?: string;
  readonly groups: readonly string[];
  readonly since: EpochMs;
  readonly lastSeenAt: EpochMs;
  readonly expiresAt: EpochMs;
  readonly class: EvidenceClass;
  readonly sourceId: string;
  readonly sourceLabel: string;
  readonly rule: string;
  readonly observationId: string;
}

export interface EntryDevice {
  readonly principalKey: string;
  readonly domain: string;
  readonly netbiosDomain?: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly since: EpochMs;
  readonly expiresAt: EpochMs;
  readonly os?: string;
  readonly osVersion?: string;
  readonly category?: string;
  readonly vendor?: string;
  readonly model?: string;
  /** Whose observation named it: for the fail-safe when that source is dark. */
  readonly sourceId?: string;
}

/** What one firewall (or portal reader) may see. Empty lists mean: no restriction. It can only narrow. */
export interface EntryFilter {
  readonly addressSpaceIds: readonly string[];
  /** Lower case DNS or NetBIOS names. */
  readonly domains: readonly string[];
  /** CIDR, `a-b` range or single address. */
  readonly includeIp: readonly string[];
  readonly excludeIp: readonly string[];
  readonly ipv6: boolean;
  /** Sources that cannot be heard and whose people this reader is no longer told of. A change of it is a change of the filter. */
  readonly darkSourceIds?: readonly string[];
  /** Filters that this reader was told through before: whom one of them showed and this one does not is told as gone. Of a full resend only. */
  readonly formerly?: readonly FormerFilter[];
}

export interface FormerFilter {
  readonly filter: EntryFilter;
  /** Who came later was not told through it, and is not named. */
  readonly until: EpochMs;
}

/** One page of changes, in revision order. */
export interface ChangePage {
  readonly entries: readonly Entry[];
  /** Where to go on: the revision of the last change considered (also of those filtered out). */
  readonly nextRevision: number;
  /** False when the page was cut by `limit`. */
  readonly isLast: boolean;
}

/**
 * What a firewall listener reads from. The agent's live table and the gateway's replica both are one.
 */
export interface EntrySource {
  /** Identifies the numbering of `revision`: 8 bytes as 16 hex digits each. */
  readonly issuer: string;
  readonly incarnation: string;
  /** Greatest revision given out so far. */
  readonly revision: number;
  /** A cursor below this has missed pruned tombstones and needs a full resend. */
  readonly floorRevision: number;
  /** Entries with revision > `after`, oldest first, at most `limit`, narrowed by `filter`. `after` = 0 is the full table, tombstones included. */
  changesSince(after: number, limit: number, filter: EntryFilter): ChangePage;
  /**
   * Changes when what is told of revisions within (`after`, `through`] has changed since: one of their entries was
   * superseded or pruned. While it is the same, a page kept of that range is still right. A mere refresh (later expiry)
   * leaves it. It may change for nothing; it means something only within one incarnation and one process. NaN: nothing
   * may be kept, because the same entry is not always told alike.
   */
  segmentStamp(after: number, through: number): number;
  /** The live entry of an address within the filter, else null. An address live in two of the filter's spaces is null (overlap). */
  byIp(ip: IpAddress, filter: EntryFilter): Entry | null;
}
