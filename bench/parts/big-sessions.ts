import { hash } from "node:crypto";
import type { IpAddress, Observation, PrincipalFacts } from "@rollcall/identity-core";

/** The id that `parts/big-agent.ts` gives the address space in the agent's configuration. */
export const BIG_SPACE = "main";
export const BIG_SOURCE = "vpn";
const GROUPS = 5000;
const LIFETIME_MS = 12 * 3_600_000;
const DEPARTMENTS = ["Finance", "Sales", "Research", "Operations", "Legal", "Support", "Design", "Logistics"];

/** The address of the session with that number: 10.0.0.0/8 has room for sixteen million. */
export function bigAddressOf(at: number): IpAddress {
  return `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}` as IpAddress;
}

export function bigUserOf(at: number): string {
  return `${DEPARTMENTS[at % DEPARTMENTS.length]?.toLowerCase()}.${at}`;
}

/** What a directory knows of that person: `groups` of 5,000, drawn anew for each, so that hardly two have the same set. */
export function bigFactsOf(at: number, groups: number, now: number): PrincipalFacts {
  const name = bigUserOf(at);
  const sid = `S-1-5-21-1004336348-1177238915-682003330-${1000 + at}`;
  const drawn = new Set<number>();
  for (let seed = at + 1; drawn.size < groups; ) {
    seed = nextSeed(seed);
    drawn.add(seed % GROUPS);
  }
  return {
    key: sid,
    kind: "user",
    directoryId: "directory-1",
    asOf: now,
    aliases: [sid.toLowerCase(), `corp.example\\${name}`, `corp\\${name}`, `${name}@corp.example`, name],
    domain: "corp.example",
    netbiosDomain: "CORP",
    name,
    upn: `${name}@corp.example`,
    displayName: `Person ${at}`,
    // In the order in which a directory's reader names them: else all of it is news to an agent that reads it.
    groups: [...drawn].map((group) => `GG-${DEPARTMENTS[group % DEPARTMENTS.length]}-Access-${group}`).sort(),
    enabled: true,
  };
}

/** That person's logon by VPN, as the syslog source makes it. `round` tells repeats of the same address apart. */
export function bigLogonOf(
  at: number,
  now: number,
  round = 0,
  ip: IpAddress = bigAddressOf(at),
): Observation {
  const digest = hash("sha256", `${BIG_SOURCE} ${round} ${at}`, "buffer").subarray(0, 16);
  const recordId = `syslog:${digest.toString("base64url")}`;
  return {
    id: `${recordId}#0`,
    recordId,
    sourceId: BIG_SOURCE,
    family: "syslog",
    addressSpaceId: BIG_SPACE,
    ip,
    kind: "user",
    verb: "start",
    class: "A",
    effectiveAt: now,
    receivedAt: now + 3,
    lifetimeMs: LIFETIME_MS,
    principal: { name: bigUserOf(at), domain: "corp.example" },
    correlator: null,
    rule: `syslog:${BIG_SOURCE}:on`,
    sourceLabel: "VPN",
  };
}

/** Source: the mulberry32 generator (public domain). */
function nextSeed(seed: number): number {
  let mixed = (seed + 0x6d2b79f5) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}
