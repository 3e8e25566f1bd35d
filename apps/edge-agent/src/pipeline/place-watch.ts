import {
  type DetectedPrincipal,
  type Detection,
  type DetectionSettings,
  Detector,
  type End,
  type Entry,
  type IpAddress,
  type Observation,
  type PrincipalFacts,
  type PrincipalName,
} from "@rollcall/identity-core";
import type { Mark, MarkRules } from "./address-marks.ts";
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

/** What is asked of the table while something is received. */
export interface SeenTable {
  entryOf(addressSpaceId: string, ip: IpAddress): Entry | null;
  /** Ends that are kept of an address, of people and of devices. */
  endsOf(addressSpaceId: string, ip: IpAddress): readonly End[];
  /** Addresses at which a principal is named. */
  placesOf(principalKey: string): readonly Entry[];
}

/**
 * Keeps shared hosts, translated networks and service accounts from naming the wrong person.
 *
 * Holds    the marks that the configuration gives, and what the detector found by itself.
 * Promises what it keeps back is never applied; what ends by it is an observation of its own, made from the one it follows
 *          from, so that the cloud ends it too and derives nothing again. The same observation received again, after
 *          a disk that was full, ends the same.
 * Source:  semantics 4 ("automatic") and 9; docs/adr/0015-marks-at-receipt.md.
 */
export class PlaceWatch {
  readonly #detector: Detector;
  #marks: MarkRules;
  /** Accounts whose sessions are still to be ended everywhere, and the observation from which that follows. */
  readonly #toEnd = new Map<string, Observation>();

  constructor(marks: MarkRules, detection: DetectionSettings) {
    this.#marks = marks;
    this.#detector = new Detector(detection);
  }

  setRules(marks: MarkRules, detection: DetectionSettings): void {
    this.#marks = marks;
    this.#detector.setSettings(detection);
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
    const mark = this.#markOf(observation, table);
    if (mark === null) return kept(observation);
    const isNew = news.some(({ kind }) => kind === mark.mark);
    return atMarkedPlace(observation, mark, table.entryOf(addressSpaceId, ip), isNew);
  }

  /** Whether what was kept is of an account that was found out since, within the same arrival. */
  isTooLate(observation: Observation, who: DetectedPrincipal | null): boolean {
    const isSession = observation.kind === "user" && observation.verb !== "end";
    return isSession && who !== null && this.#toEnd.has(who.key);
  }

  get hasAccountsToEnd(): boolean {
    return this.#toEnd.size > 0;
  }

  /** Ends of accounts that are now known to be service accounts, wherever they are named. */
  endsOfAccounts(table: SeenTable): Observation[] {
    return [...this.#toEnd].flatMap(([principalKey, cause]) =>
      table
        .placesOf(principalKey)
        .map((entry) => endOf("service-account", cause, { entry, principal: cause.principal })),
    );
  }

  /** What was taken is written: ends of accounts are not made again. */
  written(): void {
    this.#toEnd.clear();
  }

  /** Ends of those whom a mark of the configuration no longer lets stand there. `now`: when it came into force. */
  endsAtMarks(entries: Iterable<Entry>, now: number): Observation[] {
    const ends: Observation[] = [];
    for (const entry of entries) {
      const mark = this.#marks.markOf(entry.addressSpaceId, entry.ip);
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

  /** Whether there is more than one person behind an address, as somebody said or as it was found. */
  isShared(place: Pick<Observation, "addressSpaceId" | "ip" | "effectiveAt">, table: SeenTable): boolean {
    return this.#markOf(place, table) !== null;
  }

  #markOf(
    { addressSpaceId, ip, effectiveAt }: Pick<Observation, "addressSpaceId" | "ip" | "effectiveAt">,
    table: SeenTable,
  ): Mark | null {
    const configured = this.#marks.markOf(addressSpaceId, ip);
    if (configured !== null) return configured;
    const found =
      this.#detector.markOf(addressSpaceId, ip, effectiveAt) ??
      (this.#detector.mayMark(addressSpaceId, ip)
        ? markLeftBy(table.endsOf(addressSpaceId, ip), effectiveAt)
        : null);
    return found === null ? null : { mark: found, mode: "suppress", pseudoUser: null };
  }
}

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
  const rule = `mark:${mark.mark}`;
  if (observation.kind === "device") {
    // One machine behind an address of many is as wrong as one person.
    if (mark.mark !== "nat") return kept(observation);
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
        isNew || there?.user ? [endOf(mark.mark, observation, { entry: there, principal: null })] : [];
      return { kept: null, rule, derived, facts: null };
    }
    case "last-interactive":
      return observation.class === "A" ? kept(observation) : { kept: null, rule, derived: [], facts: null };
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
function inPlaceOf(observation: Observation, { mark, pseudoUser }: Mark): Observation {
  return {
    ...observation,
    ...derivedIdentity(`mark:${mark}`, observation.id),
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
    ...derivedIdentity(`${CONFIGURED}${mark.mark}`, of.observationId),
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
    rule: `mark:${mark.mark}`,
  };
}
