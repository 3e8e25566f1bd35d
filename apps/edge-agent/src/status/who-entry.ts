import type { AddressAnswer } from "../pipeline/look-up.ts";
import type { WhoDocument } from "./status-document.ts";

/** One address as `who` and `explain` show it. */
export function whoEntry(answer: AddressAnswer): WhoDocument["entries"][number] {
  const { entry } = answer;
  const user = entry?.user ?? null;
  const device = entry?.device ?? null;
  return {
    addressSpaceId: answer.addressSpaceId,
    ip: answer.ip,
    user:
      user === null
        ? null
        : {
            domain: user.domain,
            name: user.name,
            displayName: user.displayName ?? null,
            groups: [...user.groups],
            since: user.since,
            lastSeenAt: user.lastSeenAt,
            expiresAt: user.expiresAt,
            source: user.sourceLabel,
          },
    device: device === null ? null : { domain: device.domain, name: device.name, groups: [...device.groups] },
    unknownBecause: entry === null ? "never-seen" : (entry.unknownBecause ?? null),
    revision: entry?.revision ?? 0,
    changedAt: entry?.changedAt ?? 0,
    explanation: answer.explanation,
    answer: answer.answer,
    nextChangeAt: answer.nextChangeAt,
    lines: answer.lines.map((line) => ({ ...line })),
  };
}
