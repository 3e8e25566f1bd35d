import { createIpSet, type IpAddress, isNeverASession, isTooWideToAsk } from "@rollcall/identity-core";
import type { NotAsked } from "./probe-answer.ts";

export interface ProbeScopeConfig {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly allowPublic: boolean;
  /** Domain controllers, proxies, firewalls, and this agent's own addresses. */
  readonly infrastructure: readonly string[];
  /** Those that were found out. */
  readonly isInfrastructure?: (ip: IpAddress) => boolean;
}

export interface ProbeScope {
  /** Why an address may not be asked; null where it may. */
  objectionTo(ip: IpAddress): { readonly why: NotAsked; readonly sentence: string } | null;
}

/** RFC 1918 and unique local addresses. Source: documented ranges of RFC 1918, RFC 4193. */
const privateAddresses = createIpSet(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]);

/**
 * Which addresses may be asked who sits there: what is included, minus what is excluded, never infrastructure, and nothing
 * public unless that was allowed. An empty list includes nothing.
 * Source: semantics 6, "Probe rules".
 */
export function createProbeScope(config: ProbeScopeConfig): ProbeScope {
  const include = createIpSet(config.include.filter((range) => !isTooWideToAsk(range)));
  const exclude = createIpSet(config.exclude);
  const infrastructure = createIpSet(config.infrastructure);
  return {
    objectionTo(ip) {
      if (isNeverASession(ip))
        return { why: "never-a-seat", sentence: "Nobody sits at an address of this kind." };
      if (!include.has(ip))
        return { why: "not-included", sentence: "It is in none of the ranges that may be asked." };
      if (exclude.has(ip)) return { why: "excluded", sentence: "It is excluded from being asked." };
      if (infrastructure.has(ip) || config.isInfrastructure?.(ip) === true)
        return { why: "infrastructure", sentence: "It is one of your servers or firewalls, or this agent." };
      if (!config.allowPublic && !privateAddresses.has(ip))
        return {
          why: "public",
          sentence: "It is a public address, and asking those is not allowed (allowPublic).",
        };
      return null;
    },
  };
}
