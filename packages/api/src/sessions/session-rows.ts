import type { TenantHandle } from "@rollcall/db";
import type { Entry } from "@rollcall/identity-core";
import { PROBE_NAME, PROBE_SOURCE_ID } from "../facts/read-facts.ts";
import type { SessionRow } from "./sessions.schema.ts";

/** Names of what ids in entries stand for. */
export interface SessionNames {
  readonly spaces: ReadonlyMap<string, string>;
  readonly sources: ReadonlyMap<string, string>;
}

export async function readSessionNames(tx: TenantHandle["tx"], tenantId: string): Promise<SessionNames> {
  const select = { id: true, name: true } as const;
  const spaces = await tx.addressSpace.findMany({ where: { tenantId }, select });
  const syslog = await tx.syslogSource.findMany({ where: { tenantId }, select });
  const directories = await tx.directory.findMany({ where: { tenantId }, select });
  const logs = await tx.eventSource.findMany({ where: { tenantId }, select });
  const receivers = await tx.wefReceiver.findMany({ where: { tenantId }, select });
  return {
    spaces: new Map(spaces.map(({ id, name }) => [id, name])),
    sources: new Map([
      [PROBE_SOURCE_ID, PROBE_NAME],
      ...[...syslog, ...directories, ...logs, ...receivers].map(({ id, name }) => [id, name] as const),
    ]),
  };
}

/** A source that was removed keeps its id as its name. */
export function sourceName(id: string, names: SessionNames): string {
  return names.sources.get(id) ?? id;
}

export function sessionRowOf(entry: Entry, names: SessionNames, now: number): SessionRow {
  // The sweep ends a session within seconds of its time; until then it is shown as what it is: over.
  const user = entry.user !== null && entry.user.expiresAt > now ? entry.user : null;
  const device = entry.device !== null && entry.device.expiresAt > now ? entry.device : null;
  const hasExpired = entry.user !== null && user === null;
  return {
    ip: entry.ip,
    addressSpace: { id: entry.addressSpaceId, name: names.spaces.get(entry.addressSpaceId) ?? "" },
    isLive: user !== null || device !== null,
    user: user && {
      principalKey: user.principalKey,
      name: user.name,
      domain: user.domain,
      displayName: user.displayName ?? null,
      upn: user.upn ?? null,
      groups: [...user.groups],
    },
    device: device && { name: device.name, domain: device.domain, os: device.os ?? null },
    unknownBecause: user !== null ? null : hasExpired ? "expired" : (entry.unknownBecause ?? null),
    lastUser:
      hasExpired && entry.user
        ? { name: entry.user.name, domain: entry.user.domain }
        : (entry.lastUser ?? null),
    source: user && { id: user.sourceId, name: sourceName(user.sourceId, names), label: user.sourceLabel },
    rule: user?.rule ?? null,
    evidence: user?.class ?? null,
    since: user === null ? null : new Date(user.since),
    lastSeenAt: user === null ? null : new Date(user.lastSeenAt),
    expiresAt: user === null ? null : new Date(user.expiresAt),
    changedAt: new Date(entry.changedAt),
    revision: entry.revision,
  };
}
