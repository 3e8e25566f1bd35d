import type { EpochMs } from "@rollcall/identity-core";
import { Computer } from "./computer.ts";

/** What a person is shown of a computer that forwards. */
export interface HeardComputer {
  readonly name: string;
  readonly address: string;
  readonly lastHeardAt: EpochMs;
  readonly events: number;
  readonly forged: number;
}

const MAX_COMPUTERS = 20_000;

/**
 * The computers that were heard since the start, the last heard last.
 *
 * Holds at most `MAX_COMPUTERS`; the one that was silent longest makes room, and comes again with what was kept of it.
 */
export class ComputerList {
  readonly #computers = new Map<string, Computer>();
  readonly #keptOf: (name: string) => string | null;

  constructor(keptOf: (name: string) => string | null) {
    this.#keptOf = keptOf;
  }

  get size(): number {
    return this.#computers.size;
  }

  /** The computer of that name, which is speaking now. */
  take(name: string, now: EpochMs): Computer {
    const computer = this.#computers.get(name) ?? new Computer(name, this.#keptOf(name), now);
    this.#computers.delete(name);
    this.#computers.set(name, computer);
    if (this.#computers.size > MAX_COMPUTERS)
      for (const oldest of this.#computers.keys()) {
        this.#computers.delete(oldest);
        break;
      }
    return computer;
  }

  /** How many were heard after that time. */
  heardSince(at: EpochMs): number {
    let count = 0;
    for (const { lastHeardAt } of this.#computers.values()) if (lastHeardAt >= at) count += 1;
    return count;
  }

  /** Last heard first, at most `limit`. */
  list(limit: number): readonly HeardComputer[] {
    return [...this.#computers.values()]
      .slice(-limit)
      .reverse()
      .map(({ name, stay, lastHeardAt, events, forged }) => ({
        name,
        address: stay?.ip ?? "",
        lastHeardAt,
        events,
        forged,
      }));
  }
}
