import type { EventRule, NeverEvent } from "./event-rule.ts";

const TARGET = { sid: "TargetUserSid", name: "TargetUserName", domain: "TargetDomainName" } as const;
const CLIENT = { from: "event", field: "IpAddress" } as const;
const WRITER = { from: "writer" } as const;
const FROM_CONTROLLERS = ["domain-controller", "event-collector", "wef"] as const;
const FROM_WORKSTATIONS = ["event-collector", "wef"] as const;

/**
 * Every rule, in the order in which they are tried for an event.
 *
 * A refresh that may never open a session is class D: the session law has no other word for it.
 */
export const EVENT_RULES: readonly EventRule[] = [
  {
    id: "event:4768",
    eventId: 4768,
    sources: FROM_CONTROLLERS,
    writtenBy: "controller",
    account: { sid: "TargetSid", name: "TargetUserName", domain: "TargetDomainName" },
    address: CLIENT,
    status: "Status",
    preAuthentication: "PreAuthType",
    user: { verb: "start", class: "B" },
    device: { verb: "start", class: "B" },
    isOnByDefault: true,
    sentence:
      "A ticket-granting ticket was issued: this person or computer has just logged on at that address.",
  },
  {
    id: "event:4769-dc",
    eventId: 4769,
    sources: FROM_CONTROLLERS,
    writtenBy: "controller",
    account: { name: "TargetUserName", domain: "TargetDomainName", isAtRealm: true },
    address: CLIENT,
    status: "Status",
    delegation: "TransmittedServices",
    service: { field: "ServiceName", of: "controller" },
    user: { verb: "refresh", class: "C" },
    device: { verb: "refresh", class: "C" },
    thinned: "computers",
    isOnByDefault: true,
    sentence:
      "A ticket for a domain controller itself was issued, as an interactive logon asks for to read policy: it supports a logon.",
  },
  {
    id: "event:4769",
    eventId: 4769,
    sources: FROM_CONTROLLERS,
    writtenBy: "controller",
    account: { name: "TargetUserName", domain: "TargetDomainName", isAtRealm: true },
    address: CLIENT,
    status: "Status",
    delegation: "TransmittedServices",
    service: { field: "ServiceName", of: "anybody" },
    user: { verb: "refresh", class: "C" },
    device: { verb: "refresh", class: "C" },
    thinned: "everybody",
    isOnByDefault: true,
    sentence: "A ticket for some service was issued: this person or computer is active at that address.",
  },
  {
    id: "event:4770",
    eventId: 4770,
    sources: FROM_CONTROLLERS,
    writtenBy: "controller",
    account: { name: "TargetUserName", domain: "TargetDomainName", isAtRealm: true },
    address: CLIENT,
    user: { verb: "refresh", class: "D" },
    device: { verb: "start", class: "C" },
    isOnByDefault: true,
    sentence:
      "A ticket was renewed: who is there already is still there. It opens a computer's session, never a person's.",
  },
  {
    id: "event:4624-3",
    eventId: 4624,
    logonTypes: ["3"],
    sources: FROM_CONTROLLERS,
    writtenBy: "controller",
    account: TARGET,
    address: CLIENT,
    delegation: "TransmittedServices",
    user: { verb: "refresh", class: "C" },
    device: { verb: "refresh", class: "C" },
    isOnByDefault: true,
    sentence: "Somebody read from a domain controller over the network, as a logon and group policy do.",
  },
  {
    id: "event:4624-2",
    eventId: 4624,
    logonTypes: ["2"],
    sources: FROM_WORKSTATIONS,
    writtenBy: "workstation",
    account: TARGET,
    address: WRITER,
    logonId: "TargetLogonId",
    user: { verb: "start", class: "A" },
    device: null,
    isOnByDefault: true,
    sentence: "Somebody logged on at the keyboard of the computer that wrote the event.",
  },
  {
    id: "event:4624-7",
    eventId: 4624,
    logonTypes: ["7"],
    sources: FROM_WORKSTATIONS,
    writtenBy: "workstation",
    account: TARGET,
    address: WRITER,
    user: { verb: "start", class: "A" },
    device: null,
    isOnByDefault: true,
    sentence: "Somebody unlocked the computer that wrote the event.",
  },
  {
    id: "event:4624-11",
    eventId: 4624,
    logonTypes: ["11"],
    sources: FROM_WORKSTATIONS,
    writtenBy: "workstation",
    account: TARGET,
    address: WRITER,
    logonId: "TargetLogonId",
    user: { verb: "start", class: "A" },
    device: null,
    isOnByDefault: true,
    sentence:
      "Somebody logged on at the computer that wrote the event while no domain controller was in reach.",
  },
  {
    id: "event:4624-10",
    eventId: 4624,
    logonTypes: ["10"],
    sources: FROM_WORKSTATIONS,
    writtenBy: "workstation",
    account: TARGET,
    address: WRITER,
    logonId: "TargetLogonId",
    user: { verb: "start", class: "A" },
    device: null,
    isOnByDefault: true,
    sentence:
      "Somebody logged on by remote desktop to the computer that wrote the event: they are placed there, never at the address they came from.",
  },
  {
    id: "event:4624-3-exchange",
    eventId: 4624,
    logonTypes: ["3"],
    sources: ["exchange"],
    writtenBy: "exchange-server",
    account: TARGET,
    address: CLIENT,
    delegation: "TransmittedServices",
    user: { verb: "start", class: "C" },
    device: null,
    isWeakerWithDevice: true,
    isOnByDefault: true,
    sentence:
      "Somebody opened their mailbox from that address. Where a domain computer is known there it is a refresh; a phone or a Mac gets a session.",
  },
  {
    id: "event:4624-8",
    eventId: 4624,
    logonTypes: ["8"],
    sources: ["exchange"],
    writtenBy: "exchange-server",
    account: TARGET,
    address: CLIENT,
    user: { verb: "start", class: "C" },
    device: null,
    isWeakerWithDevice: true,
    isOnByDefault: true,
    sentence:
      "As event:4624-3-exchange, with the password sent in clear inside the encrypted connection (basic authentication).",
  },
  {
    id: "event:4634",
    eventId: 4634,
    logonTypes: ["2", "10", "11"],
    sources: FROM_WORKSTATIONS,
    writtenBy: "workstation",
    account: TARGET,
    address: WRITER,
    logonId: "TargetLogonId",
    user: { verb: "end", class: "A" },
    device: null,
    isOnByDefault: true,
    sentence: "The interactive logon session with that number ended at the computer that wrote the event.",
  },
  {
    id: "event:4647",
    eventId: 4647,
    sources: FROM_WORKSTATIONS,
    writtenBy: "workstation",
    account: TARGET,
    address: WRITER,
    user: { verb: "end", class: "A" },
    device: null,
    isOnByDefault: true,
    sentence:
      "Somebody logged off at the computer that wrote the event: they leave every address of it, the computer stays.",
  },
  {
    id: "event:4776",
    eventId: 4776,
    sources: FROM_CONTROLLERS,
    writtenBy: "controller",
    account: { name: "TargetUserName" },
    address: { from: "workstation", field: "Workstation" },
    status: "Status",
    user: { verb: "refresh", class: "D" },
    device: null,
    isOnByDefault: true,
    sentence:
      "A password was checked by NTLM for somebody at a computer of that name. It keeps a session alive where that name is known at exactly one address, and never opens one.",
  },
  {
    id: "event:4778",
    eventId: 4778,
    sources: FROM_WORKSTATIONS,
    writtenBy: "workstation",
    account: { name: "AccountName", domain: "AccountDomain" },
    address: WRITER,
    logonId: "LogonID",
    user: { verb: "start", class: "A" },
    device: null,
    isOnByDefault: false,
    sentence:
      "Somebody came back to their session at the computer that wrote the event, by remote desktop or by switching users: they are placed there, never at the address they came from.",
  },
  {
    id: "event:4779",
    eventId: 4779,
    sources: FROM_WORKSTATIONS,
    writtenBy: "workstation",
    account: { name: "AccountName", domain: "AccountDomain" },
    address: WRITER,
    logonId: "LogonID",
    user: { verb: "refresh", class: "D" },
    device: null,
    isOnByDefault: false,
    sentence:
      "Somebody left their session at the computer that wrote the event running and disconnected: no logoff, but they do not count among those who use the host at once. Switch it on together with event:4778, which counts them again.",
  },
  {
    id: "event:4801",
    eventId: 4801,
    sources: FROM_WORKSTATIONS,
    writtenBy: "workstation",
    account: TARGET,
    address: WRITER,
    logonId: "TargetLogonId",
    user: { verb: "refresh", class: "A" },
    device: null,
    isOnByDefault: false,
    sentence: "The screen of the computer that wrote the event was unlocked.",
  },
  {
    id: "event:5140",
    eventId: 5140,
    sources: ["domain-controller"],
    writtenBy: "controller",
    account: { sid: "SubjectUserSid", name: "SubjectUserName", domain: "SubjectDomainName" },
    address: CLIENT,
    share: "ShareName",
    user: { verb: "refresh", class: "D" },
    device: { verb: "refresh", class: "D" },
    isOnByDefault: false,
    sentence:
      "Somebody opened SYSVOL or NETLOGON, as group policy does about every 90 minutes, or a share that the source names (`shares`). Many events; it never opens a session.",
  },
  {
    id: "event:4648",
    eventId: 4648,
    sources: FROM_WORKSTATIONS,
    writtenBy: "workstation",
    account: { name: "TargetUserName", domain: "TargetDomainName" },
    address: WRITER,
    user: null,
    device: null,
    notesOtherAccount: { sid: "SubjectUserSid", name: "SubjectUserName" },
    isOnByDefault: false,
    sentence:
      "Somebody at the computer typed another account's password (run as): that account is not taken for who sits there during the next 5 minutes.",
  },
];

/** Events that are known and never become a session. */
export const NEVER_EVENTS: readonly NeverEvent[] = [
  { id: "event:4625", eventId: 4625, reason: "failed-logon", sentence: "A logon failed." },
  {
    id: "event:4771",
    eventId: 4771,
    reason: "failed-logon",
    sentence: "Kerberos pre-authentication failed.",
  },
  { id: "event:4772", eventId: 4772, reason: "failed-logon", sentence: "A request for a ticket failed." },
  {
    id: "event:4773",
    eventId: 4773,
    reason: "failed-logon",
    sentence: "A request for a service ticket failed.",
  },
  { id: "event:4672", eventId: 4672, reason: "rights-only", sentence: "A logon has administrators' rights." },
  { id: "event:4627", eventId: 4627, reason: "rights-only", sentence: "Which groups a logon has." },
  {
    id: "event:4800",
    eventId: 4800,
    reason: "says-nothing-of-a-seat",
    sentence: "The screen was locked: who sits there is away, and not logged off.",
  },
  {
    id: "event:4802",
    eventId: 4802,
    reason: "says-nothing-of-a-seat",
    sentence: "The screen saver began.",
  },
  {
    id: "event:4803",
    eventId: 4803,
    reason: "says-nothing-of-a-seat",
    sentence: "The screen saver was dismissed; whether a password was asked for is not said.",
  },
  {
    id: "event:6272",
    eventId: 6272,
    reason: "names-no-address",
    sentence:
      "Network access was granted (NPS): names a network card and no address, and this agent keeps no leases.",
  },
  {
    id: "event:6278",
    eventId: 6278,
    reason: "names-no-address",
    sentence:
      "Full network access was granted (NPS): names a network card and no address, and this agent keeps no leases.",
  },
];

export function findRule(id: string): EventRule | null {
  return EVENT_RULES.find((rule) => rule.id === id) ?? null;
}

/** Names of the fields that a rule reads, each once, in the order in which it asks. */
export function fieldsOf(rule: EventRule): string[] {
  const { account, address } = rule;
  return [
    ...new Set(
      [
        rule.logonTypes === undefined ? undefined : "LogonType",
        rule.status,
        rule.delegation,
        rule.preAuthentication,
        rule.service?.field,
        rule.share,
        account.sid,
        account.name,
        account.domain,
        rule.notesOtherAccount?.sid,
        rule.notesOtherAccount?.name,
        address.from === "writer" ? undefined : address.field,
        rule.logonId,
      ].filter((field) => field !== undefined),
    ),
  ];
}
