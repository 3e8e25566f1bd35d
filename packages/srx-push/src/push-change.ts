import type { Entry, EntryDevice, EntryUser, EpochMs } from "@rollcall/identity-core";

/** What a firewall is to be told of one address: who is there now, or that nobody is. */
export interface PushChange {
  readonly ip: string;
  /** Said to the firewall as the time of the change. */
  readonly at: EpochMs;
  /** Null: nobody is known, whatever stands there. */
  readonly user: EntryUser | null;
  readonly device: EntryDevice | null;
}

/**
 * Makes of an entry what is told of it.
 *
 * Shape:  a device without a person is told as nobody: a logon needs a user, and what a firewall makes of an empty one is
 *         not known.
 * Units:  `notBefore` is epoch ms: the time said of an address never goes back, whatever the entry's age, because a
 *         firewall might pass over what looks older than what it holds (assumed).
 */
export function changeOf(entry: Entry, notBefore: EpochMs): PushChange {
  return {
    ip: entry.ip,
    at: Math.max(entry.changedAt, notBefore),
    user: entry.user,
    device: entry.user === null ? null : entry.device,
  };
}

/** Nobody is there: for an address of which nothing is told any more. */
export function nobodyAt(ip: string, at: EpochMs): PushChange {
  return { ip, at, user: null, device: null };
}
