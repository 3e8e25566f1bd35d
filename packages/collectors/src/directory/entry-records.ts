import {
  type GroupRecord,
  guidFromBytes,
  type PrincipalRecord,
  sidFromBytes,
} from "@rollcall/directory-graph";
import { type AccountState, isEnabled, readAccountState } from "./account-state.ts";
import { parseExtendedDn } from "./extended-dn.ts";
import type { LdapEntry } from "./ldap-entry.ts";

/** Source: MS-ADTS 2.2.20, sAMAccountType (documented). */
const USER = "805306368";
const MACHINE = "805306369";
const GROUPS = ["268435456", "268435457", "536870912", "536870913"];
/** Bit of groupType. Source: MS-ADTS 2.2.12 (documented). */
const SECURITY_ENABLED = 0x8000_0000;
/** They look like computers and are services: never at an address. */
const SERVICE_ACCOUNTS = [
  "msds-groupmanagedserviceaccount",
  "msds-managedserviceaccount",
  "msds-delegatedmanagedserviceaccount",
];

const anyOf = (types: readonly string[]) => `(|${types.map((type) => `(sAMAccountType=${type})`).join("")})`;

export const PRINCIPAL_FILTER = anyOf([USER, MACHINE]);
export const GROUP_FILTER = anyOf(GROUPS);
export const OBJECT_FILTER = anyOf([USER, MACHINE, ...GROUPS]);

export const OBJECT_ATTRIBUTES = [
  "objectClass",
  "objectGUID",
  "objectSid",
  "sAMAccountName",
  "sAMAccountType",
  "userPrincipalName",
  "displayName",
  "userAccountControl",
  "msDS-User-Account-Control-Computed",
  "accountExpires",
  "primaryGroupID",
  "dNSHostName",
  "operatingSystem",
  "operatingSystemVersion",
  "servicePrincipalName",
  "groupType",
  "member",
];

export interface DirectoryNames {
  readonly directoryId: string;
  readonly domain: string;
  readonly netbiosDomain: string | null;
}

export type EntryRecord =
  | { readonly kind: "principal"; readonly record: PrincipalRecord; readonly account: AccountState }
  | {
      readonly kind: "group";
      readonly record: GroupRecord;
      readonly memberSids: readonly string[];
      /** Where the list of members goes on; null when it is whole. */
      readonly nextMember: number | null;
    }
  /** A service account: known, and nobody. */
  | { readonly kind: "service"; readonly guid: string }
  | { readonly kind: "unusable"; readonly reason: string };

/**
 * Turns an entry into a record.
 *
 * Shape:  `unusable` for an entry that lacks what every account and group has; it is counted, and the read goes on.
 * Units:  `now` decides whether an account with an end date still counts.
 */
export function readEntry(entry: LdapEntry, names: DirectoryNames, now: number): EntryRecord {
  const guidBytes = entry.bytes("objectGUID");
  const sidBytes = entry.bytes("objectSid");
  const guid = guidBytes === null ? null : guidFromBytes(guidBytes);
  const sid = sidBytes === null ? null : sidFromBytes(sidBytes);
  const name = entry.text("sAMAccountName");
  const type = entry.text("sAMAccountType") ?? "";
  if (guid === null) return { kind: "unusable", reason: "no objectGUID" };
  if (sid === null) return { kind: "unusable", reason: "no objectSid" };
  if (name === null) return { kind: "unusable", reason: "no sAMAccountName" };

  if (GROUPS.includes(type)) {
    const { values, next } = entry.ranged("member");
    const security = ((entry.integer("groupType") ?? 0) & SECURITY_ENABLED) !== 0;
    const { directoryId, domain } = names;
    return {
      kind: "group",
      record: { guid, sid, directoryId, domain, name, security },
      memberSids: sidsOf(values),
      nextMember: next,
    };
  }
  if (type !== USER && type !== MACHINE) return { kind: "unusable", reason: `account type ${type}` };
  if (entry.texts("objectClass").some((name) => SERVICE_ACCOUNTS.includes(name.toLowerCase()))) {
    return { kind: "service", guid };
  }
  const account = readAccountState(
    entry.text("userAccountControl"),
    entry.text("msDS-User-Account-Control-Computed"),
    entry.text("accountExpires"),
  );
  const isDevice = type === MACHINE;
  return {
    kind: "principal",
    account,
    record: {
      guid,
      sid,
      kind: isDevice ? "device" : "user",
      ...names,
      name: isDevice ? name.replace(/\$$/, "") : name,
      upn: entry.text("userPrincipalName"),
      displayName: entry.text("displayName"),
      dnsHostName: entry.text("dNSHostName"),
      ...(isDevice ? systemOf(entry) : {}),
      ...serviceNamesOf(entry, isDevice),
      ...(account.isPasswordForever ? { isPasswordForever: true } : {}),
      dn: parseExtendedDn(entry.dn).dn,
      primaryGroupRid: entry.integer("primaryGroupID"),
      enabled: isEnabled(account, now),
    },
  };
}

const SYSTEM_CHARACTERS_MAX = 256;

/** What a computer account says of its system. Source: MS-ADA3, operatingSystem, operatingSystemVersion (documented). */
function systemOf(entry: LdapEntry): { readonly os?: string; readonly osVersion?: string } {
  const os = entry.text("operatingSystem")?.slice(0, SYSTEM_CHARACTERS_MAX);
  const osVersion = entry.text("operatingSystemVersion")?.slice(0, SYSTEM_CHARACTERS_MAX);
  return { ...(os ? { os } : {}), ...(osVersion ? { osVersion } : {}) };
}

/** Nearly every Windows computer that takes remote desktop connections has it. */
const REMOTE_DESKTOP = /^termsrv\//i;

/** Of the service names only what is asked for is kept: a computer has a dozen. Source: MS-ADA3, servicePrincipalName (documented). */
function serviceNamesOf(
  entry: LdapEntry,
  isDevice: boolean,
): { readonly hasRemoteDesktopName?: true; readonly hasServiceName?: true } {
  const names = entry.texts("servicePrincipalName");
  if (!isDevice) return names.length > 0 ? { hasServiceName: true } : {};
  return names.some((name) => REMOTE_DESKTOP.test(name)) ? { hasRemoteDesktopName: true } : {};
}

/** The SIDs of members; what has none (a contact) is no member for a firewall. */
export function sidsOf(extendedDns: readonly string[]): readonly string[] {
  const sids: string[] = [];
  for (const text of extendedDns) {
    const { sid } = parseExtendedDn(text);
    if (sid !== null) sids.push(sid);
  }
  return sids;
}
