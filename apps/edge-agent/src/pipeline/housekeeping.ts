import type { Logger } from "@rollcall/observability";
import { StoreFault } from "../state/store-fault.ts";
import type { Clock } from "../supervisor/clock.ts";
import { keepRunning } from "../supervisor/keep-running.ts";
import type { Part } from "../supervisor/part.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { TableKeeper } from "./table-keeper.ts";

const EVERY_MS = 30_000;
const FORGET_MS = 6 * 3_600_000;

export interface HousekeepingOptions {
  readonly keeper: TableKeeper;
  readonly commits: GroupCommit;
  /** There is no cloud: what is a day old is of no more use. */
  readonly isAlone: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** Removes what the store need not keep, in small steps, so that nobody waits for it. */
export function housekeeping({ keeper, commits, isAlone, clock, random, log }: HousekeepingOptions): Part {
  let forgotAt = clock.now();

  function step(): boolean {
    try {
      return keeper.store.spool.prune(clock.now(), {
        isPressed: commits.storeState.state === "full",
        isAlone,
      });
    } catch (error) {
      // Removing needs a little room too. It is tried again with the next turn.
      if (error instanceof StoreFault) return false;
      throw error;
    }
  }

  return keepRunning({
    name: "housekeeping",
    does: "removes what need not be kept",
    clock,
    random,
    log,
    async run(signal) {
      while (!signal.aborted) {
        while (step()) await clock.sleep(1, signal);
        if (clock.now() - forgotAt >= FORGET_MS && commits.storeState.state === "ok") {
          forgotAt = clock.now();
          while (keeper.forgetUnused()) await clock.sleep(1, signal);
        }
        await clock.sleep(EVERY_MS, signal);
      }
    },
  });
}
