import { DesktopSessions } from "./desktop-sessions.ts";
import { DistinctWindow } from "./distinct-window.ts";
import type { EpochMs, Observation } from "./observation.ts";
import { RecentMap } from "./recent-map.ts";
import { SeatedAccounts, type SeatedMemory } from "./seated-accounts.ts";

export type DetectionKind = "service-account" | "multi-user" | "nat";

/**
 * What speaks for a finding besides its count. Of an account: it has a service name (SPN); its password never expires and
 * nobody sat at a keyboard with it for thirty days. Of a host: people are connected by remote desktop at once.
 */
export type DetectionSign = "service-name" | "password-never-expires" | "remote-desktop";

/** Source: semantics 4 ("automatic") and 9. */
export interface DetectionSettings {
  /** `detect`: suggest only. `on`: also act. */
  readonly mode: "off" | "detect" | "on";
  /** Distinct addresses in an hour from which an account is suggested, and from which it names nobody any more. */
  readonly suggestServiceAccountAt: number;
  readonly suppressServiceAccountAt: number;
  /** Distinct people, and devices, at one address in a quarter of an hour. */
  readonly multiUserAt: number;
  readonly natAt: number;
  /** People who are connected to one host by remote desktop at the same time. */
  readonly remoteDesktopAt: number;
  /** Until then service accounts are suggested only, whatever the mode is. */
  readonly suggestAccountsUntil?: EpochMs | undefined;
  /** Accounts (`name` or `domain\name`) that are never taken for service accounts, and addresses (`addressSpaceId|address`) for shared ones. */
  readonly exempt: readonly string[];
  /** Groups (`name` or `domain\name`) whose members are never taken for service accounts: who works at many computers. */
  readonly exemptGroups: readonly string[];
}

/** Whom an observation speaks of, as far as it is known at receipt. */
export interface DetectedPrincipal {
  /** The same for every spelling that is known to mean the same. */
  readonly key: string;
  /** As a person reads it: `domain\name`. */
  readonly label: string;
  /** Every spelling, in lower case: for the exemptions. */
  readonly spellings: readonly string[];
  /** What a directory says of the account; asked where it can matter. Absent: no directory knows it. */
  readonly account?: () => AccountSigns;
  /** Its groups, nested ones too, as `name` and `domain\name` in lower case; asked where it can matter. */
  readonly groups?: () => readonly string[];
}

export interface AccountSigns {
  readonly hasServiceName: boolean;
  readonly isPasswordForever: boolean;
}

export interface Detection {
  readonly kind: DetectionKind;
  /** `domain\name`, or `addressSpaceId|address`. */
  readonly subject: string;
  /** True: what it says is acted on. */
  readonly acted: boolean;
  readonly firstSeenAt: EpochMs;
  readonly lastSeenAt: EpochMs;
  /** Distinct addresses, people or devices in the window when it was last seen. */
  readonly count: number;
  readonly examples: readonly string[];
  readonly signs: readonly DetectionSign[];
}

interface Finding {
  readonly kind: DetectionKind;
  readonly subject: string;
  /** Whether the threshold for acting was reached, whatever the mode is. */
  isStrong: boolean;
  /** When that was so last. */
  strongAt: EpochMs;
  readonly firstSeenAt: EpochMs;
  lastSeenAt: EpochMs;
  count: number;
  examples: readonly string[];
  signs: readonly DetectionSign[];
  /** Whether it was given as news since it is acted on: what begins to be acted on by the passing of time is news too. */
  isTold: boolean;
}

const HOUR_MS = 3_600_000;
const QUARTER_MS = 15 * 60_000;
/** So long does a finding hold after it was last seen. */
const HOLD_MS = 24 * HOUR_MS;
const MAX_FINDINGS = 2000;
const MAX_EXAMPLES = 5;
/** Each sign makes an address count for so much more. */
const SIGN_WEIGHT = 0.5;
const WEIGHT_MAX = 2;
const CONNECTS: ReadonlySet<string> = new Set(["event:4624-10", "event:4778"]);
const DISCONNECTS = "event:4779";

/**
 * Finds service accounts, shared hosts and translated networks by what accounts and addresses do.
 *
 * Holds:    who was where in the last hour and quarter of an hour, and who is connected by remote desktop, bounded; what it
 *           concluded, for a day; and by the day who sat at a keyboard with accounts whose password never expires.
 * Changed:  by `note` alone, with what the filters kept.
 * Promises: whoever was said to have left an address is not counted there: a pool that is handed on is no shared host.
 * Does not: act, read a clock, or know a table. What it finds depends on what this agent saw in which order: that is
 *           why acting on it is told as an observation (see docs/adr/0015).
 */
export class Detector {
  #settings: DetectionSettings;
  #exempt: ReadonlySet<string>;
  #exemptGroups: ReadonlySet<string>;
  #places: DistinctWindow;
  readonly #people: DistinctWindow;
  readonly #devices: DistinctWindow;
  readonly #desktops = new DesktopSessions();
  readonly #seated = new SeatedAccounts();
  readonly #findings = new RecentMap<string, Finding>(MAX_FINDINGS);

  constructor(settings: DetectionSettings) {
    this.#settings = settings;
    this.#exempt = lowerCase(settings.exempt);
    this.#exemptGroups = lowerCase(settings.exemptGroups);
    this.#places = placesFor(settings);
    this.#people = new DistinctWindow({ windowMs: QUARTER_MS, maxSubjects: 40_000, maxMembers: 100 });
    this.#devices = new DistinctWindow({ windowMs: QUARTER_MS, maxSubjects: 40_000, maxMembers: 100 });
  }

  setSettings(settings: DetectionSettings): void {
    if (membersFor(settings) !== membersFor(this.#settings)) this.#places = placesFor(settings);
    this.#settings = settings;
    this.#exempt = lowerCase(settings.exempt);
    this.#exemptGroups = lowerCase(settings.exemptGroups);
  }

  /** Who sat at keyboards, where that changed since it was last asked for; else null. To be kept, and given to `restore`. */
  takeMemory(): SeatedMemory | null {
    return this.#seated.takeMemory();
  }

  restore(memory: SeatedMemory): void {
    this.#seated.restore(memory);
  }

  /** Takes note of one observation and gives what it newly concluded and is to be acted on. */
  note(observation: Observation, who: DetectedPrincipal | null): readonly Detection[] {
    if (this.#settings.mode === "off") return [];
    const place = placeOf(observation);
    const { kind, verb, effectiveAt } = observation;
    const there = kind === "user" ? this.#people : this.#devices;
    if (verb === "end") {
      const isAnybody = observation.endScope?.principal === "any" || who === null;
      there.leave(place, isAnybody ? null : who.label);
      if (kind === "user") this.#desktops.ended(place, observation.correlator, isAnybody ? null : who.label);
      return [];
    }
    if (who === null) return [];
    this.#noteLeftRunning(observation, place, who);
    // What a source says of an address that it does not speak for (class D) must not take anybody's name away.
    if (observation.class === "D") return [];
    const news: Detection[] = [];
    this.#noteConnected(observation, place, who, news);
    if (observation.class !== "C") {
      const count = there.note(place, who.label, effectiveAt);
      const threshold = kind === "user" ? this.#settings.multiUserAt : this.#settings.natAt;
      if (count >= threshold && !this.#exempt.has(place.toLowerCase()))
        this.#conclude(news, {
          kind: kind === "user" ? "multi-user" : "nat",
          subject: place,
          count,
          isStrong: true,
          at: effectiveAt,
          examples: () => there.members(place),
          signs: [],
        });
    }
    if (kind === "user" && verb === "start") this.#noteAccount(observation, place, who, news);
    return news;
  }

  #noteLeftRunning(
    { rule, kind, correlator, effectiveAt }: Observation,
    place: string,
    who: DetectedPrincipal,
  ): void {
    if (rule !== DISCONNECTS || kind !== "user" || correlator === null) return;
    this.#desktops.note(place, { id: correlator, who: who.label, isConnected: false, at: effectiveAt });
  }

  #noteConnected(
    { rule, kind, verb, class: strength, correlator, effectiveAt }: Observation,
    place: string,
    who: DetectedPrincipal,
    news: Detection[],
  ): void {
    if (kind !== "user" || verb !== "start" || strength !== "A" || !CONNECTS.has(rule)) return;
    if (correlator === null) return;
    const session = { id: correlator, who: who.label, isConnected: true, at: effectiveAt };
    const count = this.#desktops.note(place, session);
    if (count < this.#settings.remoteDesktopAt || this.#exempt.has(place.toLowerCase())) return;
    this.#conclude(news, {
      kind: "multi-user",
      subject: place,
      count,
      isStrong: true,
      at: effectiveAt,
      examples: () => this.#desktops.people(place),
      signs: ["remote-desktop"],
    });
  }

  #noteAccount(
    { class: strength, effectiveAt }: Observation,
    place: string,
    who: DetectedPrincipal,
    news: Detection[],
  ): void {
    if (strength === "A") this.#seated.note(who.key, effectiveAt, who.account?.().isPasswordForever ?? false);
    if (this.#isExemptByName(who)) return;
    this.#tellOfBegun(who, effectiveAt, news);
    const { suggestServiceAccountAt, suppressServiceAccountAt } = this.#settings;
    const least = Math.min(suggestServiceAccountAt, suppressServiceAccountAt);
    const count = this.#places.note(who.key, place, effectiveAt);
    if (count * WEIGHT_MAX < least) return;
    const signs = this.#signsOf(who, effectiveAt);
    const score = count * (1 + SIGN_WEIGHT * signs.length);
    if (score < least || this.#isExemptByGroup(who)) return;
    this.#conclude(news, {
      kind: "service-account",
      subject: who.label,
      count,
      isStrong: score >= suppressServiceAccountAt,
      at: effectiveAt,
      examples: () => this.#places.members(who.key).map((one) => one.slice(one.indexOf("|") + 1)),
      signs,
    });
  }

  /** Found while it was suggested only, and acted on from now on. */
  #tellOfBegun(who: DetectedPrincipal, at: EpochMs, news: Detection[]): void {
    const finding = this.#findings.get(`service-account ${who.label}`);
    if (finding === undefined || finding.isTold || !this.isServiceAccount(who, at)) return;
    finding.isTold = true;
    news.push(this.#told(finding, at));
  }

  #signsOf(who: DetectedPrincipal, at: EpochMs): DetectionSign[] {
    const account = who.account?.();
    if (account === undefined) return [];
    const signs: DetectionSign[] = [];
    if (account.hasServiceName) signs.push("service-name");
    if (account.isPasswordForever && this.#seated.isUnseated(who.key, at))
      signs.push("password-never-expires");
    return signs;
  }

  /** Whether an address may be taken for a shared one at all: it is acted on, and nobody said that it is none. */
  mayMark(addressSpaceId: string, ip: string): boolean {
    return this.#settings.mode === "on" && !this.#exempt.has(`${addressSpaceId}|${ip}`.toLowerCase());
  }

  /** What stands behind an address by what was seen there, and is acted on; null: one person, as far as is known. */
  markOf(addressSpaceId: string, ip: string, at: EpochMs): "multi-user" | "nat" | null {
    const place = `${addressSpaceId}|${ip}`;
    for (const kind of ["nat", "multi-user"] as const) if (this.#isInForce(kind, place, at)) return kind;
    return null;
  }

  /** Whether an account names nobody any more, because it works at too many addresses. */
  isServiceAccount(who: DetectedPrincipal, at: EpochMs): boolean {
    return (
      this.#isInForce("service-account", who.label, at) &&
      !this.#isExemptByName(who) &&
      !this.#isExemptByGroup(who)
    );
  }

  /** What was concluded and still holds, newest first, at most `limit`. */
  detections(now: EpochMs, limit: number): Detection[] {
    if (this.#settings.mode === "off") return [];
    return [...this.#findings.entries()]
      .map(([, finding]) => finding)
      .filter(({ lastSeenAt }) => now - lastSeenAt <= HOLD_MS)
      .sort((a, b) => b.lastSeenAt - a.lastSeenAt)
      .slice(0, limit)
      .map((finding) => this.#told(finding, now));
  }

  #isInForce(kind: DetectionKind, subject: string, at: EpochMs): boolean {
    const { mode, suggestAccountsUntil } = this.#settings;
    if (mode !== "on" || this.#findings.size === 0) return false;
    if (kind === "service-account" && suggestAccountsUntil !== undefined && at < suggestAccountsUntil)
      return false;
    if (this.#exempt.has(subject.toLowerCase())) return false;
    const finding = this.#findings.get(`${kind} ${subject}`);
    return finding?.isStrong === true && at - finding.strongAt <= HOLD_MS;
  }

  #conclude(news: Detection[], found: Found): void {
    const { kind, subject, count, isStrong, at, signs } = found;
    const key = `${kind} ${subject}`;
    const before = this.#findings.get(key);
    const wasTold = before?.isTold === true && this.#isInForce(kind, subject, at);
    const finding: Finding = {
      kind,
      subject,
      isStrong: isStrong || (before?.isStrong ?? false),
      strongAt: isStrong ? Math.max(at, before?.strongAt ?? 0) : (before?.strongAt ?? 0),
      firstSeenAt: before?.firstSeenAt ?? at,
      lastSeenAt: Math.max(at, before?.lastSeenAt ?? 0),
      count,
      examples: before && before.count >= count ? before.examples : found.examples().slice(-MAX_EXAMPLES),
      // A host where people are connected at once stays one when its other logons are counted.
      signs: kind === "service-account" ? signs : [...new Set([...(before?.signs ?? []), ...signs])],
      isTold: wasTold,
    };
    this.#findings.set(key, finding);
    if (wasTold || !this.#isInForce(kind, subject, at)) return;
    finding.isTold = true;
    news.push(this.#told(finding, at));
  }

  #told(finding: Finding, at: EpochMs): Detection {
    const { kind, subject, firstSeenAt, lastSeenAt, count, examples, signs } = finding;
    return {
      kind,
      subject,
      acted: this.#isInForce(kind, subject, at),
      firstSeenAt,
      lastSeenAt,
      count,
      examples,
      signs,
    };
  }

  #isExemptByName(who: DetectedPrincipal): boolean {
    return this.#exempt.size > 0 && who.spellings.some((spelling) => this.#exempt.has(spelling));
  }

  #isExemptByGroup(who: DetectedPrincipal): boolean {
    if (this.#exemptGroups.size === 0) return false;
    return who.groups?.().some((group) => this.#exemptGroups.has(group)) ?? false;
  }
}

/** What was concluded just now. */
interface Found {
  readonly kind: DetectionKind;
  readonly subject: string;
  readonly count: number;
  readonly isStrong: boolean;
  readonly at: EpochMs;
  readonly examples: () => string[];
  readonly signs: readonly DetectionSign[];
}

/** More addresses of one account than twice what decides are not needed. */
function membersFor(settings: DetectionSettings): number {
  return 2 * Math.max(settings.suggestServiceAccountAt, settings.suppressServiceAccountAt);
}

function placesFor(settings: DetectionSettings): DistinctWindow {
  return new DistinctWindow({
    windowMs: HOUR_MS,
    maxSubjects: 20_000,
    maxMembers: membersFor(settings),
  });
}

function lowerCase(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}

function placeOf({ addressSpaceId, ip }: Observation): string {
  return `${addressSpaceId}|${ip}`;
}
