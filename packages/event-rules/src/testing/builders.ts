import { createIpSet, type IpAddress, parseIp } from "@rollcall/identity-core";
import type { EventSourceKind } from "../event-rule.ts";
import type { JudgeContext, SiteKnowledge } from "../judge.ts";
import { switchesOf } from "../rule-switches.ts";
import type { WindowsEvent } from "../windows-event.ts";

/** 2026-01-05, 09:00 UTC. */
export const NINE = Date.UTC(2026, 0, 5, 9);
export const ALICE_SID = "S-1-5-21-1-2-3-1104";

export interface EventSketch extends Partial<Omit<WindowsEvent, "data">> {
  readonly eventId: number;
  readonly data?: Readonly<Record<string, string>>;
}

let serial = 1000n;

/** One event of the Security log of dc1.corp.example at nine. */
export function anEvent({ data = {}, ...given }: EventSketch): WindowsEvent {
  return {
    provider: "Microsoft-Windows-Security-Auditing",
    version: 0,
    channel: "Security",
    computer: "dc1.corp.example",
    recordId: serial++,
    time: NINE,
    ...given,
    data: (name) => data[name] ?? null,
  };
}

/** The fields of an event as real ones have them, for alice at 10.0.0.7; what is given replaces them. */
export function fieldsOfReal(
  eventId: number,
  given: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return { ...REAL[eventId], ...given };
}

const SUBJECT = {
  SubjectUserSid: "S-1-5-18",
  SubjectUserName: "PC7$",
  SubjectDomainName: "CORP",
  SubjectLogonId: "0x3e7",
};
const TARGET = { TargetUserSid: ALICE_SID, TargetUserName: "alice", TargetDomainName: "CORP" };

const REAL: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  4624: {
    ...SUBJECT,
    ...TARGET,
    TargetLogonId: "0x1a2b3c",
    LogonType: "3",
    LogonProcessName: "Kerberos",
    AuthenticationPackageName: "Kerberos",
    WorkstationName: "-",
    TransmittedServices: "-",
    IpAddress: "10.0.0.7",
    IpPort: "50123",
  },
  4634: { ...TARGET, TargetLogonId: "0x1a2b3c", LogonType: "2" },
  4647: { ...TARGET, TargetLogonId: "0x1a2b3c" },
  4648: {
    ...SUBJECT,
    SubjectUserSid: ALICE_SID,
    SubjectUserName: "alice",
    TargetUserName: "adm-alice",
    TargetDomainName: "CORP",
    TargetServerName: "localhost",
    IpAddress: "::1",
  },
  4768: {
    TargetUserName: "alice",
    TargetDomainName: "CORP",
    TargetSid: ALICE_SID,
    ServiceName: "krbtgt",
    Status: "0x0",
    PreAuthType: "2",
    IpAddress: "::ffff:10.0.0.7",
    IpPort: "50123",
  },
  4769: {
    TargetUserName: "alice@CORP.EXAMPLE",
    TargetDomainName: "CORP.EXAMPLE",
    ServiceName: "FS1$",
    Status: "0x0",
    IpAddress: "::ffff:10.0.0.7",
    TransmittedServices: "-",
  },
  4770: {
    TargetUserName: "alice@CORP.EXAMPLE",
    TargetDomainName: "CORP.EXAMPLE",
    ServiceName: "krbtgt",
    IpAddress: "::ffff:10.0.0.7",
  },
  4776: {
    PackageName: "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0",
    TargetUserName: "alice",
    Workstation: "PC7",
    Status: "0x0",
  },
  4778: {
    AccountName: "alice",
    AccountDomain: "CORP",
    LogonID: "0x1a2b3c",
    SessionName: "RDP-Tcp#1",
    ClientName: "HOME",
    ClientAddress: "192.0.2.9",
  },
  4779: {
    AccountName: "alice",
    AccountDomain: "CORP",
    LogonID: "0x1a2b3c",
    SessionName: "RDP-Tcp#1",
    ClientName: "HOME",
    ClientAddress: "192.0.2.9",
  },
  4801: { ...TARGET, TargetLogonId: "0x1a2b3c", SessionId: "1" },
  5140: {
    SubjectUserSid: ALICE_SID,
    SubjectUserName: "alice",
    SubjectDomainName: "CORP",
    IpAddress: "10.0.0.7",
    ShareName: "\\\\*\\SYSVOL",
  },
};

export interface ContextSketch {
  readonly kind?: EventSourceKind;
  readonly rulesOff?: readonly string[];
  readonly rulesOn?: readonly string[];
  readonly infrastructure?: readonly string[];
  readonly controllers?: readonly string[];
  /** Addresses by computer, as the sources write it. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
  /** Addresses at which a device is known. */
  readonly devices?: readonly string[];
  readonly principals?: SiteKnowledge["principalOf"];
  readonly more?: Partial<JudgeContext>;
}

export function ip(text: string): IpAddress {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`${text} is not an address`);
  return parsed;
}

/** A source of a kind at a site whose only controller is dc1, with pc7.corp.example at 10.0.0.7. */
export function aContext(sketch: ContextSketch = {}): JudgeContext {
  const infrastructure = createIpSet(sketch.infrastructure ?? ["10.0.0.1"]);
  const controllers = (sketch.controllers ?? ["dc1"]).map((name) => name.toLowerCase());
  // A map: a computer may be called `constructor`.
  const hosts = new Map(
    Object.entries(sketch.hosts ?? { "pc7.corp.example": ["10.0.0.7"], PC7: ["10.0.0.7"] }),
  );
  const devices = new Set(sketch.devices ?? []);
  return {
    source: {
      id: "source-1",
      kind: sketch.kind ?? "domain-controller",
      addressSpaceId: "space",
      lifetimeMs: 8 * 3_600_000,
    },
    rules: switchesOf(sketch.rulesOff, sketch.rulesOn),
    site: {
      isInfrastructure: (address) => infrastructure.has(address),
      isController: (name) => controllers.includes(name.toLowerCase().split(".", 1)[0] ?? ""),
      addressesOf: (computer) => (hosts.get(computer) ?? []).map(ip),
      hasDevice: (address) => devices.has(address),
      principalOf: sketch.principals ?? (() => null),
    },
    receivedAt: NINE + 1000,
    clockOffsetMs: 0,
    ...sketch.more,
  };
}
