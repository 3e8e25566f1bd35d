import type { EndScope, IpAddress, Observation, PrincipalName } from "@rollcall/identity-core";
import type { Matched } from "@rollcall/syslog-rules";
import type { SyslogSourceConfig } from "./source-config.ts";

/** Source: semantics 1, "Effective time" (documented). */
const MAX_AHEAD_MS = 5000;

export interface LineFacts {
  readonly recordId: string;
  readonly ip: IpAddress;
  /** The message's own time; null where it has none that can be relied on. */
  readonly eventAt: number | null;
  readonly receivedAt: number;
  /** Whether the source is declared to speak for that address. */
  readonly isInside: boolean;
}

/**
 * The observations that one matched line makes: the user, and the device where the line names one.
 *
 * Shape:  ordinals 0 (user) and 1 (device). Inside the addresses that the source speaks for the class is A, outside D.
 *         An end closes only what the same family opened, and only the named one's; an end that names nobody ends
 *         whoever is there.
 * Units:  the effective time is the event's, held to at most 5 s after receipt.
 * Source: semantics 1 and 12; rulings, "Who owns an address" (documented).
 */
export function observationsOf(matched: Matched, source: SyslogSourceConfig, line: LineFacts): Observation[] {
  const domain = matched.domain ?? source.defaultDomain;
  const user: PrincipalName | null =
    matched.user === null
      ? null
      : {
          name: matched.user,
          ...(domain === undefined ? {} : { domain }),
          ...(matched.upn === null ? {} : { upn: matched.upn }),
        };
  const device: PrincipalName | null =
    matched.device === null ? null : { name: matched.device, ...(domain === undefined ? {} : { domain }) };

  const observations: Observation[] = [];
  const add = (kind: "user" | "device", principal: PrincipalName | null) => {
    const endScope: EndScope = { principal: principal === null ? "any" : "named", family: "same" };
    observations.push({
      id: `${line.recordId}#${kind === "user" ? 0 : 1}`,
      recordId: line.recordId,
      sourceId: source.id,
      family: "syslog",
      addressSpaceId: source.addressSpaceId,
      ip: line.ip,
      kind,
      verb: matched.verb === "begin" ? "start" : "end",
      class: line.isInside ? "A" : "D",
      effectiveAt: Math.min(line.eventAt ?? line.receivedAt, line.receivedAt + MAX_AHEAD_MS),
      receivedAt: line.receivedAt,
      lifetimeMs: source.lifetimeMinutes * 60_000,
      principal,
      correlator: matched.correlator,
      ...(matched.verb === "end" ? { endScope } : {}),
      rule: `syslog:${matched.sequenceId}`,
      sourceLabel: `Rollcall syslog ${source.name}`.slice(0, 100),
    });
  };
  const namesNobody = user === null && device === null;
  if (user !== null || namesNobody) add("user", user);
  if (device !== null || namesNobody) add("device", device);
  return observations;
}
