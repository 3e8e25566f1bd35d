import type { GroupRecord, PrincipalRecord } from "../records.ts";

const DOMAIN_SID = "S-1-5-21-1-2-3";

/** The SID of RID `rid` in the test domain. */
export function sid(rid: number, domainSid: string = DOMAIN_SID): string {
  return `${domainSid}-${rid}`;
}

export function aUser(rid: number, overrides: Partial<PrincipalRecord> = {}): PrincipalRecord {
  return {
    guid: `guid-${rid}`,
    sid: sid(rid),
    kind: "user",
    directoryId: "dir-1",
    domain: "corp.example",
    netbiosDomain: "CORP",
    name: `user${rid}`,
    upn: null,
    displayName: null,
    dnsHostName: null,
    dn: `CN=user${rid},DC=corp,DC=example`,
    primaryGroupRid: null,
    enabled: true,
    ...overrides,
  };
}

export function aGroup(rid: number, overrides: Partial<GroupRecord> = {}): GroupRecord {
  return {
    guid: `guid-${rid}`,
    sid: sid(rid),
    directoryId: "dir-1",
    domain: "corp.example",
    name: `group${rid}`,
    security: true,
    ...overrides,
  };
}
