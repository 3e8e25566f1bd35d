import type { PostedEntry } from "./read-post.ts";

/** A row as `show services user-identification authentication-table` would give it. */
export interface TableRow {
  readonly ip: string;
  readonly domain: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly source: string;
  readonly since: string;
  readonly device: Readonly<Record<string, string | readonly string[]>> | null;
}

/**
 * What a firewall would hold. Who may change it: `apply`.
 *
 * The key is the address. A logon replaces what was there, a logoff removes it whoever it was; names come out in lower
 * case, the posture as a group (seen in code of a public sender that showed a real table).
 */
export class AuthenticationTable {
  readonly #rows = new Map<string, TableRow>();

  apply(entry: PostedEntry): void {
    if (entry.operation === "logoff") {
      this.#rows.delete(entry.ip);
      return;
    }
    const posture = entry.posture === null ? [] : [`posture-${entry.posture.toLowerCase()}`];
    this.#rows.set(entry.ip, {
      ip: entry.ip,
      domain: (entry.domain ?? "global").toLowerCase(),
      user: (entry.user ?? "").toLowerCase(),
      groups: [...entry.roles.map((role) => role.toLowerCase()), ...posture],
      source: entry.source,
      since: new Date(entry.at).toISOString(),
      device: entry.device === null ? null : lowerCased(entry.device),
    });
  }

  rowOf(ip: string): TableRow | null {
    return this.#rows.get(ip) ?? null;
  }

  rows(): TableRow[] {
    return [...this.#rows.values()].sort((a, b) => (a.ip < b.ip ? -1 : 1));
  }

  clear(): void {
    this.#rows.clear();
  }
}

function lowerCased(
  device: Readonly<Record<string, string | readonly string[]>>,
): Readonly<Record<string, string | readonly string[]>> {
  return Object.fromEntries(
    Object.entries(device).map(([name, value]) => [
      name,
      typeof value === "string" ? value.toLowerCase() : value.map((one) => one.toLowerCase()),
    ]),
  );
}
