import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Batch, HealthReport, observationBody, principalFactsBody } from "../messages.ts";
import { PROTOCOL_VERSION } from "../messages.ts";
import type { SiteConfig } from "../site-config.ts";
import { siteConfig } from "../site-config.ts";

type ObservationBody = z.infer<typeof observationBody>;
type PrincipalBody = z.infer<typeof principalFactsBody>;

/** A logon from syslog as it travels: now, by a source with full weight. */
export function anObservation(of: Partial<ObservationBody> = {}): ObservationBody {
  const recordId = of.recordId ?? randomUUID();
  const at = of.effectiveAt ?? Date.now();
  return {
    id: `${recordId}#0`,
    recordId,
    sourceId: randomUUID(),
    family: "syslog",
    addressSpaceId: randomUUID(),
    ip: "10.20.3.7",
    kind: "user",
    verb: "start",
    class: "A",
    effectiveAt: at,
    receivedAt: at,
    lifetimeMs: 8 * 3_600_000,
    principal: { name: "ana", domain: "CORP" },
    correlator: null,
    rule: "syslog:begin",
    ...of,
  };
}

export function aPrincipal(of: Partial<PrincipalBody> = {}): PrincipalBody {
  return {
    key: "s-1-5-21-1-2-3-1104",
    kind: "user",
    directoryId: randomUUID(),
    asOf: Date.now(),
    aliases: ["corp\\ana", "corp.example\\ana", "ana@corp.example"],
    domain: "corp.example",
    netbiosDomain: "CORP",
    name: "ana",
    groups: ["staff", "vpn-users"],
    enabled: true,
    ...of,
  };
}

/** A batch of the given items, numbered from `first`. */
export function aBatch(
  bodies: readonly ({ observation: ObservationBody } | { principal: PrincipalBody })[],
  numbered: { readonly epoch: number; readonly first: number },
): Batch {
  const items = bodies.map((body, index) =>
    "observation" in body
      ? { seq: numbered.first + index, kind: "observation", observation: body.observation }
      : { seq: numbered.first + index, kind: "principal", principal: body.principal },
  );
  return {
    v: PROTOCOL_VERSION,
    epoch: numbered.epoch,
    first: numbered.first,
    last: numbered.first + items.length - 1,
    count: items.length,
    tSent: Date.now(),
    items,
  };
}

export function aHealthReport(of: Partial<HealthReport> = {}): HealthReport {
  return {
    v: PROTOCOL_VERSION,
    at: Date.now(),
    startedAt: Date.now() - 60_000,
    version: "0.1.0",
    configVersion: 1,
    sessions: 0,
    revision: 0,
    spool: { pending: 0, bytes: 0, oldestPendingAt: null },
    store: { state: "ok", sentence: "The store is in order." },
    listeners: [],
    sources: [],
    firewalls: [],
    unknownSenders: [],
    detections: [],
    pushes: [],
    learning: [],
    overlaps: [],
    darkSources: [],
    credentials: [],
    ...of,
  };
}

export function aSiteConfig(of: Partial<SiteConfig> = {}): SiteConfig {
  return siteConfig.parse({ addressSpaces: [{ id: "default", name: "Default" }], ...of });
}
