import { type IpAddress, parseIp } from "../ip-address.ts";
import type { EpochMs, EvidenceClass, Observation, PrincipalFacts } from "../observation.ts";

/** 2026-01-05, midnight UTC: the day on which the tests' clocks run. */
export const DAY: EpochMs = Date.UTC(2026, 0, 5);

export function minutes(count: number): number {
  return count * 60_000;
}

/** "09:10" or "09:10:05" of the day. */
export function at(clock: string): EpochMs {
  const [hours = 0, mins = 0, seconds = 0] = clock.split(":").map(Number);
  return DAY + ((hours * 60 + mins) * 60 + seconds) * 1000;
}

export function ip(text: string): IpAddress {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`${text} is not an address`);
  return parsed;
}

let serial = 0;

export interface ObservationSketch {
  readonly user?: string | null;
  readonly domain?: string;
  readonly at: string | EpochMs;
  readonly ip?: string;
  readonly space?: string;
  readonly class?: EvidenceClass;
  readonly family?: Observation["family"];
  readonly correlator?: string;
  readonly source?: string;
  readonly lifetimeMinutes?: number;
  readonly kind?: "user" | "device";
  readonly id?: string;
  /** Which rule made it, where the law asks: "event:4768". */
  readonly rule?: string;
}

function observation(sketch: ObservationSketch, verb: Observation["verb"]): Observation {
  const effectiveAt = typeof sketch.at === "string" ? at(sketch.at) : sketch.at;
  const id = sketch.id ?? `r${serial++}`;
  return {
    id: `${id}#0`,
    recordId: id,
    sourceId: sketch.source ?? "source-1",
    family: sketch.family ?? "syslog",
    addressSpaceId: sketch.space ?? "space",
    ip: ip(sketch.ip ?? "10.0.0.1"),
    kind: sketch.kind ?? "user",
    verb,
    class: sketch.class ?? "A",
    effectiveAt,
    receivedAt: effectiveAt,
    lifetimeMs: minutes(sketch.lifetimeMinutes ?? 480),
    principal:
      sketch.user === null
        ? null
        : {
            name: sketch.user ?? "alice",
            ...(sketch.domain === "" ? {} : { domain: sketch.domain ?? "corp.example" }),
          },
    correlator: sketch.correlator ?? null,
    rule: sketch.rule ?? "test",
  };
}

/** Somebody logs on. Defaults: alice@corp.example at 10.0.0.1, class A, by syslog, for 8 hours. */
export function aLogon(sketch: ObservationSketch): Observation {
  return observation(sketch, "start");
}

/** A session ends. Without `user: null` it names whom it ends. */
export function anEnd(
  sketch: ObservationSketch & { readonly any?: boolean; readonly anyFamily?: boolean },
): Observation {
  return {
    ...observation(sketch, "end"),
    endScope: {
      principal: sketch.any || sketch.user === null ? "any" : "named",
      family: sketch.anyFamily ? "any" : "same",
    },
  };
}

export function someFacts(sketch: Partial<PrincipalFacts> & { readonly name: string }): PrincipalFacts {
  const domain = sketch.domain ?? "corp.example";
  const sam = sketch.name.toLowerCase();
  return {
    key: `s-1-5-21-1-2-3-${sam}`,
    kind: "user",
    directoryId: "directory-1",
    asOf: DAY,
    aliases: [`${domain}\\${sam}`, `corp\\${sam}`, `${sam}@${domain}`],
    domain,
    netbiosDomain: "CORP",
    groups: [],
    enabled: true,
    ...sketch,
  };
}

export const EVERYTHING = {
  addressSpaceIds: [],
  domains: [],
  includeIp: [],
  excludeIp: [],
  ipv6: true,
} as const;
