import {
  type DetectedPrincipal,
  type Detection,
  type DetectionSettings,
  Detector,
  type End,
  type Entry,
  type IpAddress,
  letsStand,
  type Mark,
  type MarkRules,
  type Observation,
  type PrincipalFacts,
  type PrincipalName,
  type SeatedMemory,
} from "@rollcall/identity-core";
import { derivedIdentity } from "./derived-identity.ts";

/** What becomes of one observation at receipt. */
export interface Watched {
  /** Null: kept back. */
  readonly kept: Observation | null;
  /** By which mark it was kept back. */
  readonly rule: string | null;
  /** What follows from it: sessions that end. */
  readonly derived: readonly Observation[];
  /** Who is named in place of somebody else. */
  readonly facts: PrincipalFacts | null;
}

/** An address at a time. */
type SeenPlace = Pick<Observation, "addressSpaceId" | "ip" | "effectiveAt">;

/** What is asked of the table while something is received. */
export interface SeenTable {
  entryOf(addressSpaceId: string, ip: IpAddress): Entry | null;
  /** Ends that are kept of an address, of people and of devices. */
  endsOf(addressSpaceId: string, ip: IpAddress): readonly End[];
  /** Addresses at which a principal is named. */
  placesOf(principalKey: string): readonly Entry[];
  /** By which rule for computers a device is a shared host; null: by none, or no directory knows it. */
  hostMarkIdOf(principalKey: string): string | null;
}

/**
 * Keeps shared hosts, translated networks and service accounts from naming the wrong person.
 *
 * Holds    the marks that the configuration gives, and what the detector found by itself.
 * Promises what it keeps back is never applied; what ends by it is an observation of its own, made from the one it follows
 *          from, so that the cloud ends it too and derives nothing again. The same observation received again, after
 *          a disk that was full, ends the same.
 *          A computer that a rule marks takes its mark along: whoever is named at an address to which it comes leaves, and
 *          the next computer there is not marked.
 * Source:  semantics 4 ("automatic") and 9; docs/adr/0015-marks-at-receipt.md.
 */
export class PlaceWatch {
  readonly #detector: Detector;
  #marks: MarkRules;
  /** Accounts whose sessions are still to be ended everywhere, and the observation from which that follows. */
  readonly #toEnd = new Map<string, Observation>();
  /** By which rule the computers are shared hosts that this arrival puts at addresses: the table does not know them yet. */
  readonly #arriving = new Map<string, string | null>();

  constructor(marks: MarkRules, detection: DetectionSettings) {
    this.#marks = marks;
    this.#detector = new Detector(detection);
  }

  setRules(marks: MarkRules, detection: DetectionSettings): void {
    this.#marks = marks;
    this.#detector.setSettings(detection);
  }

  takeMemory(): SeatedMemory | null {
    return this.#detector.takeMemory();
  }

  restore(memory: SeatedMemory): void {
    this.#detector.restore(memory);
  }

  detections(now: number, limit: number): Detection[] {
    return this.#detector.detections(now, limit);
  }

  /** Takes one observation of this site that the filters kept. */
  take(observation: Observation, who: DetectedPrincipal | null, table: SeenTable): Watched {
    const news = this.#detector.note(observation, who);
    if (observation.verb === "end" || who === null) return kept(observation);
    const { addressSpaceId, ip, effectiveAt } = observation;
    if (observation.kind === "user" && this.#detector.isServiceAccount(who, effectiveAt)) {
      if (news.some(({ kind }) => kind === "service-account")) this.#toEnd.set(who.key, observation);
      const there = table.entryOf(addressSpaceId, ip);
      const derived =
        there?.user?.principalKey === who.key
          ? [endOf("service-account", observation, { entry: there, principal: observation.principal })]
          : [];
      return { kept: null, rule: "mark:service-account", derived, facts: null };
    }
    const ofHost = this.#marks.hasHostMarks ? this.#arrives(observation, who, table) : [];
    const mark = this.#markOf(observation, table);
    if (mark === null) return kept(observation);
    if (observation.kind === "device" && mark.mark !== "nat")
      return { kept: observation, rule: null, derived: ofHost, facts: null };
    const isNew = news.some(({ kind }) => kind === mark.mark);
    return atMarkedPlace(observation, mark, table.entryOf(addressSpaceId, ip), isNew);
  }

  /** Whether what was kept is of an account that was found out since, within the same arrival. */
  tooLate(observation: Observation, who: DetectedPrincipal | null): string | null {
    if (observation.kind !== "user" || observation.verb === "end" || who === null) return null;
    if (this.#toEnd.has(who.key)) return "mark:service-account";
    const hostMarkId = this.#arriving.get(placeOf(observation)) ?? null;
    const mark = hostMarkId === null ? null : this.#marks.hostMark(hostMarkId);
    if (mark === null || letsStand(mark, observation) || who.key === mark.pseudoUser?.key) return null;
    return mark.rule;
  }

  /** Whether something was found that speaks of what was taken before it, within the same arrival. */
  get looksBack(): boolean {
    return this.#toEnd.size > 0 || this.#arriving.size > 0;
  }

  /** Ends of accounts that are now known to be service accounts, wherever they are named. */
  endsOfAccounts(table: SeenTable): Observation[] {
    return [...this.#toEnd].flatMap(([principalKey, cause]) =>
      table
        .placesOf(principalKey)
        .map((entry) => endOf("service-account", cause, { entry, principal: cause.principal })),
    );
  }

  /** An arrival is taken: of one before it, that could not be written, nothing is known any more. */
  begins(): void {
    this.#arriving.clear();
  }

  /** What was taken is written: ends of accounts are not made again. */
  written(): void {
    this.#toEnd.clear();
  }

  /** Ends of those whom a mark of the configuration no longer lets stand there. `now`: when it came into force. */
  endsAtMarks(entries: Iterable<Entry>, hostMarkIdOf: SeenTable["hostMarkIdOf"], now: number): Observation[] {
    const ends: Observation[] = [];
    for (const entry of entries) {
      const hostMarkId =
        entry.device === null || !this.#marks.hasHostMarks ? null : hostMarkIdOf(entry.device.principalKey);
      const mark = this.#marks.markOf(entry.addressSpaceId, entry.ip, hostMarkId);
      if (mark === null) continue;
      const { user, device } = entry;
      if (user !== null && !mayStay(user, mark)) ends.push(endAtMark(entry, mark, "user", user, now));
      if (device?.sourceId !== undefined && mark.mark === "nat")
        ends.push(
          endAtMark(
            entry,
            mark,
            "device",
            { sourceId: device.sourceId, observationId: `${device.principalKey}|${device.since}` },
            now,
          ),
        );
    }
    return ends;
  }

  /** Notes which computer comes to an address; gives the end of whoever is named there, where it is a shared host. */
  #arrives(observation: Observation, who: DetectedPrincipal, table: SeenTable): readonly Observation[] {
    if (observation.kind !== "device") return [];
    const there = table.entryOf(observation.addressSpaceId, observation.ip);
    if (!takesPlace(observation, there?.device ?? null, who.key)) return [];
    const hostMarkId = table.hostMarkIdOf(who.key);
    const place = placeOf(observation);
    if (there?.device?.principalKey !== who.key || this.#arriving.has(place))
      this.#arriving.set(place, hostMarkId);
    const mark = hostMarkId === null ? null : this.#marks.hostMark(hostMarkId);
    if (mark === null || !there?.user || mayStay(there.user, mark)) return [];
    return [endAtMark(there, mark, "user", there.user, observation.receivedAt)];
  }

  /** Whether there is more than one person behind an address, as somebody said or as it was found. */
  isShared(place: SeenPlace, table: SeenTable): boolean {
    return this.#markOf(place, table) !== null;
  }

  #markOf(place: SeenPlace, table: SeenTable): Mark | null {
    const { addressSpaceId, ip, effectiveAt } = place;
    const configured = this.#marks.markOf(addressSpaceId, ip, this.#hostMarkIdAt(place, table));
    if (configured !== null) return configured;
    const found =
      this.#detector.markOf(addressSpaceId, ip, effectiveAt) ??
      (this.#detector.mayMark(addressSpaceId, ip)
        ? markLeftBy(table.endsOf(addressSpaceId, ip), effectiveAt)
        : null);
    return found === null ? null : { mark: found, rule: `mark:${found}`, mode: "suppress", pseudoUser: null };
  }

  /** By which rule the computer is a shared host that is at the address of an observation, or comes there with it. */
  #hostMarkIdAt(place: SeenPlace, table: SeenTable): string | null {
    if (!this.#marks.hasHostMarks) return null;
    const arriving = this.#arriving.get(placeOf(place));
    if (arriving !== undefined) return arriving;
    const device = table.entryOf(place.addressSpaceId, place.ip)?.device ?? null;
    return device === null ? null : table.hostMarkIdOf(device.principalKey);
  }
}

/**
 * Whether a computer is at an address by what is said of it. What a source says of addresses that it does not speak for
 * (class D) takes nobody's name away, a use of a ticket (C) pushes no other computer aside, and neither does what is late.
 */
function takesPlace(
  { class: strength, effectiveAt }: Observation,
  device: Entry["device"],
  key: string,
): boolean {
  if (strength === "D") return false;
  if (device === null || device.principalKey === key) return true;
  return strength !== "C" && effectiveAt >= device.since;
}

function placeOf({ addressSpaceId, ip }: Pick<Observation, "addressSpaceId" | "ip">): string {
  return `${addressSpaceId}|${ip}`;
}

const PREFIX = "mark:";
/** How the identity of an end begins that follows from a mark of the configuration, and not from what was found. */
const CONFIGURED = "mark:configured:";

/** A firewall's reports are judged by its own right to report; what ends them must be known as its own. */
function familyOf(named: { readonly rule: string } | null | undefined): Observation["family"] {
  return named?.rule.startsWith("srx-push:") ? "srx-push" : "cloud";
}

/** A finding outlives a restart, and is known to other agents, by the ends that were made of it. */
const LEFT_MS = 24 * 3_600_000;

function markLeftBy(ends: readonly End[], at: number): Mark["mark"] | null {
  const since = at - LEFT_MS;
  const left = ends
    .filter((end) => !end.id.startsWith(CONFIGURED) && end.at >= since)
    .map(({ rule }) => rule);
  if (left.includes("mark:nat")) return "nat";
  return left.includes("mark:multi-user") ? "multi-user" : null;
}

function kept(observation: Observation): Watched {
  return { kept: observation, rule: null, derived: [], facts: null };
}

function atMarkedPlace(observation: Observation, mark: Mark, there: Entry | null, isNew: boolean): Watched {
  const { rule } = mark;
  if (observation.kind === "device") {
    // One machine behind an address of many is as wrong as one person.
    const derived: Observation[] = [];
    if (isNew || there?.device) derived.push(endOf("nat", observation, { entry: there, principal: null }));
    // Whoever was named there is one of many as well.
    if (isNew)
      derived.push(endOf("nat", { ...observation, kind: "user" }, { entry: there, principal: null }));
    return { kept: null, rule, derived, facts: null };
  }
  switch (mark.mode) {
    case "suppress": {
      const derived =
        isNew || there?.user
          ? [endOf(rule.slice(PREFIX.length), observation, { entry: there, principal: null })]
          : [];
      return { kept: null, rule, derived, facts: null };
    }
    case "last-interactive":
      return letsStand(mark, observation)
        ? kept(observation)
        : { kept: null, rule, derived: [], facts: null };
    case "pseudo-user":
      return { kept: inPlaceOf(observation, mark), rule: null, derived: [], facts: mark.pseudoUser };
  }
}

function mayStay(user: { principalKey: string; class: string }, mark: Mark): boolean {
  switch (mark.mode) {
    case "suppress":
      return false;
    case "last-interactive":
      return user.class === "A";
    case "pseudo-user":
      return user.principalKey === mark.pseudoUser?.key;
  }
}

/** The observation with the fixed user in place of whom it named: another observation, with an identity of its own. */
function inPlaceOf(observation: Observation, { rule, pseudoUser }: Mark): Observation {
  return {
    ...observation,
    ...derivedIdentity(rule, observation.id),
    principal: pseudoUser === null ? null : { domain: pseudoUser.domain, name: pseudoUser.name },
    rule: "mark:pseudo-user",
  };
}

/**
 * Ends whoever is named there, or `principal` alone, as of when that was found: what was received before it, in
 * whatever order it happened, does not stand.
 */
function endOf(
  rule: string,
  cause: Observation,
  { entry, principal }: { entry: Entry | null; principal: PrincipalName | null },
): Observation {
  const lastSeenAt = (cause.kind === "user" ? entry?.user?.lastSeenAt : null) ?? 0;
  const place = entry === null ? cause : entry;
  const isElsewhere = place.ip !== cause.ip || place.addressSpaceId !== cause.addressSpaceId;
  const follows = isElsewhere ? `${cause.id}|${place.addressSpaceId}|${place.ip}` : cause.id;
  return {
    ...derivedIdentity(`mark:${rule}:${cause.kind}`, follows),
    // Another address may have been named by another source; only that one may speak of it.
    sourceId: isElsewhere ? (entry?.user?.sourceId ?? cause.sourceId) : cause.sourceId,
    family: isElsewhere ? familyOf(entry?.user) : cause.family,
    addressSpaceId: place.addressSpaceId,
    ip: place.ip,
    kind: cause.kind,
    verb: "end",
    class: "A",
    effectiveAt: Math.max(cause.receivedAt, lastSeenAt),
    receivedAt: Math.max(cause.receivedAt, lastSeenAt),
    lifetimeMs: cause.lifetimeMs,
    principal,
    correlator: null,
    endScope: { principal: principal === null ? "any" : "named", family: "any" },
    rule: `mark:${rule}`,
  };
}

function endAtMark(
  entry: Entry,
  mark: Mark,
  kind: "user" | "device",
  of: { readonly sourceId: string; readonly observationId: string },
  now: number,
): Observation {
  const at = Math.max(now, entry.user?.lastSeenAt ?? 0);
  return {
    ...derivedIdentity(`${CONFIGURED}${mark.rule.slice(PREFIX.length)}`, of.observationId),
    sourceId: of.sourceId,
    family: kind === "user" ? familyOf(entry.user) : "cloud",
    addressSpaceId: entry.addressSpaceId,
    ip: entry.ip,
    kind,
    verb: "end",
    class: "A",
    effectiveAt: at,
    receivedAt: at,
    lifetimeMs: 60_000,
    principal: null,
    correlator: null,
    endScope: { principal: "any", family: "any" },
    rule: mark.rule,
  };
}
