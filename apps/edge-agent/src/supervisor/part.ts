/** `off` is a choice, not a fault. */
export type PartState = "ok" | "degraded" | "broken" | "off";

export interface PartHealth {
  readonly state: PartState;
  /** What is so, for a person; says what to do where something is wrong. */
  readonly sentence: string;
  /** Epoch ms of the last change of state. */
  readonly since: number;
}

/**
 * One long-lived piece of the agent.
 *
 * Shape:  `start` returns when the part is ready and undoes what it had begun when it fails. `stop` may be called
 *         twice, and without a start.
 * Errors: `start` throws; `stop` does not.
 */
export interface Part {
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  health(): PartHealth;
}

/** Remembers since when a state holds. */
export class HealthRecord {
  readonly #now: () => number;
  #health: PartHealth;

  constructor(now: () => number, state: PartState, sentence: string) {
    this.#now = now;
    this.#health = { state, sentence, since: now() };
  }

  /** True when the state (not only the sentence) changed. */
  set(state: PartState, sentence: string): boolean {
    const isChange = state !== this.#health.state;
    this.#health = { state, sentence, since: isChange ? this.#now() : this.#health.since };
    return isChange;
  }

  get current(): PartHealth {
    return this.#health;
  }
}
