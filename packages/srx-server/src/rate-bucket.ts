import type { EpochMs } from "@rollcall/identity-core";

export interface RateBucketOptions {
  /** How many may come at once. */
  readonly burst: number;
  readonly perSecond: number;
  /** Names remembered; the one longest not seen goes first, and would begin with a full bucket. */
  readonly namesMax: number;
}

interface Level {
  left: number;
  at: EpochMs;
}

/** How often something may happen under one name: a burst, then a rate. Time that runs backwards fills nothing. */
export class RateBucket {
  readonly #options: RateBucketOptions;
  readonly #levels = new Map<string, Level>();

  constructor(options: RateBucketOptions) {
    this.#options = options;
  }

  /** Takes one. Gives the milliseconds until its turn; what is taken in advance keeps the next ones waiting longer. */
  take(name: string, now: EpochMs): number {
    const level = this.#levelOf(name, now);
    level.left -= 1;
    return level.left >= 0 ? 0 : Math.ceil((-level.left * 1000) / this.#options.perSecond);
  }

  /** Gives one back. */
  giveBack(name: string, now: EpochMs): void {
    const level = this.#levelOf(name, now);
    level.left = Math.min(this.#options.burst, level.left + 1);
  }

  #levelOf(name: string, now: EpochMs): Level {
    const { burst, perSecond, namesMax } = this.#options;
    const level = this.#levels.get(name) ?? { left: burst, at: now };
    level.left = Math.min(burst, level.left + (Math.max(0, now - level.at) / 1000) * perSecond);
    level.at = now;
    this.#levels.delete(name);
    this.#levels.set(name, level);
    for (const oldest of this.#levels.keys()) {
      if (this.#levels.size <= namesMax) break;
      this.#levels.delete(oldest);
    }
    return level;
  }
}
