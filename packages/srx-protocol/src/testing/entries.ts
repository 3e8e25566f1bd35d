import type { Entry, EntryUser, IpAddress } from "@rollcall/identity-core";

const SECOND = 1_760_000_000_000;

/** An entry with nobody at its address; the test says what matters to it. */
export function anEntry(over: Partial<Omit<Entry, "ip">> & { readonly ip?: string } = {}): Entry {
  return {
    addressSpaceId: "space-1",
    revision: 1,
    changedAt: SECOND,
    user: null,
    device: null,
    domainsSeen: [],
    ...over,
    ip: (over.ip ?? "192.0.2.50") as IpAddress,
  };
}

export function anEntryUser(over: Partial<EntryUser> = {}): EntryUser {
  return {
    principalKey: "s-1-5-21-1-2-3-1101",
    domain: "corp.example",
    name: "alice",
    groups: ["engineering", "vpn-users"],
    since: SECOND,
    lastSeenAt: SECOND,
    expiresAt: SECOND + 3_600_000,
    class: "A",
    sourceId: "source-1",
    sourceLabel: "JIMS-Active Directory",
    rule: "syslog:1",
    observationId: "record-1#0",
    ...over,
  };
}

export const aliceAtDesk: Entry = anEntry({
  user: anEntryUser(),
  device: {
    principalKey: "s-1-5-21-1-2-3-2101",
    domain: "corp.example",
    name: "desk-7",
    groups: ["workstations"],
    since: SECOND,
    expiresAt: SECOND + 3_600_000,
    os: "windows 11",
  },
});

export const kioskAlone: Entry = anEntry({
  ip: "192.0.2.75",
  changedAt: SECOND + 3000,
  device: {
    principalKey: "s-1-5-21-1-2-3-2102",
    domain: "corp.example",
    name: "kiosk-3",
    groups: ["kiosks"],
    since: SECOND,
    expiresAt: SECOND + 3_600_000,
  },
});

export const bobLeft: Entry = anEntry({
  ip: "192.0.2.60",
  changedAt: SECOND + 11_000,
  unknownBecause: "ended",
  domainsSeen: ["corp.example"],
  lastUser: { domain: "corp.example", name: "bob" },
});
