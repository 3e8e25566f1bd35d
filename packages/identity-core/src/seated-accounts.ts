import type { EpochMs } from "./observation.ts";

const DAY_MS = 86_400_000;
/** So long must an account not have been seen at a keyboard. Source: semantics 4 ("automatic"). */
const UNSEATED_DAYS = 30;
/** Nobody at all seen at a keyboard for so long: they are not heard of here, and what was counted before says nothing. */
const DEAF_DAYS = 7;
const ACCOUNTS_MAX = 5000;

/** As it is kept between two starts. Days are whole ones since 1970. */
export interface SeatedMemory {
  readonly sinceDay: number;
  readonly lastDay: number;
  readonly seen: Readonly<Record<string, number>>;
}

/**
 * Which accounts somebody sat at a keyboard with, by the day: class A, and of accounts that are asked about only.
 *
 * Promises: an account is called unseated only where logons at keyboards are heard of at all, and were for thirty days. A site that
 *           reads domain controllers alone hears of none: there nobody is.
 */
export class SeatedAccounts {
  #sinceDay = -1;
  #lastDay = -1;
  readonly #seen = new Map<string, number>();
  #hasNews = false;

  /** Somebody sat down. `isAskedAbout`: its account is one of those that are judged by it. */
  note(key: string, at: EpochMs, isAskedAbout: boolean): void {
    const day = Math.floor(at / DAY_MS);
    if (this.#sinceDay < 0 || day - this.#lastDay > DEAF_DAYS) {
      this.#sinceDay = day;
      this.#seen.clear();
      this.#hasNews = true;
    }
    if (day > this.#lastDay) {
      this.#lastDay = day;
      this.#hasNews = true;
    }
    if (!isAskedAbout || (this.#seen.get(key) ?? -1) >= day) return;
    this.#seen.delete(key);
    this.#seen.set(key, day);
    this.#hasNews = true;
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= ACCOUNTS_MAX) break;
      this.#seen.delete(oldest);
      // It was forgotten, not unseen: only from now on can be said who was not.
      this.#sinceDay = this.#lastDay;
    }
  }

  /** Whether nobody sat at a keyboard with the account for thirty days, as far as that can be known. */
  isUnseated(key: string, at: EpochMs): boolean {
    const day = Math.floor(at / DAY_MS);
    if (this.#sinceDay < 0 || day - this.#sinceDay < UNSEATED_DAYS || day - this.#lastDay > DEAF_DAYS)
      return false;
    const seen = this.#seen.get(key);
    return seen === undefined || day - seen >= UNSEATED_DAYS;
  }

  /** What is to be kept, where that changed since it was last asked for; else null. */
  takeMemory(): SeatedMemory | null {
    if (!this.#hasNews) return null;
    this.#hasNews = false;
    for (const [key, day] of this.#seen) if (this.#lastDay - day >= UNSEATED_DAYS) this.#seen.delete(key);
    return { sinceDay: this.#sinceDay, lastDay: this.#lastDay, seen: Object.fromEntries(this.#seen) };
  }

  restore({ sinceDay, lastDay, seen }: SeatedMemory): void {
    this.#sinceDay = sinceDay;
    this.#lastDay = lastDay;
    for (const [key, day] of Object.entries(seen).sort((a, b) => a[1] - b[1])) this.#seen.set(key, day);
  }
}
