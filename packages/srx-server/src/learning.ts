import type { Entry, EpochMs } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import {
  type BatchRequest,
  beginLearning,
  builtInProfiles,
  type LearnEvent,
  type LearnState,
  learnedProfile,
  learnSentence,
  learnStep,
  type SrxProfile,
  triedProfiles,
} from "@rollcall/srx-protocol";
import type { ServedPoint } from "./served-point.ts";

/** Which profile learning has come to with one firewall: the value of that name in the agent's health report. */
export interface LearnReport {
  readonly tenantId: string;
  readonly enforcementPointId: string;
  readonly profile: string;
  readonly state: LearnState["phase"];
  readonly since: EpochMs;
  readonly tried: readonly string[];
  readonly sentence: string;
}

interface Lesson {
  readonly tenantId: string;
  readonly pointId: string;
  /** Ids of the profiles it was begun with: another list, another lesson. */
  readonly course: string;
  readonly profiles: ReadonlyMap<string, SrxProfile>;
  until: EpochMs;
  state: LearnState;
}

/** More enforcement points than an agent may have, and few enough for a process that serves many customers. */
const LESSONS_MAX = 5000;
/** An entry told so long ago has reached the firewall's table, if it could be read. */
const TOLD_MS_MIN = 30_000;

/**
 * Finds out which profile a firewall understands, by trying them.
 *
 * Holds    one lesson for each enforcement point that is being learnt, in memory: a restart begins anew.
 * Changed  by the signs that `srx-protocol` knows, and only while the point's `learnUntil` lies ahead.
 * Promises the same point object for the same profile: what is kept by the point's identity stays right.
 */
export class Learning {
  readonly #lessons = new Map<string, Lesson>();
  readonly #served = new WeakMap<ServedPoint, Map<SrxProfile, ServedPoint>>();
  /** The point as it is set, of a point as it is served. */
  readonly #origins = new WeakMap<ServedPoint, ServedPoint>();
  readonly #now: () => EpochMs;
  readonly #log: Logger;

  constructor(now: () => EpochMs, log: Logger) {
    this.#now = now;
    this.#log = log;
  }

  /** The point as it is answered now: with the profile that is being tried, and within what its profile can hold. */
  servedAs(asked: ServedPoint): ServedPoint {
    const point = this.#origins.get(asked) ?? asked;
    const lesson = this.#lessonOf(point);
    const profile = lesson?.profiles.get(learnedProfile(lesson.state)) ?? point.profile;
    const hasRoom = profile.limits.ipv6 || !point.filter.ipv6;
    if (profile === point.profile && hasRoom) return point;
    const made = this.#served.get(point) ?? new Map<SrxProfile, ServedPoint>();
    this.#served.set(point, made);
    let served = made.get(profile);
    if (served === undefined) {
      served = { ...point, profile, filter: hasRoom ? point.filter : { ...point.filter, ipv6: false } };
      made.set(profile, served);
      this.#origins.set(served, point);
    }
    return served;
  }

  /** A batch is asked for. True: another profile is tried from this answer on, and the firewall must be told everything. */
  batchAsked(point: ServedPoint, { asked }: BatchRequest): boolean {
    return this.#hear(point, { kind: "batch", at: this.#now(), ...asked });
  }

  batchAnswered(point: ServedPoint, entries: readonly Entry[]): void {
    let newest: EpochMs | null = null;
    for (const { changedAt } of entries) newest = Math.max(newest ?? 0, changedAt);
    this.#hear(point, { kind: "answered", newest });
  }

  /** An address is asked for. `toldRevision`: how far this reader's batches have come. */
  ipAsked(point: ServedPoint, entry: Entry | null, toldRevision: number): void {
    const at = this.#now();
    const wasTold = entry !== null && entry.revision <= toldRevision && at - entry.changedAt >= TOLD_MS_MIN;
    if (wasTold) this.#hear(point, { kind: "ip", at, wasTold });
  }

  /** Of one customer, or of all. */
  reports(tenantId?: string): readonly LearnReport[] {
    const now = this.#now();
    // A firewall that asks no more ends its lesson by nothing else.
    for (const [key, { until }] of this.#lessons) if (until <= now) this.#lessons.delete(key);
    return [...this.#lessons.values()]
      .filter((lesson) => tenantId === undefined || lesson.tenantId === tenantId)
      .map(({ tenantId, pointId, state }) => ({
        tenantId,
        enforcementPointId: pointId,
        profile: learnedProfile(state),
        state: state.phase,
        since: state.since,
        tried: triedProfiles(state),
        sentence: learnSentence(state),
      }));
  }

  forget(tenantId: string, pointId: string): void {
    this.#lessons.delete(keyOf(tenantId, pointId));
  }

  #lessonOf(point: ServedPoint): Lesson | null {
    const { tenantId, id: pointId, learnUntil } = point;
    const isOn = learnUntil !== null && learnUntil > this.#now();
    if (!isOn) {
      if (this.#lessons.size > 0) this.#lessons.delete(keyOf(tenantId, pointId));
      return null;
    }
    const key = keyOf(tenantId, pointId);
    const known = this.#lessons.get(key);
    const set = this.#origins.get(point) ?? point;
    const profiles = new Map<string, SrxProfile>();
    for (const profile of [set.profile, ...builtInProfiles, ...(set.otherProfiles ?? [])])
      if (!profiles.has(profile.key)) profiles.set(profile.key, profile);
    const course = [...profiles.values()].map(({ id }) => id).join(" ");
    if (known?.course === course) {
      known.until = learnUntil;
      return known;
    }
    if (known === undefined && this.#lessons.size >= LESSONS_MAX) return null;
    const state = beginLearning(set.profile.key, [...profiles.keys()], this.#now());
    const lesson: Lesson = { tenantId, pointId, course, profiles, until: learnUntil, state };
    this.#lessons.set(key, lesson);
    return lesson;
  }

  #hear(point: ServedPoint, event: LearnEvent): boolean {
    if (point.learnUntil === null) return false;
    const lesson = this.#lessonOf(point);
    if (lesson === null) return false;
    const before = lesson.state;
    lesson.state = learnStep(before, event);
    const hasSwitched = learnedProfile(before) !== learnedProfile(lesson.state);
    if (before.phase === lesson.state.phase && !hasSwitched) return false;
    const { id: enforcementPointId, tenantId } = point;
    const say = { enforcementPointId, tenantId, reason: learnSentence(lesson.state) };
    if (lesson.state.phase === "exhausted") this.#log.error(say, "no profile is understood by a firewall");
    else this.#log.info(say, "a firewall's profile is being learnt");
    return hasSwitched;
  }
}

function keyOf(tenantId: string, pointId: string): string {
  return `${tenantId}\u0000${pointId}`;
}
