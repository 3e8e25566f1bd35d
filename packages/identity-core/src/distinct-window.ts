import type { EpochMs } from "./observation.ts";
import { RecentMap } from "./recent-map.ts";

export interface DistinctWindowOptions {
  readonly windowMs: number;
  /** Subjects beyond this are forgotten, those that were quiet longest first. */
  readonly maxSubjects: number;
  /** Members counted of one subject; more change nothing that is decided. */
  readonly maxMembers: number;
}

/** One member, which is the rule, costs no map of its own. */
type Track = { member: string; at: EpochMs } | Map<string, EpochMs>;

/**
 * Counts how many distinct members a subject had within a window of time: people at an address, addresses of an account.
 * The window ends at the newest time that was noted of the subject. Bounded in both directions; knows no clock.
 */
export class DistinctWindow {
  readonly #options: DistinctWindowOptions;
  readonly #tracks: RecentMap<string, Track>;

  constructor(options: DistinctWindowOptions) {
    this.#options = options;
    this.#tracks = new RecentMap(options.maxSubjects);
  }

  get size(): number {
    return this.#tracks.size;
  }

  /** Notes that `subject` had `member` at `at`, and gives how many distinct ones it had in the window. */
  note(subject: string, member: string, at: EpochMs): number {
    const next = this.#added(this.#tracks.get(subject), member, at);
    this.#tracks.set(subject, next);
    return next instanceof Map ? next.size : 1;
  }

  /** The distinct members in the window, newest last. */
  members(subject: string): string[] {
    const track = this.#tracks.get(subject);
    if (track === undefined) return [];
    if (!(track instanceof Map)) return [track.member];
    return [...track].sort((a, b) => a[1] - b[1]).map(([member]) => member);
  }

  /** `member` has left `subject`; null: everybody has. */
  leave(subject: string, member: string | null): void {
    const track = this.#tracks.get(subject);
    if (track === undefined) return;
    if (member === null || (!(track instanceof Map) && track.member === member)) this.#tracks.delete(subject);
    else if (track instanceof Map) track.delete(member);
  }

  #added(track: Track | undefined, member: string, at: EpochMs): Track {
    if (track === undefined) return { member, at };
    if (!(track instanceof Map)) {
      if (track.member === member) return { member, at: Math.max(track.at, at) };
      if (Math.abs(track.at - at) > this.#options.windowMs) return track.at > at ? track : { member, at };
    }
    const members = track instanceof Map ? track : new Map([[track.member, track.at]]);
    members.set(member, Math.max(at, members.get(member) ?? 0));
    let newest = 0;
    for (const seenAt of members.values()) newest = Math.max(newest, seenAt);
    for (const [one, seenAt] of members) if (newest - seenAt > this.#options.windowMs) members.delete(one);
    if (members.size > this.#options.maxMembers) {
      let oldest: [string, EpochMs] | null = null;
      for (const pair of members) if (oldest === null || pair[1] < oldest[1]) oldest = pair;
      if (oldest !== null) members.delete(oldest[0]);
    }
    return members;
  }
}
