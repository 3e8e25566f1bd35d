import type { IpAddress } from "./ip-address.ts";

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

/**
 * How strongly an observation speaks for "this person is at this address now".
 * A boundary, B ticket, C usage, D indirect. Source: the session law, docs/protocol/session-law.md (1).
 */
export type EvidenceClass = "A" | "B" | "C" | "D";

/** Which family a source belongs to: an end closes what its own family opened. */
export type SourceFamily = "syslog" | "radius" | "event-log" | "probe" | "srx-push" | "dhcp" | "cloud";

/**
 * Who an observation speaks of, in the form the source used. At least one field is set.
 * Forms are unified by the principal directory when the table is evaluated, never at receipt.
 */
export interface PrincipalName {
  readonly sid?: string;
  /** sAMAccountName-like, as written by the source. */
  readonly name?: string;
  /** NetBIOS or DNS name of the domain, as written by the source. */
  readonly domain?: string;
  readonly upn?: string;
}

/** What an `end` may void. `any` principal: whoever is there; `any` family: whoever opened it. */
export interface EndScope {
  readonly principal: "named" | "any";
  readonly family: "same" | "any";
}

/**
 * One source's claim that somebody was, or ceased to be, at an address at a time. Immutable.
 *
 * Identity: `id` = `recordId` + "#" + ordinal; a repeat has no second effect, whoever delivers it.
 * Units:    epoch ms. `effectiveAt` is the source's time corrected by its clock offset and held to
 *           at most `receivedAt` + 5 s, computed once by the collector that first saw the record.
 *           `lifetimeMs` is the lifetime of that source and class.
 */
export interface Observation {
  readonly id: string;
  readonly recordId: string;
  readonly sourceId: string;
  readonly family: SourceFamily;
  readonly addressSpaceId: string;
  readonly ip: IpAddress;
  readonly kind: "user" | "device";
  readonly verb: "start" | "refresh" | "end";
  readonly class: EvidenceClass;
  readonly effectiveAt: EpochMs;
  readonly receivedAt: EpochMs;
  readonly lifetimeMs: number;
  /** Null only for an `end` whose scope is any principal. */
  readonly principal: PrincipalName | null;
  /** Logon id, accounting session id, VPN id; null where the source has none. */
  readonly correlator: string | null;
  /** Present on `end` only. */
  readonly endScope?: EndScope;
  /** Which rule made it, for explain: "syslog:<sequence id>", "event:4768". */
  readonly rule: string;
  /** The text a firewall is shown as the source, e.g. "Rollcall syslog VPN". */
  readonly sourceLabel?: string;
}

/** What is known of a machine besides its name; each at most 64 bytes when a firewall is told. */
export interface DeviceAttributes {
  readonly os?: string;
  readonly osVersion?: string;
  readonly category?: string;
  readonly vendor?: string;
  readonly model?: string;
}

/**
 * What a directory knows of one principal. Streamed like an observation and kept per principal;
 * of two reports of one principal the one with the greater `asOf` wins (ties: greater `directoryId`).
 */
export interface PrincipalFacts {
  /** SID where known, else `domain\name` in lower case. Unique per tenant. */
  readonly key: string;
  readonly kind: "user" | "device";
  readonly directoryId: string;
  readonly asOf: EpochMs;
  /** Every spelling that means this principal, lower case: SID, `dns\sam`, `netbios\sam`, `upn`, and bare `sam` where unique. */
  readonly aliases: readonly string[];
  readonly domain: string;
  readonly netbiosDomain?: string;
  readonly name: string;
  readonly upn?: string;
  readonly displayName?: string;
  /** Effective (nested, filtered) group names as a firewall is told them, in order. */
  readonly groups: readonly string[];
  /** Of a device: what the directory says of the machine. */
  readonly device?: DeviceAttributes;
  /** Of a device: by which of the customer's rules for computers it is a shared host. */
  readonly hostMarkId?: string;
  /** False: disabled, locked, expired or deleted; its sessions end. */
  readonly enabled: boolean;
}
