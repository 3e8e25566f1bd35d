import {
  createIpSet,
  createSuppression,
  type EpochMs,
  type EvidenceClass,
  type IpAddress,
  type Observation,
  type PrincipalName,
} from "@rollcall/identity-core";
import { readEventAccount } from "./event-account.ts";
import { bareComputerName, readEventAddress } from "./event-address.ts";
import type { Effect, EventRule, EventSourceKind } from "./event-rule.ts";
import { EVENT_RULES, NEVER_EVENTS } from "./event-rules.ts";
import type { OtherAccounts } from "./other-accounts.ts";
import { recordIdOf } from "./record-id.ts";
import type { RuleSwitches } from "./rule-switches.ts";
import { isSignOfPresence } from "./shares.ts";
import type { TicketRate } from "./ticket-rate.ts";
import type { WindowsEvent } from "./windows-event.ts";

/** Source: semantics 1, "Effective time" (documented). */
const MAX_AHEAD_MS = 5000;
/** More addresses than this one computer does not have. Source: semantics 10 (8 of IPv6; as many of IPv4 is plenty). */
const MAX_ADDRESSES = 16;
const PROVIDER = "Microsoft-Windows-Security-Auditing";
const CHANNEL = "Security";

/** Why an event yields nothing; `logon-type-…` and the names of the suppression come beside these. */
export type IgnoredReason = string;

export type Judgement =
  | { readonly kind: "observations"; readonly rule: string; readonly observations: readonly Observation[] }
  /** `rule`: the one that would have taken it; null where none is meant. */
  | { readonly kind: "none"; readonly rule: string | null; readonly reason: IgnoredReason };

/** What is known around an event that the event does not say. */
export interface SiteKnowledge {
  /** Domain controllers, Exchange servers, proxies, firewalls: no seats. */
  isInfrastructure(ip: IpAddress): boolean;
  /** Whether a computer of that name (`DC1`, `dc1.corp.example`) is a domain controller. */
  isController(computer: string): boolean;
  /**
   * The addresses of a computer at that time: its own connection (WEF), or where its device is known. Never from DNS.
   */
  addressesOf(computer: string, at: EpochMs): readonly IpAddress[];
  /** All addresses at which it may still be known, for what ends there; `addressesOf` where absent. */
  everywhereOf?(computer: string, at: EpochMs): readonly IpAddress[];
  /** Whether a computer is known to be at that address. */
  hasDevice(ip: IpAddress, at: EpochMs): boolean;
  /** What a directory calls an account; null where it knows none of that SID. */
  principalOf(sid: string): PrincipalName | null;
}

export interface JudgeContext {
  readonly source: {
    readonly id: string;
    readonly kind: EventSourceKind;
    readonly addressSpaceId: string;
    readonly lifetimeMs: number;
    /** What a firewall is shown as the source. */
    readonly label?: string;
    /** Shares whose use counts (5140) beside those that every logon reads. */
    readonly shares?: readonly string[];
  };
  readonly rules: RuleSwitches;
  readonly site: SiteKnowledge;
  readonly receivedAt: EpochMs;
  /** How far the writer's clock is ahead, from asking that clock; 0 where it is not known. */
  readonly clockOffsetMs: number;
  /** No observation is stronger than this: `D` where the clock is too far off for old events to open anything. */
  readonly cap?: EvidenceClass;
  /** Who proved to be the sender (WEF: the certificate's name); events of another computer are not believed. */
  readonly speaker?: string;
  /** Also say that the sending computer itself is at the address (WEF, where a connection proves it). */
  readonly seesDevice?: boolean;
  readonly rate?: TicketRate;
  readonly otherAccounts?: OtherAccounts;
}

const RULES_OF = new Map<number, readonly EventRule[]>();
for (const rule of EVENT_RULES) RULES_OF.set(rule.eventId, [...(RULES_OF.get(rule.eventId) ?? []), rule]);
const NEVER_OF = new Map(NEVER_EVENTS.map((one) => [one.eventId, one]));

/** Names alone: filters of the customer's are asked when the observation arrives at the table. */
const suppressName = createSuppression({
  ipInclude: createIpSet([]),
  ipExclude: createIpSet([]),
  principalExclude: [],
  dnExclude: [],
});

/**
 * What one event says of who is where.
 *
 * Shape:  observations of one record, a user's at even ordinals and a device's at odd ones, two for each address; or the one
 *         reason for none. Apart from `rate` and `otherAccounts`, which a caller may leave out, the answer depends on
 *         nothing but the arguments.
 * Units:  epoch ms. The effective time is the event's less the clock's offset, held to at most 5 s after receipt.
 * Errors: none thrown; whatever stands in an event is data.
 * Source: semantics 1, 3 and 4; rulings, "Who owns an address" (documented).
 */
export function judge(event: WindowsEvent, context: JudgeContext): Judgement {
  if (event.provider !== PROVIDER || event.channel !== CHANNEL) return none(null, "other-provider");
  // A record may carry anything in place of its time, and the table lives by times.
  if (!Number.isSafeInteger(event.time) || event.time <= 0) return none(null, "no-time");
  const candidates = RULES_OF.get(event.eventId);
  if (candidates === undefined) return none(null, NEVER_OF.get(event.eventId)?.reason ?? "no-rule");
  const chosen = choose(candidates, event, context);
  if (typeof chosen === "string") return none(null, chosen);
  const why = whyNot(chosen, event, context);
  if (why !== null) return none(chosen.id, why);
  return chosen.notesOtherAccount === undefined
    ? observe(chosen, event, context)
    : note(chosen, chosen.notesOtherAccount, event, context);
}

function none(rule: string | null, reason: IgnoredReason): Judgement {
  return { kind: "none", rule, reason };
}

/** The rule that an event is meant by, whatever comes of it; or why there is none. */
function choose(
  candidates: readonly EventRule[],
  event: WindowsEvent,
  context: JudgeContext,
): EventRule | string {
  const { kind } = context.source;
  let isTypeKnown = false;
  let type: string | null = null;
  for (const rule of candidates) {
    if (rule.logonTypes !== undefined) {
      type ??= (event.data("LogonType") ?? "").trim();
      if (!rule.logonTypes.includes(type)) continue;
    }
    isTypeKnown = true;
    if (!rule.sources.includes(kind)) continue;
    if (rule.service?.of === "controller" && !isOfController(event.data(rule.service.field), event, context))
      continue;
    return rule;
  }
  if (isTypeKnown) return "not-of-this-source";
  return /^\d{1,2}$/.test(type ?? "") ? `logon-type-${type}` : "logon-type-unknown";
}

/** The computer account of a controller (`DC1$`), or, of an unknown account, the name that was asked for (`ldap/dc1.corp.example`). */
function isOfController(service: string | null, event: WindowsEvent, context: JudgeContext): boolean {
  const written = (service ?? "").trim();
  const asked = /^(?:cifs|ldap)\/([^/:]+)/i.exec(written)?.[1];
  if (asked === undefined && !written.endsWith("$")) return false;
  const name = bareComputerName(asked ?? written);
  // Only controllers write 4769: whoever wrote this one is one, also where nobody has said so.
  return context.site.isController(name) || isSameComputer(name, event.computer);
}

/** Short names are compared where one of the two is short. */
export function isSameComputer(a: string, b: string): boolean {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  if (one === other) return true;
  if (one.includes(".") && other.includes(".")) return false;
  return (one.split(".", 1)[0] ?? "") === (other.split(".", 1)[0] ?? "") && one !== "" && other !== "";
}

/** Why the rule does not take the event; null when it does. The cheap questions come first. */
function whyNot(rule: EventRule, event: WindowsEvent, context: JudgeContext): IgnoredReason | null {
  if (!context.rules.isOn(rule.id)) return "rule-off";
  const { speaker, source, site } = context;
  if (speaker !== undefined && !isSameComputer(speaker, event.computer)) return "not-of-the-sender";
  // A collector passes on what any computer of the domain wrote: only a controller's word on others counts.
  if (
    rule.writtenBy === "controller" &&
    source.kind !== "domain-controller" &&
    !site.isController(event.computer)
  )
    return "not-from-a-controller";
  if (rule.writtenBy === "workstation" && site.isController(event.computer)) return "from-a-controller";
  if (rule.status !== undefined && !isSuccess(event.data(rule.status))) return "failed-logon";
  if (rule.delegation !== undefined && !isEmpty(event.data(rule.delegation))) return "delegated";
  if (rule.preAuthentication !== undefined && (event.data(rule.preAuthentication) ?? "").trim() === "0")
    return "no-password-proved";
  if (rule.share !== undefined && !isSignOfPresence(event.data(rule.share), source.shares ?? []))
    return "other-share";
  if (context.rate !== undefined && !context.rate.mayPass(rule, event)) return "repeated-within-a-minute";
  return null;
}

/** `0x0`, as Windows writes it; other readers pad. */
function isSuccess(status: string | null): boolean {
  return /^0x0+$/i.test((status ?? "").trim());
}

function isEmpty(text: string | null): boolean {
  const trimmed = (text ?? "").trim();
  return trimmed === "" || trimmed === "-";
}

/** Somebody at the computer acts as another account. Windows itself writes the same event for every logon: that says nothing. */
function note(
  rule: EventRule,
  { sid, name }: { readonly sid: string; readonly name: string },
  event: WindowsEvent,
  context: JudgeContext,
): Judgement {
  const by = (event.data(name) ?? "").trim();
  const isByPerson = /^S-1-(5-21|12-1)-/.test((event.data(sid) ?? "").trim()) && !by.endsWith("$");
  const account = readEventAccount(event, rule.account);
  if (!isByPerson || account.kind === "none") return none(rule.id, "not-run-as");
  if (account.name.name.toLowerCase() === by.toLowerCase()) return none(rule.id, "not-run-as");
  context.otherAccounts?.note(event.computer, account.name.name, event.time);
  return none(rule.id, "other-account-noted");
}

function observe(rule: EventRule, event: WindowsEvent, context: JudgeContext): Judgement {
  const account = readEventAccount(event, rule.account);
  if (account.kind === "none") return none(rule.id, account.reason);
  const recordId = recordIdOf(event);
  if (recordId === null) return none(rule.id, "computer-name-too-long");
  const isComputer = account.name.name.endsWith("$");
  const effect = isComputer ? rule.device : rule.user;
  if (effect === null) return none(rule.id, "computer-account");
  const bare = bareComputerName(account.name.name);
  if (bare === "") return none(rule.id, "no-name");
  // A person whose account is called like a controller (CVE-2021-42287) is nobody either.
  if (context.site.isController(bare)) return none(rule.id, "controllers-own-account");
  if (
    rule.writtenBy === "workstation" &&
    effect.verb !== "end" &&
    context.otherAccounts?.has(event.computer, account.name.name, event.time) === true
  )
    return none(rule.id, "other-account");
  const addresses = addressesFor(rule, event, context);
  if (typeof addresses === "string") return none(rule.id, addresses);
  const principal = called(account.name, isComputer, context);
  const observations: Observation[] = [];
  for (const [index, ip] of addresses.entries()) {
    const draft = draftOf({ rule, event, context, recordId, effect, ip, principal, index });
    // An end is never kept back for its name, and one of a name that is nobody's would end nothing: it is asked as a start.
    const named = suppressName({ ...draft, verb: "start" });
    if (named.kind === "kept-back") return none(rule.id, named.rule);
    observations.push({ ...named.observation, verb: draft.verb });
    // Only where the writer itself is at the address: a controller's word on somebody else's says nothing of its own place.
    const seesDevice = context.seesDevice === true && rule.address.from === "writer";
    const device = seesDevice ? deviceBeside(draft, event, index) : null;
    if (device !== null) observations.push(device);
  }
  return { kind: "observations", rule: rule.id, observations };
}

/** Where it happened; or why nowhere. */
function addressesFor(
  rule: EventRule,
  event: WindowsEvent,
  context: JudgeContext,
): readonly IpAddress[] | IgnoredReason {
  const { address } = rule;
  const { site } = context;
  switch (address.from) {
    case "event": {
      const found = readEventAddress(event.data(address.field));
      if (found.kind === "none") return found.reason;
      return site.isInfrastructure(found.ip) ? "infrastructure" : [found.ip];
    }
    case "writer": {
      // Who logs off leaves every address of the computer, also one that it had before (semantics 3, 4647).
      const isEnd = rule.user?.verb === "end" && site.everywhereOf !== undefined;
      const all = isEnd
        ? (site.everywhereOf?.(event.computer, event.time) ?? [])
        : site.addressesOf(event.computer, event.time);
      if (all.length === 0) return "computer-at-no-known-address";
      const seats = all.filter((ip) => !site.isInfrastructure(ip)).slice(0, MAX_ADDRESSES);
      return seats.length === 0 ? "infrastructure" : seats;
    }
    case "workstation": {
      const name = bareComputerName(event.data(address.field));
      if (name === "") return "no-workstation";
      const all = site.addressesOf(name, event.time);
      const [only] = all;
      if (only === undefined) return "computer-at-no-known-address";
      if (all.length > 1) return "computer-at-several-addresses";
      return site.isInfrastructure(only) ? "infrastructure" : [only];
    }
  }
}

/** The name as the directory has it, where the event gave a SID that it knows; with the SID in any case. */
function called(
  written: PrincipalName & { readonly name: string },
  isComputer: boolean,
  context: JudgeContext,
): PrincipalName {
  if (written.sid === undefined || isComputer) return written;
  const known = context.site.principalOf(written.sid);
  return known === null ? written : { ...known, sid: written.sid };
}

interface Draft {
  readonly rule: EventRule;
  readonly event: WindowsEvent;
  readonly context: JudgeContext;
  readonly recordId: string;
  readonly effect: Effect;
  readonly ip: IpAddress;
  readonly principal: PrincipalName;
  readonly index: number;
}

function draftOf({ rule, event, context, recordId, effect, ip, principal, index }: Draft): Observation {
  const { source, receivedAt } = context;
  const isRefreshed =
    rule.isWeakerWithDevice === true && context.site.hasDevice(ip, event.time) && effect.verb !== "end";
  const { verb, class: strength }: Effect = isRefreshed ? { verb: "refresh", class: "D" } : effect;
  return {
    id: `${recordId}#${2 * index}`,
    recordId,
    sourceId: source.id,
    family: "event-log",
    addressSpaceId: source.addressSpaceId,
    ip,
    // Who is called `NAME$` becomes a device where names are looked at.
    kind: "user",
    verb,
    class: weaker(strength, context.cap),
    effectiveAt: Math.min(event.time - context.clockOffsetMs, receivedAt + MAX_AHEAD_MS),
    receivedAt,
    lifetimeMs: source.lifetimeMs,
    principal,
    correlator: correlatorOf(rule, event),
    ...(verb === "end" ? { endScope: { principal: "named", family: "same" } as const } : {}),
    rule: rule.id,
    ...(source.label === undefined ? {} : { sourceLabel: source.label.slice(0, 100) }),
  };
}

function weaker(a: EvidenceClass, cap: EvidenceClass | undefined): EvidenceClass {
  return cap !== undefined && cap > a ? cap : a;
}

/** One logon session of one computer. `0x0` is none. */
function correlatorOf(rule: EventRule, event: WindowsEvent): string | null {
  if (rule.logonId === undefined) return null;
  const id = (event.data(rule.logonId) ?? "").trim().toLowerCase();
  const digits = /^0x0*([0-9a-f]{1,16})$/.exec(id)?.[1];
  return digits === undefined || digits === "0" ? null : `${event.computer.toLowerCase()}|0x${digits}`;
}

/** The computer that wrote the event is where its user is: only where its connection shows that. */
function deviceBeside(user: Observation, event: WindowsEvent, index: number): Observation | null {
  if (user.verb === "end") return null;
  const [name = "", ...rest] = event.computer.split(".");
  if (name === "") return null;
  return {
    ...user,
    id: `${user.recordId}#${2 * index + 1}`,
    kind: "device",
    principal: { name, ...(rest.length === 0 ? {} : { domain: rest.join(".") }) },
    correlator: null,
  };
}
