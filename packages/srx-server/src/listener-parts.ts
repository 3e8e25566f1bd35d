import type { EntrySource, EpochMs, IpAddress } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { CursorCodec } from "@rollcall/srx-protocol";
import type { ContactRecorder } from "./contact-recorder.ts";
import type { Counters } from "./counters.ts";
import type { FailureThrottle } from "./failure-throttle.ts";
import type { FormerFilters } from "./former-filters.ts";
import type { Learning } from "./learning.ts";
import type { ResendClock } from "./resend-clock.ts";
import type { Awaitable, PointDirectory, ServedPoint } from "./served-point.ts";
import type { StrangerGate } from "./stranger-gate.ts";
import type { TokenStore } from "./token-store.ts";
import type { UnknownShapes } from "./unknown-shapes.ts";
import type { UserReport, UserReportOutcome } from "./user-report.ts";

/** An address a firewall asked for that nobody is known at, or that it wants looked at anew. */
export interface IpMiss {
  readonly point: ServedPoint;
  readonly ip: IpAddress;
  readonly refresh: boolean;
}

/** What the routes of one listener share. */
export interface ListenerParts {
  readonly points: PointDirectory;
  readonly tokens: TokenStore;
  readonly sourceFor: (point: ServedPoint) => Awaitable<EntrySource>;
  readonly cursors: CursorCodec;
  readonly contacts: ContactRecorder;
  readonly onIpMiss: ((miss: IpMiss) => Promise<unknown> | null) | undefined;
  readonly onUserReport: ((report: UserReport) => Awaitable<UserReportOutcome>) | undefined;
  readonly learning: Learning;
  readonly resends: ResendClock;
  readonly formers: FormerFilters;
  readonly throttle: FailureThrottle;
  readonly strangers: StrangerGate;
  readonly unknownShapes: UnknownShapes;
  readonly counters: Counters;
  /** What pages kept as text may hold together. */
  readonly pageBytesMax: number;
  /** Full tables that one firewall may begin. */
  readonly fullTables: { readonly burst: number; readonly perSecond: number };
  readonly now: () => EpochMs;
  readonly log: Logger;
}

/** Counts a refusal, tells the firewall's page where the firewall is known, and says it once in the log. */
export function recordRefusal(
  parts: ListenerParts,
  point: ServedPoint | undefined,
  sourceIp: string,
  sentence: string,
): void {
  parts.counters.refused += 1;
  if (point !== undefined)
    parts.contacts.refused(point, sourceIp, parts.now(), `${sentence} (asked from ${sourceIp})`);
  parts.log.warn(
    { enforcementPointId: point?.id, tenantId: point?.tenantId, peer: sourceIp, reason: sentence },
    "firewall refused",
  );
}
