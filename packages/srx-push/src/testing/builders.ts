import { type Entry, type EntryDevice, type EntryUser, parseIp } from "@rollcall/identity-core";

const AT = Date.UTC(2026, 0, 5, 8);

/** Ana of corp.example, in one group, unless said otherwise. */
export function aUser(of: Partial<EntryUser>): EntryUser {
  return {
    principalKey: `corp\\${of.name ?? "ana"}`,
    domain: "corp.example",
    name: "ana",
    groups: ["staff"],
    since: AT,
    lastSeenAt: AT,
    expiresAt: AT + 28_800_000,
    class: "A",
    sourceId: "source-1",
    sourceLabel: "Domain controller",
    rule: "test",
    observationId: "r1#0",
    ...of,
  };
}

export function aDevice(of: Partial<EntryDevice>): EntryDevice {
  return {
    principalKey: `corp\\${of.name ?? "desk-1"}$`,
    domain: "corp.example",
    name: "desk-1",
    groups: [],
    since: AT,
    expiresAt: AT + 28_800_000,
    ...of,
  };
}

/** 10.0.0.1, where nobody is, unless said otherwise. */
export function anEntry(of: Partial<Omit<Entry, "ip">> & { readonly ip?: string }): Entry {
  const ip = parseIp(of.ip ?? "10.0.0.1");
  if (ip === null) throw new Error(`${of.ip} is not an address`);
  return {
    addressSpaceId: "space",
    revision: 1,
    changedAt: AT,
    user: null,
    device: null,
    domainsSeen: [],
    ...of,
    ip,
  };
}
