import { canonicalAddress, compareAddresses } from "./address.ts";
import type { Report } from "./read-answer.ts";

/** One row, as `show services user-identification authentication-table` would list it. */
export interface TableEntry {
  readonly ip: string;
  /** Empty for a device without a person, and for an address the server does not know. */
  readonly user: string;
  readonly domain: string;
  readonly groups: readonly string[];
  readonly device: string | null;
  readonly deviceGroups: readonly string[];
  readonly deviceAttributes: Readonly<Record<string, string>>;
  readonly source: string;
  /** `Invalid`: an IP query said that nobody is known there. */
  readonly state: "Valid" | "Invalid";
  /** When this user came to this address, by the server's clock; ISO 8601. */
  readonly since: string;
  /** When this firewall was last told about the address, by its own clock; ISO 8601. */
  readonly updatedAt: string;
}

export type ChangeKind =
  /** Another user, or the first, at the address. */
  | "logon"
  /** The same user with other groups or another device. */
  | "update"
  /** What the table held already. */
  | "repeat"
  | "logoff"
  /** A logoff of an address the table does not hold. */
  | "logoff-of-nobody"
  /** The server does not know the address (IP query). */
  | "unknown"
  /** Not refreshed for as long as the firewall keeps an entry. */
  | "aged-out";

export interface TableChange {
  readonly kind: ChangeKind;
  readonly entry: TableEntry;
}

export interface TableOptions {
  /** Drops a valid entry that was not refreshed for this long; 0 keeps it. */
  readonly entryTimeoutMs: number;
  /** Drops an entry of an unknown address after this long; 0 keeps it. */
  readonly invalidTimeoutMs: number;
  readonly now: () => number;
}

/**
 * Who is at which address, as this firewall was told.
 *
 * Only answers of a server change it, and its own ageing. The key is the address alone: the domain is a label,
 * and one address never stands in it twice. It does not judge what it is told; a later report wins.
 *
 * Source: srx-protocol 5.2, 6, 8 and 11 (documented; the precedence of reports is assumed).
 */
export class AuthenticationTable {
  readonly #entries = new Map<string, TableEntry>();
  readonly #options: TableOptions;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Every row, in the order of addresses. The caller owns the array. */
  rows(): TableEntry[] {
    return [...this.#entries.values()].sort((a, b) => compareAddresses(a.ip, b.ip));
  }

  /** The row of one address in any spelling, if there is one. */
  find(ip: string): TableEntry | undefined {
    return this.#entries.get(canonicalAddress(ip) ?? "");
  }

  apply(report: Report): TableChange {
    const nowMs = this.#options.now();
    const held = this.#entries.get(report.ip);
    const at = new Date(safeTime(report.atMs, nowMs)).toISOString();
    if (report.kind === "logoff") {
      this.#entries.delete(report.ip);
      if (held && held.state === "Valid") return { kind: "logoff", entry: held };
      return { kind: "logoff-of-nobody", entry: toEntry(report, at, nowMs) };
    }
    const isSameUser =
      held?.state === "Valid" && sameName(held.user, report.user) && sameName(held.domain, report.domain);
    const entry = toEntry(report, isSameUser ? held.since : at, nowMs);
    this.#entries.set(report.ip, entry);
    if (!isSameUser) return { kind: "logon", entry };
    return { kind: sameContent(held, entry) ? "repeat" : "update", entry };
  }

  /** Notes that the server, asked about this very address, knows nobody there. */
  markUnknown(ip: string): TableChange {
    const nowMs = this.#options.now();
    const at = new Date(nowMs).toISOString();
    const nobody: Report = {
      kind: "logon",
      ip,
      user: "",
      domain: "",
      groups: [],
      device: null,
      deviceGroups: [],
      deviceAttributes: {},
      source: "",
      atMs: null,
    };
    const entry: TableEntry = { ...toEntry(nobody, at, nowMs), state: "Invalid" };
    this.#entries.set(ip, entry);
    return { kind: "unknown", entry };
  }

  /** Drops what was not refreshed in time. */
  ageOut(): TableChange[] {
    const { entryTimeoutMs, invalidTimeoutMs, now } = this.#options;
    if (entryTimeoutMs === 0 && invalidTimeoutMs === 0) return [];
    const nowMs = now();
    const gone: TableChange[] = [];
    for (const entry of this.#entries.values()) {
      const keptMs = entry.state === "Valid" ? entryTimeoutMs : invalidTimeoutMs;
      if (keptMs === 0 || nowMs - Date.parse(entry.updatedAt) < keptMs) continue;
      this.#entries.delete(entry.ip);
      gone.push({ kind: "aged-out", entry });
    }
    return gone;
  }
}

function toEntry(report: Report, since: string, nowMs: number): TableEntry {
  const { ip, user, domain, groups, device, deviceGroups, deviceAttributes, source } = report;
  const updatedAt = new Date(nowMs).toISOString();
  return {
    ip,
    user,
    domain,
    groups,
    device,
    deviceGroups,
    deviceAttributes,
    source,
    state: "Valid",
    since,
    updatedAt,
  };
}

/** A time stamp beyond what a Date can hold must not end the firewall. */
function safeTime(atMs: number | null, nowMs: number): number {
  return atMs !== null && Math.abs(atMs) <= 8.64e15 ? atMs : nowMs;
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function sameContent(a: TableEntry, b: TableEntry): boolean {
  const content = (entry: TableEntry) =>
    JSON.stringify([
      entry.user,
      entry.domain,
      [...entry.groups].sort(),
      entry.device,
      [...entry.deviceGroups].sort(),
      entry.deviceAttributes,
      entry.source,
    ]);
  return content(a) === content(b);
}
