import type { Logger } from "@rollcall/observability";
import type { Clock } from "./clock.ts";
import type { Part } from "./part.ts";

export interface SupervisorOptions {
  readonly log: Logger;
  readonly clock: Clock;
  /** Within this the parts must have stopped; what has not is named and left behind. */
  readonly stopBudgetMs: number;
}

export interface Supervisor {
  /** Starts the parts in order. When one fails, those that run are stopped again and its error is thrown. */
  start(): Promise<void>;
  /** Stops the parts in reverse order, within the budget. Gives the names of those that did not stop. */
  stop(): Promise<readonly string[]>;
}

/** Owns the agent's parts: the order of the array is the order of starting and, reversed, of stopping. */
export function createSupervisor(parts: readonly Part[], options: SupervisorOptions): Supervisor {
  const { log, clock } = options;
  const started: Part[] = [];
  const stopping = new AbortController();
  let stopped: Promise<readonly string[]> | null = null;

  async function stopAll(): Promise<readonly string[]> {
    stopping.abort();
    const budget = new AbortController();
    const waiting = new Set(started.map((part) => part.name));
    const outOfTime = clock.sleep(options.stopBudgetMs, budget.signal).then(
      () => "late" as const,
      () => "done" as const,
    );
    for (const part of started.toReversed()) {
      const ended = part.stop().then(
        () => "done" as const,
        (error: unknown) => {
          log.error({ component: part.name, err: error }, "part failed to stop");
          return "done" as const;
        },
      );
      if ((await Promise.race([ended, outOfTime])) === "late") break;
      waiting.delete(part.name);
    }
    budget.abort();
    for (const name of waiting) log.error({ component: name }, "part did not stop within the budget");
    return [...waiting];
  }

  return {
    async start() {
      for (const part of parts) {
        started.push(part);
        try {
          await part.start(stopping.signal);
        } catch (error) {
          started.pop();
          await this.stop();
          throw error;
        }
        log.info({ component: part.name }, "part started");
      }
    },
    stop() {
      stopped ??= stopAll();
      return stopped;
    },
  };
}
