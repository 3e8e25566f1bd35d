import { type IpAddress, type Observation, type PrincipalFacts, SessionTable } from "@rollcall/identity-core";

export const SPACE = "11111111-1111-4111-8111-111111111111";
const GROUPS = 5000;
const GROUPS_EACH = 20;

/** The address of the session with that number: 10.0.0.0/8 has room for sixteen million. */
export function addressOf(at: number): IpAddress {
  return `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}` as IpAddress;
}

/** What a directory knows of that person: 20 of 5,000 groups. */
export function factsOf(at: number, now: number): PrincipalFacts {
  const name = `user${at}`;
  return {
    key: `S-1-5-21-1-2-3-${1000 + at}`,
    kind: "user",
    directoryId: "directory-1",
    asOf: now,
    aliases: [`corp.example\\${name}`, `corp\\${name}`, `${name}@corp.example`, name],
    domain: "corp.example",
    netbiosDomain: "CORP",
    name,
    groups: Array.from({ length: GROUPS_EACH }, (_, group) => `group-${(at * 7 + group * 131) % GROUPS}`),
    enabled: true,
  };
}

/** That person's logon by VPN. `round` tells repeats of the same address apart. */
export function logonOf(at: number, now: number, round = 0, addressSpaceId = SPACE): Observation {
  const recordId = `syslog:vpn:${round}:${at}`;
  return {
    id: `${recordId}#0`,
    recordId,
    sourceId: "vpn",
    family: "syslog",
    addressSpaceId,
    ip: addressOf(at),
    kind: "user",
    verb: "start",
    class: "A",
    effectiveAt: now,
    receivedAt: now,
    lifetimeMs: 8 * 3_600_000,
    principal: { name: `user${at}`, domain: "CORP" },
    correlator: null,
    rule: "syslog:begin",
    sourceLabel: "Rollcall syslog VPN",
  };
}

/** A table as an agent has it with that many people at their seats. */
export function tableOf(sessions: number, now: number): SessionTable {
  const table = new SessionTable({ issuer: "00000000000000aa", incarnation: "00000000000000bb" });
  for (let from = 0; from < sessions; from += 1000) {
    const numbers = Array.from({ length: Math.min(1000, sessions - from) }, (_, at) => from + at);
    table.applyFacts(
      numbers.map((at) => factsOf(at, now)),
      now,
    );
    table.apply(
      numbers.map((at) => logonOf(at, now)),
      now,
    );
  }
  return table;
}
