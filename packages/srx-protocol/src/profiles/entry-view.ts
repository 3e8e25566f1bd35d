import type { Entry, EntryDevice, EntryUser, EpochMs } from "@rollcall/identity-core";
import { type CleaningFlag, cleanName } from "../clean-text.ts";
import { type CleanRole, RoleBook } from "../role-book.ts";
import type { SrxProfileDocument } from "./profile-document.ts";

/** An entry as one family is told it: clean, within its limits, and with the choices of its profile made. */
export interface EntryView {
  readonly kind: "logon" | "logoff" | "update";
  readonly at: EpochMs;
  readonly revision: number;
  readonly source: string;
  readonly ip: string;
  readonly domain: string;
  readonly netbiosDomain: string;
  /** Null: its names are left out. */
  readonly user: string | null;
  readonly upn: string | null;
  readonly roles: readonly CleanRole[];
  readonly device: DeviceView | null;
}

export interface DeviceView {
  readonly name: string;
  readonly groups: readonly CleanRole[];
  readonly category: string;
  readonly vendor: string;
  readonly model: string;
  readonly os: string;
  readonly osVersion: string;
}

/** A session's own beginning shows in its entry this much later at most; what comes after is a change of it. */
const UPDATE_AFTER_MS = 60_000;

/**
 * Makes what gives what a profile says of an entry.
 *
 * Shape:  an entry without user and device is a logoff, with the user that left where it is known; so is a device alone
 *         where the profile does not tell devices. `flags` says what had to be changed to fit.
 */
export function viewer(
  { body, limits }: SrxProfileDocument,
  defaultSource: string,
  writeText: (text: string) => string,
): (entry: Entry, flags: Set<CleaningFlag>) => EntryView {
  const roles = new RoleBook(limits.name, writeText);
  return (entry, flags) => {
    const clean = (text: string | undefined): string =>
      text === undefined || text === "" ? "" : cleanName(text, flags, limits.name);
    const list = (groups: readonly string[]): readonly CleanRole[] =>
      roles.listOf(groups, flags, limits.roles);
    const { user } = entry;
    const device = body.deviceOnly === "skip" && user === null ? null : entry.device;
    const isLogon = user !== null || device !== null;
    const named = user ?? (isLogon ? null : (entry.lastUser ?? null));
    const omitsUser = isLogon && user === null && body.deviceOnly === "omitUser";
    return {
      kind: isLogon ? (isUpdate(entry, user, body.roleChange) ? "update" : "logon") : "logoff",
      at: entry.changedAt,
      revision: entry.revision,
      source: clean(user?.sourceLabel || defaultSource),
      ip: entry.ip,
      domain: clean(user?.domain ?? device?.domain ?? entry.lastUser?.domain ?? entry.domainsSeen.at(-1)),
      netbiosDomain: clean(user?.netbiosDomain ?? device?.netbiosDomain),
      user: omitsUser ? null : clean(named?.name),
      upn: omitsUser ? null : clean(user?.upn),
      roles: user === null ? [] : list(user.groups),
      device: device === null ? null : deviceView(device, clean, list),
    };
  };
}

function isUpdate(
  entry: Entry,
  user: EntryUser | null,
  roleChange: SrxProfileDocument["body"]["roleChange"],
): boolean {
  return roleChange === "update" && user !== null && entry.changedAt - user.since > UPDATE_AFTER_MS;
}

function deviceView(
  device: EntryDevice,
  clean: (text: string | undefined) => string,
  list: (groups: readonly string[]) => readonly CleanRole[],
): DeviceView {
  return {
    name: clean(device.name),
    groups: list(device.groups),
    category: clean(device.category),
    vendor: clean(device.vendor),
    model: clean(device.model),
    os: clean(device.os),
    osVersion: clean(device.osVersion),
  };
}
