import { DistinctWindow } from "./distinct-window.ts";
import type { EpochMs, Observation } from "./observation.ts";
import { RecentMap } from "./recent-map.ts";

export type DetectionKind = "service-account" | "multi-user" | "nat";

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
  /** Accounts (`name` or `domain\name`) that are never taken for service accounts, and addresses (`addressSpaceId|address`) for shared ones. */
  readonly exempt: readonly string[];
}

/** Whom an observation speaks of, as far as it is known at receipt. */
export interface DetectedPrincipal {
  /** The same for every spelling that is known to mean the same. */
  readonly key: string;
  /** As a person reads it: `domain\name`. */
  readonly label: string;
  /** Every spelling, in lower case: for the exemptions. */
  readonly spellings: readonly string[];
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
}

const HOUR_MS = 3_600_000;
const QUARTER_MS = 15 * 60_000;
/** So long does a finding hold after it was last seen. */
const HOLD_MS = 24 * HOUR_MS;
const MAX_FINDINGS = 2000;
const MAX_EXAMPLES = 5;

/**
 * Finds service accounts, shared hosts and translated networks by what accounts and addresses do.
 *
 * Holds:    who was where in the last hour and quarter of an hour, bounded; and what it concluded, for a day.
 * Changed:  by `note` alone, with what the filters kept.
 * Promises: whoever was said to have left an address is not counted there: a pool that is handed on is no shared host.
 * Does not: act, read a clock, or know a table. What it finds depends on what this agent saw in which order: that is
 *           why acting on it is told as an observation (see docs/adr/0015).
 */
export class Detector {
  #settings: DetectionSettings;
  #exempt: ReadonlySet<string>;
  #places: DistinctWindow;
  readonly #people: DistinctWindow;
  readonly #devices: DistinctWindow;
  readonly #findings = new RecentMap<string, Finding>(MAX_FINDINGS);

  constructor(settings: DetectionSettings) {
    this.#settings = settings;
    this.#exempt = exemptOf(settings);
    this.#places = placesFor(settings);
    this.#people = new DistinctWindow({ windowMs: QUARTER_MS, maxSubjects: 40_000, maxMembers: 100 });
    this.#devices = new DistinctWindow({ windowMs: QUARTER_MS, maxSubjects: 40_000, maxMembers: 100 });
  }

  setSettings(settings: DetectionSettings): void {
    if (membersFor(settings) !== membersFor(this.#settings)) this.#places = placesFor(settings);
    this.#settings = settings;
    this.#exempt = exemptOf(settings);
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
      return [];
    }
    // What a source says of an address that it does not speak for (class D) must not take anybody's name away.
    if (who === null || observation.class === "D") return [];
    const news: Detection[] = [];
    if (observation.class !== "C") {
      const count = there.note(place, who.label, effectiveAt);
      const threshold = kind === "user" ? this.#settings.multiUserAt : this.#settings.natAt;
      if (count >= threshold && !this.#exempt.has(place.toLowerCase()))
        this.#conclude(kind === "user" ? "multi-user" : "nat", place, count, true, effectiveAt, news, () =>
          there.members(place),
        );
    }
    if (kind === "user" && verb === "start" && !this.#isExempt(who)) {
      const count = this.#places.note(who.key, place, effectiveAt);
      if (count >= Math.min(this.#settings.suggestServiceAccountAt, this.#settings.suppressServiceAccountAt))
        this.#conclude(
          "service-account",
          who.label,
          count,
          count >= this.#settings.suppressServiceAccountAt,
          effectiveAt,
          news,
          () => this.#places.members(who.key).map((one) => one.slice(one.indexOf("|") + 1)),
        );
    }
    return news;
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
    return this.#isInForce("service-account", who.label, at) && !this.#isExempt(who);
  }

  /** What was concluded and still holds, newest first, at most `limit`. */
  detections(now: EpochMs, limit: number): Detection[] {
    if (this.#settings.mode === "off") return [];
    return [...this.#findings.entries()]
      .map(([, finding]) => finding)
      .filter(({ lastSeenAt }) => now - lastSeenAt <= HOLD_MS)
      .sort((a, b) => b.lastSeenAt - a.lastSeenAt)
      .slice(0, limit)
      .map((finding) => this.#told(finding));
  }

  #isInForce(kind: DetectionKind, subject: string, at: EpochMs): boolean {
    if (this.#settings.mode !== "on" || this.#findings.size === 0) return false;
    if (this.#exempt.has(subject.toLowerCase())) return false;
    const finding = this.#findings.get(`${kind} ${subject}`);
    return finding?.isStrong === true && at - finding.strongAt <= HOLD_MS;
  }

  #conclude(
    kind: DetectionKind,
    subject: string,
    count: number,
    isStrong: boolean,
    at: EpochMs,
    news: Detection[],
    examples: () => string[],
  ): void {
    const key = `${kind} ${subject}`;
    const before = this.#findings.get(key);
    const wasInForce = this.#isInForce(kind, subject, at);
    const finding: Finding = {
      kind,
      subject,
      isStrong: isStrong || (before?.isStrong ?? false),
      strongAt: isStrong ? Math.max(at, before?.strongAt ?? 0) : (before?.strongAt ?? 0),
      firstSeenAt: before?.firstSeenAt ?? at,
      lastSeenAt: Math.max(at, before?.lastSeenAt ?? 0),
      count,
      examples: before && before.count >= count ? before.examples : examples().slice(-MAX_EXAMPLES),
    };
    this.#findings.set(key, finding);
    if (!wasInForce && this.#isInForce(kind, subject, at)) news.push(this.#told(finding));
  }

  #told(finding: Finding): Detection {
    const { kind, subject, firstSeenAt, lastSeenAt, count, examples } = finding;
    return {
      kind,
      subject,
      acted: this.#isInForce(kind, subject, lastSeenAt),
      firstSeenAt,
      lastSeenAt,
      count,
      examples,
    };
  }

  #isExempt(who: DetectedPrincipal): boolean {
    return this.#exempt.size > 0 && who.spellings.some((spelling) => this.#exempt.has(spelling));
  }
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

function exemptOf({ exempt }: DetectionSettings): ReadonlySet<string> {
  return new Set(exempt.map((name) => name.toLowerCase()));
}

function placeOf({ addressSpaceId, ip }: Observation): string {
  return `${addressSpaceId}|${ip}`;
}
