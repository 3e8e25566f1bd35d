/** A user or a computer as a directory wrote it. Names keep their spelling; domains are DNS names in lower case. */
export interface PrincipalRecord {
  /** objectGUID, as `guidFromBytes` writes it. Survives renames and moves. */
  readonly guid: string;
  readonly sid: string;
  readonly kind: "user" | "device";
  readonly directoryId: string;
  readonly domain: string;
  readonly netbiosDomain: string | null;
  /** sAMAccountName; of a device without its trailing `$`. */
  readonly name: string;
  readonly upn: string | null;
  readonly displayName: string | null;
  readonly dnsHostName: string | null;
  /** Of a device: what the directory says of its system. */
  readonly os?: string;
  readonly osVersion?: string;
  readonly dn: string;
  /** RID of the primary group within the principal's own domain. */
  readonly primaryGroupRid: number | null;
  /** Of a device: it has a Remote Desktop service name (TERMSRV). Absent: no. */
  readonly hasRemoteDesktopName?: boolean;
  /** Of a user: it has a service name (SPN), as accounts have that services run as. Absent: no. */
  readonly hasServiceName?: boolean;
  /** Its password never expires. Absent: no. */
  readonly isPasswordForever?: boolean;
  /** False: disabled, locked or expired. */
  readonly enabled: boolean;
}

export interface GroupRecord {
  readonly guid: string;
  readonly sid: string;
  readonly directoryId: string;
  readonly domain: string;
  readonly name: string;
  /** False for a distribution list: it gives nobody a right, and nothing is nested through it. */
  readonly security: boolean;
}

/** What a group filter is asked about. */
export interface GroupNaming {
  readonly name: string;
  readonly domain: string;
  readonly sid: string;
}

export type GroupFilter = (group: GroupNaming) => boolean;

/** Principals to look at again after changes. `removed` carries what was last known of those that are gone. */
export interface Affected {
  readonly changed: readonly number[];
  readonly removed: readonly RemovedPrincipal[];
}

export interface RemovedPrincipal {
  readonly id: number;
  readonly record: PrincipalRecord;
}

export interface GraphSize {
  readonly users: number;
  readonly devices: number;
  readonly groups: number;
}
