import type { EpochMs } from "@rollcall/identity-core";

export type PushStateName = "ok" | "waiting" | "refused" | "broken" | "resyncing";

/** How pushing to one firewall goes, for people: no secret is in it. */
export interface PushStatus {
  readonly state: PushStateName;
  readonly sentence: string;
  readonly lastPostAt: EpochMs | null;
  readonly lastOkAt: EpochMs | null;
  readonly posts: number;
  readonly entries: number;
  readonly failures: number;
  /** Entries the firewall called malformed, newest first: left out until they change. */
  readonly refusedPosts: readonly {
    readonly at: EpochMs;
    readonly status: number;
    readonly sentence: string;
  }[];
  /** Changes of the table that were not yet considered. */
  readonly pending: number;
}

const REFUSED_KEPT = 10;

/** Keeps what there is to say of one push. Who may change it: the run it belongs to. */
export class PushRecord {
  #state: PushStateName = "waiting";
  #sentence = "Nothing was posted yet.";
  #lastPostAt: EpochMs | null = null;
  #lastOkAt: EpochMs | null = null;
  #posts = 0;
  #entries = 0;
  #failures = 0;
  #refused: PushStatus["refusedPosts"] = [];
  pending = 0;

  set(state: PushStateName, sentence: string): boolean {
    const isChange = state !== this.#state;
    this.#state = state;
    this.#sentence = sentence;
    return isChange;
  }

  posted(at: EpochMs): void {
    this.#posts += 1;
    this.#lastPostAt = at;
  }

  stored(at: EpochMs, entries: number): void {
    this.#entries += entries;
    this.#lastOkAt = at;
  }

  failed(): void {
    this.#failures += 1;
  }

  malformed(at: EpochMs, status: number, sentence: string): void {
    this.#refused = [{ at, status, sentence }, ...this.#refused].slice(0, REFUSED_KEPT);
  }

  get posts(): number {
    return this.#posts;
  }

  get state(): PushStateName {
    return this.#state;
  }

  status(warning: string | null): PushStatus {
    return {
      state: this.#state,
      sentence: warning === null ? this.#sentence : `${this.#sentence} ${warning}`,
      lastPostAt: this.#lastPostAt,
      lastOkAt: this.#lastOkAt,
      posts: this.#posts,
      entries: this.#entries,
      failures: this.#failures,
      refusedPosts: this.#refused,
      pending: this.pending,
    };
  }
}
